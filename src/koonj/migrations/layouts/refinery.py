"""refinery: ``V1__name.sql``, and ``U1__name.sql`` for files that may run after later ones.

Source: refinery 14354f5, refinery_core/src: util.rs, runner.rs, traits/mod.rs, traits/sync.rs; its
checksums were compared with the ones of its tests and of the hasher of rustc 1.95.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType

from koonj.migrations import encoding
from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts import cargo_manifest, checksums
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.tool_history import INTEGER, TEXT, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import Part, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_error, tool_warning
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.sql.problem import Problem

_TOOL = "refinery"
_NAME = re.compile(r"([UV])([0-9]+(?:\.[0-9]+)?)__(\w+)\.(sql|rs)")
_ANY_TIME = "U"
_HIGHEST = 2**63 - 1
_SETTINGS = ("refinery.toml", "Refinery.toml")
_HISTORY = HistoryTable(
    "history",
    "refinery_schema_history",
    MappingProxyType({"version": INTEGER, "name": TEXT, "checksum": TEXT}),
    "layouts/refinery/history",
)


class Refinery:
    """The layout of refinery. It has no rollback, and no way to run a file outside a transaction."""

    name = _TOOL
    record = Record.CHECKSUM

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by the project around it and the names; Flyway has the same names."""
        names = [found for name in listing.names if (found := _NAME.fullmatch(_base(name)))]
        if not any(found[4] == "sql" for found in names):
            return None
        for name in _SETTINGS:
            if listing.has_above(name):
                return Evidence(Strength.TOOL_FILE, name)
        if not listing.has_above(cargo_manifest.FILE):
            return None
        if cargo_manifest.depends_on(listing, _TOOL):
            return Evidence(Strength.TOOL_FILE, f"{cargo_manifest.FILE} with refinery")
        return Evidence(Strength.SHAPE, f"{listing.shown}/V1__name.sql below {cargo_manifest.FILE}")

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read the files, also those of sub-folders, by version."""
        files: dict[int, str] = {}
        problems: list[tuple[str, Problem]] = []
        for name, version in _named(listing):
            number = int(version) if version.isdecimal() else _HIGHEST + 1
            if number > _HIGHEST:
                problems.append((name, _NO_VERSION))
            elif number in files:
                problems.append((name, _second(files[number])))
            else:
                files[number] = name
        migrations: list[ToolMigration] = []
        for number, name in sorted(files.items()):
            try:
                migrations.append(_migration(listing, number, name))
            except FileRefused as refused:
                problems.append((name, refused.problem))
        return ToolFiles(tuple(migrations), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the one table. A program can give it another name, which no file says."""
        return (_HISTORY,)

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states: a version with a row is applied, and edited if its checksum is another."""
        known = {one.version: one for one in migrations}
        rows = {
            str(version): _judged(known.get(str(version)), name, checksum)
            for version, name, checksum in history.of("history")
        }
        return tuple(map(_in_any_order, states_by_version(migrations, rows, key=int)))


def _judged(migration: ToolMigration | None, name: str | None, checksum: str | None) -> AppliedRow:
    if migration is None:
        return AppliedRow(note=f"refinery has recorded the name {name!r}")
    own = _NAME.fullmatch(migration.name)
    if own is None or own[4] == "rs" or checksum is None or encoding.problem(migration.raw) is not None:
        return AppliedRow(note="edited or not is unknown: koonj cannot compute the checksum")
    if own[3] != name:
        return AppliedRow(State.EDITED, f"refinery has recorded the name {name!r}, which is in its checksum")
    version, text = int(migration.version), migration.text
    if not any(checksum == checksums.refinery(own[3], version, text, wide=wide) for wide in _widths(version)):
        return AppliedRow(State.EDITED, "its checksum is not the one that refinery has recorded")
    return AppliedRow()


def _widths(version: int) -> tuple[bool, ...]:
    """Return with which versions the program can be built: of 64 bits or of 32. No table says it."""
    return (False, True) if version < 2**31 else (True,)


def _in_any_order(status: MigrationStatus) -> MigrationStatus:
    """Return the status; a file with U is pending where another one would be late."""
    if status.state is not State.LATE:
        return status
    if not status.name.startswith(_ANY_TIME):
        return replace(status, note=f"{status.note}, so refinery stops with an error")
    return replace(status, state=State.PENDING, note=f"{status.note}; refinery runs it, because of its U")


def _named(listing: FolderListing) -> Iterator[tuple[str, str]]:
    """Yield path and version of each file."""
    for name in listing.names:
        if (found := _NAME.fullmatch(_base(name))) is not None:
            yield name, found[2]


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _migration(listing: FolderListing, number: int, name: str) -> ToolMigration:
    """Return the migration of a version. One in Rust has no text. Raises: FileRefused."""
    is_code = name.endswith(".rs")
    stem = _base(name).rpartition(".")[0]
    return tool_migration(
        tool=_TOOL,
        name=_base(name),
        version=str(number),
        number=number,
        folder=listing.places,
        up=Part(name, b"" if is_code else listing.raw(name)),
        words=" ".join(stem.partition("__")[2].replace("_", " ").split()),
        refused=(_CODE,) if is_code else (),
        none_reason="refinery has no rollbacks",
    )


def _second(other: str) -> Problem:
    return tool_warning(
        f"{other} has the same version, so refinery refuses the folder.",
        "Give one of them another version.",
    )


_NO_VERSION = tool_warning(
    "refinery cannot read the version: it must be one number.",
    "Versions are numbers without dots: V3__name.sql.",
)
_CODE = tool_error(
    "koonj cannot read it: it is written in Rust.",
    "refinery runs it; koonj shows only its state.",
)

LAYOUT = Refinery()
