"""Say why libpq does not read a connection string, without showing a password in it."""

import re

from koonj.config.dsn import names_secret


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
