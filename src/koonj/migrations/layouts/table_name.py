"""The name of a history table, as a tool's configuration has it."""

from __future__ import annotations

import re

_PART = r'"(?:[^"]|"")+"|[A-Za-z_\u0080-\U0010ffff][\w$]*'
_NAME = re.compile(rf"(?:({_PART})\.)?({_PART})")


def table_name(written: str) -> tuple[str | None, str] | None:
    """Return (schema or None, name) of a name that a tool writes into its SQL without quotes around it.

    None if it is no name. Names without quotes become lower case.

    Source: PostgreSQL documentation, Identifiers and Key Words.
    """
    found = _NAME.fullmatch(written.strip())
    if found is None:
        return None
    return (_folded(found[1]) if found[1] else None), _folded(found[2])


def _folded(part: str) -> str:
    if part.startswith('"'):
        return part[1:-1].replace('""', '"')
    return "".join(letter.lower() if letter.isascii() else letter for letter in part)
