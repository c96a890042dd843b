"""Say what is in a connection string, and why libpq does not read it, without showing a password."""

import re
from typing import Any

from koonj.config.dsn import SECRET_KEYWORDS, holds_secret, names_secret
from koonj.config.settings import EMBEDDED, Target


def not_valid(dsn: str, error: Exception) -> tuple[str, str]:
    """Return the end of a sentence about `dsn`, and a hint, for libpq's `error`.

    libpq's message is not shown: it can contain a part of a password. The name of a parameter is shown,
    unless it can be a part of a password with a question mark, an & or a space.
    """
    found = _FOREIGN.search(str(error))
    can_be_secret = "@" in dsn.partition("?")[2] or names_secret(dsn)
    if found is None or (can_be_secret and found[1].lower() not in _INSTEAD):
        return (
            "is not a valid connection string",
            "Use postgresql://user@host/database or host=… dbname=… user=….",
        )
    hint = _INSTEAD.get(found[1].lower(), "Delete it: it is meant for another client.")
    return f"has the parameter {found[1]}, which libpq does not know", hint


def other_settings(dsn: str) -> str:
    """Return what a connection string says beside host, port, database and user: ``service=prod``.

    With several servers, their names stay: only one of them is the connected one. Empty for what is no
    connection string, as for the embedded server.
    """
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 - the screen needs it only after a target responded

    settings = _settings(dsn) or {}
    return make_conninfo("", **{k: v for k, v in settings.items() if k not in _PLACE or "," in str(v)})


def safe_dsn(target: Target) -> str:
    """Return the target's connection string without its secrets, for display."""
    if target.dsn == EMBEDDED:
        return EMBEDDED
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 - as above

    parts = _settings(target.dsn)
    if parts is None:
        return "(not a valid connection string)"
    shown = {k: "…" if holds_secret(str(v)) else v for k, v in parts.items() if k not in SECRET_KEYWORDS}
    return make_conninfo("", **shown)


def named_database(target: Target) -> str:
    """Return the database that the target's dsn names, without connecting; else ''."""
    if target.dsn == EMBEDDED:
        return target.database
    return str((_settings(target.dsn) or {}).get("dbname") or "")


def _settings(dsn: str) -> dict[str, Any] | None:
    """Return the keywords of a connection string; None if libpq does not read it."""
    from psycopg import ProgrammingError  # noqa: PLC0415 - the screen needs it only after a target responded
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - as above

    try:
        return conninfo_to_dict(dsn)
    except ProgrammingError:
        return None


_PLACE = frozenset({"host", "port", "dbname", "user"})
_FOREIGN = re.compile(r'invalid (?:URI query parameter|connection option):? "([A-Za-z][A-Za-z0-9_.-]{0,40})"')
_SEARCH_PATH = "To set the search path, write options=-csearch_path%3DNAME instead."
_INSTEAD = {
    "schema": _SEARCH_PATH,
    "currentschema": _SEARCH_PATH,
    "search_path": _SEARCH_PATH,
    "ssl": "Write sslmode=require or sslmode=verify-full instead.",
    "sslaccept": "Write sslmode=require or sslmode=verify-full instead.",
    "timeout": "Write connect_timeout=SECONDS instead.",
    "username": "Write user=NAME instead.",
    "database": "Write dbname=NAME instead.",
}
"""What libpq has for parameters of Prisma, JDBC and other clients."""
