"""Migrations from Flyway's files, and why koonj cannot run some of them.

Source: Flyway 7.15.0, SqlScript, ParserSqlScript and PlaceholderReplacingReader; PostgreSQLParser of 11d1ac3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from koonj.migrations.layouts.flyway_names import FlywayName
from koonj.migrations.layouts.flyway_settings import FlywaySettings, is_unread, properties
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.tool_migration import Part, Runs, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_error
from koonj.sql.problem import Problem
from koonj.sql.script import Script
from koonj.sql.source import Source

TOOL = "flyway"
REPEATABLE = "R__"
"""Before the description in `ToolMigration.version` of a repeatable migration, which has no version."""

DESCRIPTION, INSTALLED_BY, OUT_OF_ORDER, REFUSED = "description", "installed_by", "out_of_order", "refused"
"""Names of the details of a migration. REFUSED: why koonj runs none of the folder."""

_LONGEST = 200
_ALONE = re.compile(
    r"(?:CREATE|DROP)\s+(?:DATABASE|TABLESPACE|SUBSCRIPTION)\b|ALTER\s+SYSTEM\b"
    r"|(?:CREATE|DROP)(?:\s+UNIQUE)?\s+INDEX\s+CONCURRENTLY\b"
    r"|REINDEX(?:\s+VERBOSE)?\s+(?:SCHEMA|DATABASE|SYSTEM)\b|VACUUM\b|DISCARD\s+ALL\b",
    re.IGNORECASE,
)
"""Statements for which Flyway opens no transaction."""


def flyway_migration(
    listing: FolderListing,
    file: str,
    named: FlywayName,
    number: int,
    undo: str | None,
    settings: FlywaySettings,
) -> ToolMigration:
    """Return the migration of a file. `undo`: the file that takes it back.

    Raises: FileRefused.
    """
    up, refused = _part(listing, file, settings)
    down = None
    if undo is not None:
        down, refused_down = _part(listing, undo, settings)
        refused += refused_down
    return tool_migration(
        tool=TOOL,
        name=file.rpartition("/")[2],
        version=named.version or REPEATABLE + named.description,
        number=number,
        folder=listing.places,
        up=up,
        down=down,
        words=" ".join(named.description.split()),
        refused=refused,
        details=tuple(_details(listing, named, settings)),
    )


def recorded_description(migration: ToolMigration) -> str:
    """Return the description of a migration as the history has it, with 200 characters at most."""
    description = migration.detail(DESCRIPTION)
    return description if len(description) <= _LONGEST else f"{description[: _LONGEST - 3]}..."


def _details(
    listing: FolderListing, named: FlywayName, settings: FlywaySettings
) -> Iterator[tuple[str, str]]:
    yield DESCRIPTION, named.description
    yield INSTALLED_BY, settings.installed_by
    if settings.out_of_order and named.version:
        yield OUT_OF_ORDER, "true"
    if settings.not_followed:
        yield REFUSED, _NOT_FOLLOWED.format(settings.not_followed)
    if settings.locations and not _is_here(listing, settings.locations):
        yield REFUSED, _ELSEWHERE.format(", ".join(settings.locations), listing.shown)


def _is_here(listing: FolderListing, locations: Sequence[str]) -> bool:
    """Return whether Flyway reads this folder and no other one."""
    if len(locations) > 1:
        return False
    path = PurePosixPath(locations[0].removeprefix("filesystem:").removeprefix("classpath:"))
    wanted = [part for part in path.parts if part not in {"/", "."}]
    here = Path(listing.places[0]).parts
    return bool(wanted) and list(here[-len(wanted) :]) == wanted


def _part(listing: FolderListing, file: str, settings: FlywaySettings) -> tuple[Part, tuple[Problem, ...]]:
    """Return a whole file, and why koonj cannot run it. Raises: FileRefused."""
    raw = listing.raw(file)
    text = raw.decode("utf-8", "replace")
    own = properties(_prefixed(listing.text(f"{file}.conf"))) if f"{file}.conf" in listing.names else {}
    replaces = own.get("placeholderReplacement") != "false"
    refused = _placeholders(text, settings.placeholder) if replaces else ()
    refused += tuple(_unread(file, name) for name, value in own.items() if is_unread(name, value))
    runs, several = _runs(text, own.get("executeInTransaction", "").lower(), mixed=settings.mixed)
    return Part(file, raw, runs=runs), (*refused, *several)


def _unread(file: str, name: str) -> Problem:
    return tool_error(
        f"{file}.conf has {name}, which koonj does not follow.", "koonj shows the file, and does not run it."
    )


def _prefixed(text: str) -> str:
    """Return the settings of one file with the prefix of those of all files."""
    return re.sub(r"^[ \t]*(?=[A-Za-z])", "flyway.", text, flags=re.MULTILINE)


def _runs(text: str, declared: str, *, mixed: bool) -> tuple[Runs, tuple[Problem, ...]]:
    """Return whether Flyway opens a transaction: not if a statement refuses one."""
    if declared in {"true", "false"}:
        return (Runs.TRANSACTION if declared == "true" else Runs.STATEMENTS), ()
    if _ALONE.search(text) is None:
        return Runs.TRANSACTION, ()
    alone = [bool(_ALONE.match(one.text)) for one in Script.of_body(text).statements]
    if not any(alone):
        return Runs.TRANSACTION, ()
    return Runs.STATEMENTS, () if mixed or all(alone) else (_MIXED,)


def _placeholders(text: str, around: tuple[str, str] | None) -> tuple[Problem, ...]:
    """Return the problem of the first placeholder of a text."""
    if around is None:
        return ()
    start = text.find(around[0])
    end = text.find(around[1], start)
    if start < 0 or end < 0:
        return ()
    line, column = Source(text).line_and_column(start)
    placeholder = text[start : end + len(around[1])]
    return (
        tool_error(
            f"Flyway replaces {placeholder} before it runs the file. koonj cannot do that yet.",
            f"koonj shows the text with {placeholder} in it, and does not run it.",
            line,
            column,
        ),
    )


_NOT_FOLLOWED = "Flyway's settings have {}, which koonj does not follow."
_ELSEWHERE = "Flyway reads its migrations from {}, and koonj only those of {}."
_MIXED = tool_error(
    "The file has statements that need no transaction beside others, so Flyway refuses it.",
    "Move the statements that cannot run in a transaction into a file of their own, or set mixed=true in "
    "Flyway's settings.",
)
