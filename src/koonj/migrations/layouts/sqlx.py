"""sqlx: ``N_name.sql``, or the pair ``N_name.up.sql`` and ``N_name.down.sql``, in a project of Rust.

Source: sqlx 9d6bf662, sqlx-core/src/migrate/source.rs, migration_type.rs and sqlx-postgres/src/migrate.rs;
histories that sqlx-cli 0.8.6 wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts import checksums
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.sqlx_settings import sign_of_sqlx, sqlx_settings
from koonj.migrations.layouts.tool_history import BOOLEAN, INTEGER, TEXT, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import Part, Runs, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_warning
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.sql.other_tools import other_tool
from koonj.sql.problem import Problem

_TOOL = "sqlx"
_NAME = re.compile(r"([^_]*)_(.*?)(\.up|\.down)?\.sql", re.DOTALL)
_NUMBER = re.compile(r"\+?[0-9]+")
_HIGHEST = 2**63 - 1
_DOWN = ".down"
_NO_TRANSACTION = b"-- no-transaction"
_COLUMNS = MappingProxyType(
    {"version": INTEGER, "description": TEXT, "success": BOOLEAN, "checksum": frozenset({"bytea"})}
)
_MOST_READ = 50
"""Number of files in which a marker of another tool is looked for."""


class Sqlx:
    """The layout of sqlx. The version is the number before the first underscore."""

    name = _TOOL
    record = Record.CHECKSUM

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by the project around it; pairs of files also by their names."""
        names = [name for name, number, _ in _named(listing) if number is not None]
        if not names or any(other_tool(listing.text(name)) for name in names[:_MOST_READ]):
            return None
        if (sign := sign_of_sqlx(listing)) is not None:
            return Evidence(Strength.TOOL_FILE, sign)
        pairs = any(name.endswith(".up.sql") for name in names)
        if not pairs or not listing.has_above("Cargo.toml") or listing.has_above("go.mod"):
            return None
        return Evidence(Strength.SHAPE, f"{listing.shown}/N_name.up.sql below Cargo.toml")

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read the files by number."""
        ups: dict[int, str] = {}
        downs: dict[int, str] = {}
        problems: list[tuple[str, Problem]] = []
        for name, number, is_down in _named(listing):
            place = downs if is_down else ups
            if number is None:
                problems.append((name, _NO_NUMBER))
            elif number in place:
                problems.append((name, _second(place[number])))
            else:
                place[number] = name
        problems += ((downs[number], _NO_UP) for number in sorted(downs.keys() - ups.keys()))
        migrations: list[ToolMigration] = []
        ignored = sqlx_settings(listing).ignored
        for number, name in sorted(ups.items()):
            try:
                migrations.append(_migration(listing, number, name, downs.get(number), ignored))
            except FileRefused as refused:
                problems.append((name, refused.problem))
        return ToolFiles(tuple(migrations), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the one table, with the name that sqlx.toml gives it."""
        settings = sqlx_settings(listing)
        query = "layouts/sqlx/history"
        return (HistoryTable("history", settings.table, _COLUMNS, query, settings.schema),)

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states: a version with a row is applied, and edited if its checksum is another one."""
        known = {one.version: one for one in migrations}
        rows = {
            str(version): _judged(known.get(str(version)), description, checksum, success=success)
            for version, description, success, checksum in history.of("history")
        }
        return states_by_version(migrations, rows, key=int)


def _judged(migration: ToolMigration | None, description: str, checksum: str, *, success: bool) -> AppliedRow:
    if not success:
        return AppliedRow(State.FAILED, "sqlx runs nothing more until its row is deleted")
    if migration is None:
        return AppliedRow(note=f"sqlx has recorded the description {description!r}")
    if migration.checksum != checksum:
        return AppliedRow(State.EDITED, "its checksum is not the one that sqlx has recorded")
    return AppliedRow()


def _named(listing: FolderListing) -> Iterator[tuple[str, int | None, bool]]:
    """Yield name, number and whether it is a rollback of each file. Without a number, sqlx refuses it."""
    for name in listing.top:
        if (found := _NAME.fullmatch(name)) is not None:
            yield name, _version(found[1]), found[3] == _DOWN


def _version(text: str) -> int | None:
    number = int(text) if _NUMBER.fullmatch(text) else None
    return number if number is None or number <= _HIGHEST else None


def _migration(
    listing: FolderListing, number: int, name: str, down: str | None, ignored: str
) -> ToolMigration:
    """Return the migration of a number. Raises: FileRefused."""
    named = _NAME.fullmatch(name)
    raw = listing.raw(name)
    down_raw = listing.raw(down) if down else b""
    return tool_migration(
        tool=_TOOL,
        name=name,
        version=str(number),
        number=number,
        folder=listing.places,
        up=Part(name, raw, runs=_runs(raw)),
        down=Part(down, down_raw, runs=_runs(down_raw)) if down else None,
        words=" ".join(named[2].replace("_", " ").split()) if named else "",
        checksum=checksums.sqlx(raw, ignored),
    )


def _runs(raw: bytes) -> Runs:
    """Return how sqlx sends a file. The mark must be its first bytes."""
    return Runs.ONE_QUERY if raw.startswith(_NO_TRANSACTION) else Runs.TRANSACTION


def _second(other: str) -> Problem:
    return tool_warning(
        f"{other} has the same number, so sqlx cannot record both.", "Give one of them another number."
    )


_NO_NUMBER = tool_warning(
    "Before the first underscore there is no number, so sqlx refuses the folder.",
    "Give it a number, or a name without an underscore if it is no migration.",
)
_NO_UP = tool_warning(
    "No file has the number that it rolls back.", "Give it the number of the file that it belongs to."
)

LAYOUT = Sqlx()
