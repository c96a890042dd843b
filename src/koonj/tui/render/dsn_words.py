"""What a connection string says beside the server, the database and the user, which stand next to it."""

from __future__ import annotations

import re

_SETTING = re.compile(r"(?P<keyword>\w+)\s*=\s*(?P<value>'(?:[^'\\]|\\.)*'|\S*)")
"""A setting of a connection string as libpq writes it."""
_KNOWN = frozenset({"host", "port", "dbname", "user"})


def more_of_dsn(dsn: str) -> str:
    """Return the other settings of a connection string: ``service=prod sslmode=require``; can be empty.

    With several servers, their names stay: only one of them is the connected one.
    """
    found = [(one["keyword"], one[0], "," in one["value"]) for one in _SETTING.finditer(dsn)]
    return " ".join(text for keyword, text, several in found if keyword not in _KNOWN or several)
