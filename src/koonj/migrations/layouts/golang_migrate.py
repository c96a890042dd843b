"""golang-migrate: two files for each migration, ``N_name.up.sql`` and ``N_name.down.sql``.

Source: golang-migrate 18966c75, source/parse.go and database/postgres/postgres.go; histories that it wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.tool_history import (
    BOOLEAN,
    INTEGER,
    HistoryTable,
    ToolHistory,
    ToolHistoryError,
)
from koonj.migrations.layouts.tool_migration import Part, Runs, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import same_number, tool_warning
from koonj.migrations.layouts.tool_states import AppliedRow, states_up_to
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.sql.problem import Problem

_NAME = re.compile(r"([0-9]+)_(.*)\.(up|down)\.(.*)")
_TOOL = "golang-migrate"
_HISTORY = HistoryTable(
    "history",
    "schema_migrations",
    MappingProxyType({"version": INTEGER, "dirty": BOOLEAN}),
    "layouts/golang_migrate/history",
)
_NO_VERSION = -1
"""The version that stands in the table after the rollback of the first migration has failed."""


@dataclass(slots=True)
class _Pair:
    """The files of one number."""

    words: str
    up: str = ""
    down: str = ""
    more: list[str] = field(default_factory=list)
    """Other files of the same number and direction, which the tool refuses."""


class GolangMigrate:
    """The layout of golang-migrate. The history has one row: the newest version, and whether it is dirty."""

    name = _TOOL
    record = Record.NEWEST

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by the names of the files; sqlx has the same names in a folder of Rust."""
        pairs = _pairs(listing).values()
        ups = [pair for pair in pairs if pair.up]
        if not ups or (len(ups) == 1 and not ups[0].down):
            return None  # one file is no folder of pairs: koonj says what is wrong with its name
        if listing.has_above("Cargo.toml") and not listing.has_above("go.mod"):
            return None
        return Evidence(Strength.SHAPE, f"{listing.shown}/N_name.up.sql with N_name.down.sql")

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read the pairs by number. A number of which one file is missing is a step without statements."""
        migrations: list[ToolMigration] = []
        problems: list[tuple[str, Problem]] = []
        for number, pair in sorted(_pairs(listing).items()):
            problems += ((name, same_number(pair.up or pair.down, "golang-migrate")) for name in pair.more)
            try:
                migrations.append(_migration(listing, number, pair))
            except FileRefused as refused:
                problems.append((pair.up or pair.down, refused.problem))
        problems += ((name, _NO_SQL) for name in _other_files(listing))
        return ToolFiles(tuple(migrations), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the one table: schema_migrations, with a version and a mark."""
        return (_HISTORY,)

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states: all up to the recorded version are applied.

        Raises: ToolHistoryError if there are several rows.
        """
        rows = history.of("history")
        if len(rows) > 1:
            raise ToolHistoryError(
                f"{history.places['history']} has several rows. golang-migrate keeps one, so another tool "
                "has written this table.",
                "Write the tool's name into koonj.toml, as layout = …",
            )
        if not rows:
            return states_up_to(migrations, None, key=int)
        version, dirty = int(rows[0][0]), bool(rows[0][1])
        if version == _NO_VERSION:
            first = migrations[0].version if migrations else str(_NO_VERSION)
            return states_up_to(migrations, first, key=int, failed=AppliedRow(State.FAILED, _FIRST_DOWN))
        failed = AppliedRow(State.FAILED, _DIRTY.format(version)) if dirty else None
        newest = next((m.version for m in migrations if int(m.version) == version), str(version))
        return states_up_to(migrations, newest, key=int, failed=failed)


_FIRST_DOWN = "dirty: its rollback has failed; what of it is undone is not recorded"
_DIRTY = (
    "dirty: either its apply has failed, or the rollback of the migration after it; golang-migrate records "
    "only version {}"
)


def _pairs(listing: FolderListing) -> dict[int, _Pair]:
    found: dict[int, _Pair] = {}
    for name in listing.top:
        named = _NAME.fullmatch(name)
        if named is None or not name.endswith(".sql"):
            continue
        pair = found.setdefault(int(named[1]), _Pair(" ".join(named[2].replace("_", " ").split())))
        if getattr(pair, named[3]):
            pair.more.append(name)
        else:
            setattr(pair, named[3], name)
    return found


def _other_files(listing: FolderListing) -> Iterator[str]:
    return (name for name in listing.top if _NAME.fullmatch(name) and not name.endswith(".sql"))


def _migration(listing: FolderListing, number: int, pair: _Pair) -> ToolMigration:
    """Return the migration of a number. Raises: FileRefused."""
    shown = pair.up or pair.down
    up = listing.raw(pair.up) if pair.up else b""
    return tool_migration(
        tool=_TOOL,
        name=shown,
        version=str(number),
        number=number,
        folder=listing.places,
        up=Part(shown, up, runs=Runs.ONE_QUERY),
        down=Part(pair.down, listing.raw(pair.down), runs=Runs.ONE_QUERY) if pair.down else None,
        words=pair.words,
    )


_NO_SQL = tool_warning(
    "koonj cannot read it: it is not an .sql file.",
    "golang-migrate runs it; koonj leaves it out of the list.",
)

LAYOUT = GolangMigrate()
