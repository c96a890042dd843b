"""Liquibase's formatted SQL files: each changeset in them is a migration.

Source: Liquibase 4.28.0, FormattedSqlChangeLogParser and StandardChangeLogHistoryService; its histories.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.liquibase_changelog import Changelog, Changeset, is_formatted, read_changelog
from koonj.migrations.layouts.liquibase_changeset import SEPARATOR, TOOL, changeset_migration
from koonj.migrations.layouts.liquibase_states import liquibase_states
from koonj.migrations.layouts.tool_history import BOOLEAN, INTEGER, TEXT, TIME, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_problem import tool_warning
from koonj.migrations.migration_status import MigrationStatus
from koonj.sql.problem import Problem

_SETTINGS = "liquibase.properties"
_PROPERTY = re.compile(r"^[ \t]*(?:liquibase\.)?([A-Za-z.-]+)[ \t]*[=:][ \t]*(\S+)[ \t]*\r?$", re.MULTILINE)
_OTHER_FORMATS = (".xml", ".yaml", ".yml", ".json")
_ROOT = "databaseChangeLog"
"""Word at the start of a changelog in one of these formats."""
_HISTORY = MappingProxyType(
    {
        "id": TEXT,
        "author": TEXT,
        "filename": TEXT,
        "dateexecuted": TIME,
        "orderexecuted": INTEGER,
        "exectype": TEXT,
        "md5sum": TEXT,
    }
)
_LOCK = MappingProxyType({"locked": BOOLEAN, "lockgranted": TIME, "lockedby": TEXT})


class Liquibase:
    """The layout of Liquibase's formatted SQL. The files are read by path, as includeAll does."""

    name = TOOL
    record = Record.CHECKSUM

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by the first line of its files."""
        if not any(is_formatted(listing.text(name)) for name in _sql(listing)):
            return None
        if listing.has_above(_SETTINGS):
            return Evidence(Strength.TOOL_FILE, _SETTINGS)
        return Evidence(Strength.MARKER, f"{listing.shown}/*.sql with '--liquibase formatted sql'")

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read the changesets of all files, also of those in sub-folders."""
        problems: list[tuple[str, Problem]] = [(name, _OTHER_FORMAT) for name in _other_formats(listing)]
        found: list[tuple[str, bytes, Changelog]] = []
        for name in _sql(listing):
            try:
                raw = listing.raw(name)
            except FileRefused as refused:
                problems.append((name, refused.problem))
                continue
            text = raw.decode("utf-8", "replace")
            if not is_formatted(text):
                problems.append((name, _NOT_FORMATTED))
                continue
            changelog = read_changelog(text)
            problems += ((name, problem) for problem in changelog.problems)
            found.append((name, raw, changelog))
        return ToolFiles(tuple(_migrations(listing, found, problems)), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the history and the lock, with the names of Liquibase's settings."""
        settings = _settings(listing)
        schema = _schema(settings)
        history = settings.get("databasechangelogtablename", "databasechangelog").lower()
        lock = settings.get("databasechangeloglocktablename", "databasechangeloglock").lower()
        folder = "layouts/liquibase"
        return (
            HistoryTable("history", history, _HISTORY, f"{folder}/history", schema),
            HistoryTable("lock", lock, _LOCK, f"{folder}/lock", schema),
        )

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states: a changeset with a row of its id, author and path has run."""
        return liquibase_states(migrations, history)


def _migrations(
    listing: FolderListing,
    found: Sequence[tuple[str, bytes, Changelog]],
    problems: list[tuple[str, Problem]],
) -> Iterator[ToolMigration]:
    """Yield the migrations. The file is in the name of those that are not alone with their id and author."""
    names = Counter(short for _, _, log in found for short in {_short(one) for one in log.changesets})
    number, schema = 0, _schema(_settings(listing))
    for file, raw, log in found:
        seen: set[str] = set()
        for one in log.changesets:
            short = _short(one)
            if short in seen:
                problems.append((file, _twice(short)))
                continue
            seen.add(short)
            name = short if names[short] == 1 else f"{file}{SEPARATOR}{short}"
            number += 1
            yield changeset_migration(
                listing, file, raw, one, number=number, name=name, path=log.path, schema=schema
            )


def _short(changeset: Changeset) -> str:
    return f"{changeset.id}{SEPARATOR}{changeset.author}"


def _twice(name: str) -> Problem:
    return tool_warning(
        f"The changeset {name} is in the file twice, so Liquibase refuses it.",
        "Give one of them another id. koonj shows the first one.",
    )


def _sql(listing: FolderListing) -> Iterator[str]:
    return (name for name in listing.names if name.lower().endswith(".sql"))


def _other_formats(listing: FolderListing) -> Iterator[str]:
    """Yield the changelogs that are not SQL."""
    for name in listing.names:
        if name.lower().endswith(_OTHER_FORMATS) and _ROOT in listing.text(name):
            yield name


def _settings(listing: FolderListing) -> Mapping[str, str]:
    """Return liquibase.properties, with names in lower case and without hyphens."""
    text = listing.configuration(_SETTINGS) or ""
    return {name.replace("-", "").lower(): value for name, value in _PROPERTY.findall(text)}


def _schema(settings: Mapping[str, str]) -> str | None:
    return settings.get("liquibaseschemaname") or settings.get("defaultschemaname")


_OTHER_FORMAT = tool_warning(
    "koonj cannot read it: it is a changelog in another format than SQL.",
    "koonj shows the changesets of the .sql files, by path, and not in the order of this file.",
)
_NOT_FORMATTED = tool_warning(
    "Liquibase takes it for plain SQL: its first line is not '--liquibase formatted sql'.",
    "A changelog can include it, as one changeset with the id raw. koonj cannot read that yet.",
)

LAYOUT = Liquibase()
