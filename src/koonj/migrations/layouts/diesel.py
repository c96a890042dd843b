"""diesel: a folder for each migration, ``VERSION_name/`` with ``up.sql`` and ``down.sql``.

Source: diesel 04cc1b0bc, diesel_migrations/src/file_based_migrations.rs and migrations_internals/src/lib.rs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.tool_history import TEXT, TIME, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import Part, Runs, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_error, tool_warning
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.names import number_of
from koonj.sql.problem import Problem

_TOOL = "diesel"
_HISTORY = HistoryTable(
    "history",
    "__diesel_schema_migrations",
    MappingProxyType({"version": TEXT, "run_on": TIME}),
    "layouts/diesel/history",
)
_LONGEST = 50
"""Characters of a version; the column is a varchar(50)."""


class Diesel:
    """The layout of diesel. The version is the folder's name up to the first ``_``, without ``-``."""

    name = _TOOL
    record = Record.ROW

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by ``*/up.sql``. Those of Hasura look the same, below its config.yaml."""
        if not any(name.endswith("/up.sql") and name.count("/") == 1 for name in listing.names):
            return None
        words = f"{listing.shown}/*/up.sql"
        if listing.has_above("diesel.toml"):
            return Evidence(Strength.TOOL_FILE, f"{words} with diesel.toml")
        return None if listing.has_above("config.yaml") else Evidence(Strength.SHAPE, words)

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read the folders by version, as text. A folder without up.sql is a problem; an empty one is not."""
        migrations: dict[str, ToolMigration] = {}
        problems: list[tuple[str, Problem]] = []
        folders = dict.fromkeys(name.partition("/")[0] for name in listing.names if "/" in name)
        for folder in folders:
            if f"{folder}/up.sql" not in listing.names:
                problems.append((folder, _NO_UP))
                continue
            try:
                read = _migration(listing, folder)
            except FileRefused as refused:
                problems.append((f"{folder}/up.sql", refused.problem))
                continue
            first = migrations.setdefault(read.version, read)
            if first is not read:
                problems.append((f"{folder}/up.sql", _same_version(first)))
        return ToolFiles(tuple(migrations[version] for version in sorted(migrations)), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the one table: __diesel_schema_migrations, in the schema of the search_path."""
        return (_HISTORY,)

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states: a migration is applied if its version has a row. diesel stores no checksum."""
        rows = {str(version): AppliedRow() for (version,) in history.of("history")}
        return states_by_version(migrations, rows, key=str)


def _migration(listing: FolderListing, folder: str) -> ToolMigration:
    """Return the migration of one folder. Raises: FileRefused."""
    written, _, words = folder.partition("_")
    version = written.replace("-", "")
    runs = _runs(listing, folder)
    up, down = Part(f"{folder}/up.sql", listing.raw(f"{folder}/up.sql"), runs=runs), None
    if f"{folder}/down.sql" in listing.names:
        raw = listing.raw(f"{folder}/down.sql")
        down = Part(f"{folder}/down.sql", raw, runs=runs) if raw else None
    refused = () if up.raw else (_EMPTY,)
    if len(version) > _LONGEST:
        refused = (*refused, _TOO_LONG)
    return tool_migration(
        tool=_TOOL,
        name=folder,
        version=version,
        number=number_of(version),
        folder=listing.places,
        up=up,
        down=down,
        words=" ".join(words.replace("_", " ").split()),
        refused=refused,
    )


def _runs(listing: FolderListing, folder: str) -> Runs:
    """Return how diesel runs the files of a folder.

    A metadata.toml without the key switches the transaction off; one that cannot be read does not.
    """
    if f"{folder}/metadata.toml" not in listing.names:
        return Runs.TRANSACTION
    try:
        found = tomllib.loads(listing.raw(f"{folder}/metadata.toml").decode())
    except (FileRefused, ValueError):
        return Runs.TRANSACTION
    return Runs.ONE_QUERY if found.get("run_in_transaction", False) is False else Runs.TRANSACTION


def _same_version(other: ToolMigration) -> Problem:
    return tool_warning(
        f"{other.name} has the same version, {other.version}. diesel runs only one of the two.",
        "Give one of the folders another version.",
    )


_NO_UP = tool_warning(
    "The folder has no up.sql, so diesel refuses all migrations.",
    "Add the file up.sql, or move the folder to another place.",
)
_EMPTY = tool_error(
    "up.sql is empty, so diesel refuses to run it.",
    "Write the statements into it, or a comment if there are none.",
)
_TOO_LONG = tool_error(
    f"The version has more than {_LONGEST} characters, so diesel cannot record it.",
    "Shorten the folder's name up to the first '_'.",
)

LAYOUT = Diesel()
