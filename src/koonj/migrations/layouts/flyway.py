"""Flyway: a file for each version, ``V1.2__add_users.sql``, and repeatable ones, ``R__views.sql``.

Source: Flyway 7.15.0, ScanningMigrationResolver, ResourceNameParser; histories that it wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.flyway_migration import TOOL, flyway_migration
from koonj.migrations.layouts.flyway_names import FlywayName, Kind, flyway_name, version_key
from koonj.migrations.layouts.flyway_settings import FlywaySettings, flyway_settings, has_settings
from koonj.migrations.layouts.flyway_states import flyway_states
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.tool_history import BOOLEAN, INTEGER, TEXT, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_problem import tool_note, tool_warning
from koonj.migrations.migration_status import MigrationStatus
from koonj.sql.problem import Problem

_COLUMNS = MappingProxyType(
    {
        "installed_rank": INTEGER,
        "version": TEXT,
        "description": TEXT,
        "type": TEXT,
        "script": TEXT,
        "checksum": INTEGER,
        "success": BOOLEAN,
    }
)
_Key = TypeVar("_Key")
_OTHERS = ("Cargo.toml", "refinery.toml", "migrations.yml")
"""Files of projects whose tools have the same names of files: refinery, pgmigrate."""


class Flyway:
    """The layout of Flyway. Versions are numbers with dots; repeatable migrations run after them."""

    name = TOOL
    record = Record.CHECKSUM

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by Flyway's settings with a file it can run, or by the names of the files."""
        settings = flyway_settings(listing)
        names = [named for _, named in _named(listing, settings)]
        if not any(named.version or named.kind is Kind.REPEATABLE for named in names):
            return None
        if (file := has_settings(listing)) is not None:
            return Evidence(Strength.TOOL_FILE, file)
        sure = any(n.kind is Kind.VERSIONED and n.version and n.description for n in names)
        if not sure or any(listing.has_above(name) for name in _OTHERS):
            return None
        return Evidence(Strength.SHAPE, f"{listing.shown}/V1__name.sql")

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read the files, also those of sub-folders: by version, then the repeatable ones by description."""
        settings = flyway_settings(listing)
        files = _Files(dict(_named(listing, settings)))
        migrations: list[ToolMigration] = []
        for number, file in files.numbered():
            named = files.by_name[file]
            undo = files.undo.get(version_key(named.version)) if named.version else None
            try:
                read = flyway_migration(listing, file, named, number, undo, settings)
            except FileRefused as refused:
                files.problems.append((file, refused.problem))
            else:
                migrations.append(read)
        return ToolFiles(tuple(migrations), tuple(files.problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the one table, with the name and the schema of Flyway's settings."""
        settings = flyway_settings(listing)
        query = "layouts/flyway/history"
        return (HistoryTable("history", settings.table, _COLUMNS, query, settings.schema),)

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states: the last row of a version decides, and the checksum of its file."""
        return flyway_states(migrations, history)


class _Files:
    """The files of a folder, sorted out by what they are."""

    def __init__(self, by_name: Mapping[str, FlywayName]) -> None:
        self.by_name = by_name
        self.problems: list[tuple[str, Problem]] = []
        self.undo: dict[tuple[int, ...], str] = {}
        """Files that take a version back."""
        self._versioned: dict[tuple[int, ...], str] = {}
        self._repeatable: dict[str, str] = {}
        for file, named in by_name.items():
            self._add(file, named)
        for key in self.undo.keys() - self._versioned.keys():
            self.problems.append((self.undo[key], _UNDOES_NOTHING))

    def numbered(self) -> Iterator[tuple[int, str]]:
        """Yield the files in Flyway's order. The number is the version if all versions have one part."""
        versions = sorted(self._versioned)
        simple = all(len(version) == 1 for version in versions)
        last = 0
        for place, version in enumerate(versions, 1):
            last = version[0] if simple else place
            yield last, self._versioned[version]
        for place, description in enumerate(sorted(self._repeatable), last + 1):
            yield place, self._repeatable[description]

    def _add(self, file: str, named: FlywayName) -> None:
        if named.kind is Kind.CALLBACK:
            self.problems.append((file, _CALLBACK))
        elif named.kind is Kind.BASELINE:
            self.problems.append((file, _BASELINE))
        elif named.kind is Kind.REPEATABLE:
            self._once(self._repeatable, named.description, file)
        elif not named.version:
            self.problems.append((file, _NO_VERSION))
        else:
            place = self.undo if named.kind is Kind.UNDO else self._versioned
            self._once(place, version_key(named.version), file)

    def _once(self, place: dict[_Key, str], key: _Key, file: str) -> None:
        if key in place:
            self.problems.append((file, _second(place[key])))
        else:
            place[key] = file


def _named(listing: FolderListing, settings: FlywaySettings) -> Iterator[tuple[str, FlywayName]]:
    for file in listing.names:
        named = flyway_name(file.rpartition("/")[2], settings)
        if named is not None:
            yield file, named


def _second(other: str) -> Problem:
    return tool_warning(
        f"{other} has the same version or description, so Flyway refuses the folder.", "Rename one of them."
    )


_CALLBACK = tool_warning(
    "Flyway runs it by itself, as a callback. koonj does not run it.",
    "Its statements are not part of what koonj shows and rehearses.",
)
_BASELINE = tool_warning(
    "koonj cannot read it: it is a baseline migration, which stands for all versions up to its own.",
    "koonj reads the files of the versions.",
)
_NO_VERSION = tool_note(
    "Flyway ignores it: before the two underscores there is no version.",
    "Versions have digits, with dots or underscores between them: V1.2__name.sql.",
)
_UNDOES_NOTHING = tool_warning(
    "No file has the version that it takes back.", "Give it the version of the file that it belongs to."
)

LAYOUT = Flyway()
