"""Additions to Textual and to the terminal. Nothing here depends on migrations."""
