"""koonj: PostgreSQL migrations that are plain SQL files, in a terminal."""

__version__ = "0.1.0"
