"""Safety rules: what a migration does that is slow, blocks others, or breaks them; no database."""
