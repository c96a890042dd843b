"""Names as a person types them -> identifiers as PostgreSQL reads them.

A person types the name itself (``Order Items``) and koonj quotes it where PostgreSQL needs that; a name that
is already in double quotes is taken as SQL. A dot outside quotes parts the schema from the name.
"""

import re
from collections.abc import Sequence

from koonj.patterns.keywords import KEYWORDS

LONGEST = 63
"""Bytes of an identifier, NAMEDATALEN - 1; PostgreSQL cuts a longer one silently (documentation, 4.1.1)."""

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_QUOTED = re.compile(r'\s*"((?:[^"]|"")*)"\s*')
_BARE = re.compile(r'([^".,]*)')


class RefusedError(ValueError):
    """A value does not fit its field. The message says why and what to do."""


def quote(name: str) -> str:
    """`name` as an identifier in SQL: in quotes where PostgreSQL itself would quote it."""
    if _PLAIN.fullmatch(name) and name not in KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def as_typed(name: str) -> str:
    """`name` as one would type it into a field, so that reading it gives `name` again."""
    bare = _BARE.fullmatch(name) and name == name.strip()
    return name if bare else '"' + name.replace('"', '""') + '"'


def read_name(typed: str) -> str:
    """One name without a schema. Raises RefusedError."""
    names = read_list(typed)
    if len(names) > 1:
        raise RefusedError('One name, not a list. A name with a comma in it goes in double quotes: "a,b".')
    return names[0]


def read_qualified(typed: str) -> tuple[str | None, str]:
    """A name with or without a schema before it: ``(schema or None, name)``. Raises RefusedError."""
    parts = _parts(typed)
    if len(parts) > 1:
        raise RefusedError("One name, not a list.")
    if len(parts[0]) > 2:
        raise RefusedError(
            'At most a schema and a name. A name with a dot in it goes in double quotes: "a.b".'
        )
    checked = [_checked(part) for part in parts[0]]
    return (None if len(checked) == 1 else checked[0], checked[-1])


def read_list(typed: str) -> tuple[str, ...]:
    """Names without schemas, between commas. Raises RefusedError."""
    names = []
    for part in _parts(typed):
        if len(part) > 1:
            raise RefusedError(
                'No schema here, only a name. A name with a dot in it goes in double quotes: "a.b".'
            )
        names.append(_checked(part[0]))
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise RefusedError(f"{', '.join(sorted(twice))} is there twice.")
    return tuple(names)


def cut(parts: Sequence[tuple[str, bool]]) -> str:
    """Joins parts to a name of at most 63 bytes, shortening the longest of those that may be cut (True).

    So PostgreSQL names an index or constraint itself (makeObjectName() in src/backend/commands/indexcmds.c):
    of two equally long parts the later one is cut, and no character in its middle.
    """
    sizes = [len(text.encode()) for text, _ in parts]
    while sum(sizes) > LONGEST:
        longest = max(range(len(parts)), key=lambda n: (parts[n][1], sizes[n], n), default=None)
        if longest is None or not parts[longest][1] or not sizes[longest]:
            break
        sizes[longest] -= 1
    return "".join(
        text.encode()[:size].decode(errors="ignore") for (text, _), size in zip(parts, sizes, strict=True)
    )


def _parts(typed: str) -> list[list[str]]:
    """Names between commas, each as its parts between dots."""
    names: list[list[str]] = [[]]
    at = 0
    while True:
        found = _QUOTED.match(typed, at) or _BARE.match(typed, at)
        if found is None or not found[0].strip():
            raise RefusedError("A name is missing.")
        names[-1].append(found[1].replace('""', '"') if found.re is _QUOTED else found[1].strip())
        at = found.end()
        if at == len(typed):
            return names
        if typed[at] not in ".,":
            raise RefusedError(
                'A double quote out of place. Quote the whole name, and double the quotes in it: "a""b".'
            )
        if typed[at] == ",":
            names.append([])
        at += 1


def _checked(name: str) -> str:
    size = len(name.encode())
    if not name:
        raise RefusedError("A name cannot be empty.")
    if size > LONGEST:
        raise RefusedError(
            f"{size} bytes; PostgreSQL keeps {LONGEST} of a name and cuts the rest without a word."
        )
    return name
