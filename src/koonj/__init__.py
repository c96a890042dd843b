"""Plain-SQL migrations for PostgreSQL, in a terminal UI and a command."""

__version__ = "0.1.0"
