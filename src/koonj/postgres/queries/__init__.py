"""The SQL texts that koonj sends, one file each.

Other SQL is composed with psycopg.sql next to its use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pkgutil import get_data
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import AsyncConnection


_INCLUDE = re.compile(r"^-- include (\S+)\n", re.MULTILINE)
_VERSIONS = re.compile(r"^(.*?)\s*--: (?:(?P<least>\d+)(?:\+|-(?P<most>\d+))|<(?P<below>\d+))$")


@cache
def query(name: str) -> str:
    """Return the text of ``queries/NAME.sql``.

    A line ``-- include NAME`` stands for the text of another file: what several queries share.
    """
    text = get_data(__package__, f"{name}.sql")
    assert text is not None
    return _INCLUDE.sub(lambda found: query(found[1]), text.decode())


@cache
def query_for(name: str, major: int) -> str:
    """Return the text of ``queries/NAME.sql`` for a server of that major version.

    A line that ends in ``--: 15+``, ``--: 15-16`` or ``--: <18`` is only for those versions.
    """
    lines = (_for_major(line, major) for line in query(name).splitlines())
    return "\n".join(line for line in lines if line is not None)


def _for_major(line: str, major: int) -> str | None:
    mark = _VERSIONS.match(line)
    if mark is None:
        return line
    least, below = int(mark["least"] or 0), int(mark["below"] or 0)
    most = int(mark["most"]) if mark["most"] else below - 1 if below else major
    return mark[1] if least <= major <= most else None


def filled(conn: AsyncConnection, name: str, values: Sequence[Any] | Mapping[str, Any]) -> str:
    """Return the text of ``queries/NAME.sql`` with `values` in it, for a message of several statements."""
    from psycopg import AsyncClientCursor  # noqa: PLC0415 - brings psycopg, and texts alone are cheap

    return AsyncClientCursor(conn).mogrify(query(name), values)


@cache
def numbered(name: str) -> tuple[bytes, tuple[str, ...]]:
    """Return a query with ``$1`` for each distinct ``%(value)s``, and the names of the values in order."""
    return numbered_text(query(name))


def numbered_text(text: str) -> tuple[bytes, tuple[str, ...]]:
    """Return a text as `numbered` returns a query; ``%%`` is ``%`` as in psycopg."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[1] is None:
            return "%"
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return re.sub(r"%%|%\((\w+)\)s", number, text).encode(), tuple(names)
