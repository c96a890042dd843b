"""How node-pg-migrate sorts file names, and what package.json says about it.

Source: node-pg-migrate 9.0.0, src/utils/fileNameUtils.ts, src/utils/comparators.ts, its command.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.tool_files import NODE_PG_MIGRATE

SCRIPTS = (".js", ".ts", ".cjs", ".mjs", ".cts", ".mts")
"""Endings of migrations that are programs."""
_NUMBER = re.compile(r"[0-9]+")
_TIME_DIGITS = 17
_PIECE = re.compile(r"[0-9]+|[^\W_]")
_TABLE = re.compile(r"(?:^|\s)(?:--migrations-table|-t)[ =]+([^\s'\"]+)")
_MIGRATIONS_SCHEMA = re.compile(r"(?:^|\s)--migrations-schema[ =]+([^\s'\"]+)")
_SCHEMA = re.compile(r"(?:^|\s)(?:--schema|-s)[ =]+([^\s'\"]+)")

_Piece = tuple[int, int, str]


def number_in(name: str) -> int | None:
    """Return the number at the start of a file name; None if there is none."""
    found = _NUMBER.match(name)
    return int(found[0]) if found and len(found[0]) < 300 else None


def sort_key(name: str) -> tuple[int, tuple[_Piece, ...], str]:
    """Return by what a file name is sorted: its number, then the text without punctuation.

    17 digits are a time (UTC), which counts in milliseconds; any other number counts as it is. Letters are
    sorted as in English: the tool uses the language of the machine.
    """
    found = _NUMBER.match(name)
    digits = found[0] if found else ""
    number = number_in(name) or 0
    if len(digits) == _TIME_DIGITS:
        number = _milliseconds(digits, number)
    return number, tuple(_pieces(name)), name.swapcase()


def _milliseconds(digits: str, otherwise: int) -> int:
    try:
        time = datetime.strptime(digits[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return otherwise
    return int(time.timestamp()) * 1000 + int(digits[14:])


def _pieces(name: str) -> Iterator[_Piece]:
    for piece in _PIECE.findall(name):
        yield (0, int(piece[:300]), "") if piece.isdecimal() else (1, 0, piece.casefold())


def has_dependency(listing: FolderListing) -> bool:
    """Return whether the nearest package.json depends on node-pg-migrate."""
    package = _package(listing)
    kinds = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
    return any(NODE_PG_MIGRATE in _table(package, kind) for kind in kinds)


def script_options(listing: FolderListing) -> tuple[str | None, str | None]:
    """Return (table, schema) of the history, as a script of package.json names them; None: not named."""
    scripts = _table(_package(listing), "scripts").values()
    for script in scripts:
        if isinstance(script, str) and NODE_PG_MIGRATE in script:
            table, schema = _TABLE.search(script), _MIGRATIONS_SCHEMA.search(script) or _SCHEMA.search(script)
            if table or schema:
                return table and table[1], schema and schema[1]
    return None, None


def _package(listing: FolderListing) -> Mapping[str, object]:
    try:
        found = json.loads(listing.configuration("package.json") or "{}")
    except (ValueError, RecursionError):
        return {}  # no JSON: it names no dependency
    return found if isinstance(found, dict) else {}


def _table(package: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = package.get(key)
    return found if isinstance(found, dict) else {}
