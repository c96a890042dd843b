"""Convert names as the user types them to PostgreSQL identifiers.

The user types the plain name (``Order Items``), and koonj quotes it if PostgreSQL needs quotes. A name in
double quotes is read as SQL. A dot outside quotes separates schema and name.
"""

import re
from collections.abc import Sequence

from koonj.patterns.keywords import KEYWORDS

LONGEST = 63
"""Maximum size of an identifier in bytes, NAMEDATALEN - 1.

PostgreSQL truncates longer ones silently: https://www.postgresql.org/docs/current/sql-syntax-lexical.html.
"""

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_QUOTED = re.compile(r'\s*"((?:[^"]|"")*)"\s*')
_BARE = re.compile(r'([^".,]*)')


class RefusedError(ValueError):
    """Raised when a value does not fit its field. The message says why and what to do."""


def quote(name: str) -> str:
    """Return `name` as a SQL identifier, quoted if PostgreSQL itself would quote it."""
    if _PLAIN.fullmatch(name) and name not in KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def read_name(typed: str) -> str:
    """Return one name without a schema.

    Raises:
        RefusedError: the value is not one name.
    """
    names = read_list(typed)
    if len(names) > 1:
        raise RefusedError('Enter one name, not a list. Quote a name that contains a comma: "a,b".')
    return names[0]


def read_qualified(typed: str) -> tuple[str | None, str]:
    """Return ``(schema or None, name)`` of a name with or without a schema.

    Raises:
        RefusedError: the value is not one name.
    """
    names = read_qualified_list(typed)
    if len(names) > 1:
        raise RefusedError("Enter one name, not a list.")
    return names[0]


def read_qualified_list(typed: str) -> tuple[tuple[str | None, str], ...]:
    """Return ``(schema or None, name)`` of each of the names separated by commas.

    Raises:
        RefusedError: the value is not a list of names.
    """
    found = []
    for parts in _parts(typed):
        if len(parts) > 2:
            raise RefusedError('Enter a schema and a name at most. Quote a name that contains a dot: "a.b".')
        checked = [_checked(part) for part in parts]
        found.append((None if len(checked) == 1 else checked[0], checked[-1]))
    _no_name_twice([".".join(filter(None, name)) for name in found])
    return tuple(found)


def read_list(typed: str) -> tuple[str, ...]:
    """Return names without schemas, separated by commas.

    Raises:
        RefusedError: the value is not a list of names.
    """
    names = []
    for part in _parts(typed):
        if len(part) > 1:
            raise RefusedError('Enter a name without a schema. Quote a name that contains a dot: "a.b".')
        names.append(_checked(part[0]))
    _no_name_twice(names)
    return tuple(names)


def _no_name_twice(names: list[str]) -> None:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise RefusedError(f"{', '.join(sorted(twice))} appears twice.")


def cut(parts: Sequence[tuple[str, bool]]) -> str:
    """Join parts to a name of at most 63 bytes; shorten the longest part marked True.

    PostgreSQL names an index or constraint in the same way (makeObjectName() in
    src/backend/commands/indexcmds.c). Of two equally long parts it cuts the later one, and it cuts no
    character in the middle.
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
    """Return names separated by commas, each split at its dots."""
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
                'Unexpected double quote. Quote the whole name, and double the quotes inside it: "a""b".'
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
            f"The name has {size} bytes. PostgreSQL silently truncates names to {LONGEST} bytes."
        )
    return name
