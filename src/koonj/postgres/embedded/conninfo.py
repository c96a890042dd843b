"""Connection strings for the embedded server that the user's PG* variables cannot lead elsewhere."""

from pathlib import Path

from .process import PORT


def conninfo(sockets: Path, user: str, database: str) -> str:
    """A libpq connection string for the server whose socket is in `sockets`."""
    return f"host={_quoted(str(sockets))} hostaddr='' port={PORT} user={_quoted(user)} dbname={_quoted(database)}"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
