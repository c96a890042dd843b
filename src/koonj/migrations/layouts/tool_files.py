"""Files by which a folder is seen to belong to another tool, before any layout is asked.

A folder with koonj's own files and none of these is koonj's: then no module of a layout is imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

IN_FOLDER = ("atlas.sum", "migration_lock.toml", "meta/_journal.json", "committed")
"""Entries of the folder of migrations itself."""
ABOVE = (
    ".sqlx",
    ".gmrc",
    ".gmrc.cjs",
    ".gmrc.js",
    "Cargo.toml",
    "Refinery.toml",
    "alembic.ini",
    "dbconfig.yml",
    "diesel.toml",
    "flyway.conf",
    "flyway.toml",
    "liquibase.properties",
    "migrations.yml",
    "refinery.toml",
    "sqitch.plan",
    "sqlx.toml",
    "tern.conf",
    "yoyo.ini",
)
"""Entries of the folder of migrations, or of one of the two folders above it."""
SIBLINGS: Mapping[str, str] = MappingProxyType({"supabase": "config.toml"})
"""By the name of the folder around the folder of migrations: the file that it has."""
NODE_PG_MIGRATE = "node-pg-migrate"
"""Name of a dependency in the package.json of a folder in which entries of `ABOVE` are looked for."""
_PACKAGE_SIZE = 1 << 20
"""Bytes of a package.json that are read."""

MARKER_WORDS: Sequence[bytes] = (
    b"migrate:",
    b"+goose",
    b"+migrate",
    b"create above",
    b"tern:",
    b"liquibase",
    b"changeset",
    b"up migration",
    b"down migration",
    b"--!",
    b"statement-breakpoint",
    b"depends:",
    b"atlas:",
    b"-- deploy",
)
"""Words without which a text, in lower case, has no marker of any tool."""


def has_tool_file(folder: Path) -> bool:
    """Return whether a file or folder stands there that a tool makes."""
    around = folder.parent
    places = (folder, around, around.parent)
    return (
        any((folder / name).exists() for name in IN_FOLDER)
        or any((place / name).exists() for place in places for name in ABOVE)
        or any(_has_package(place / "package.json") for place in places)
        or (around.name in SIBLINGS and (around / SIBLINGS[around.name]).exists())
    )


def _has_package(file: Path) -> bool:
    """Return whether a package.json names node-pg-migrate."""
    try:
        if not file.is_file():
            return False
        with file.open("rb") as opened:
            return NODE_PG_MIGRATE.encode() in opened.read(_PACKAGE_SIZE)
    except OSError:
        return False  # a file that cannot be read is no evidence


def may_have_marker(raw: bytes) -> bool:
    """Return whether a file's text can have a marker of a tool."""
    start = raw[:_START].lower()
    return any(word in start for word in MARKER_WORDS)


_START = 64 * 1024
"""Bytes of a file in which markers are looked for."""
