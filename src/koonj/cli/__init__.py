"""The headless command."""
