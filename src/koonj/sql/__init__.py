"""Handle SQL text: lexer, statements, sections, fingerprints.

Uses no file or database.
"""
