"""Migration files, their entries in the history, and their states. No database."""
