"""SQL text: the lexer, statements, sections and fingerprints. No file, no database."""
