"""goose: one file for each migration, ``N_name.sql``, with ``-- +goose Up`` and ``-- +goose Down``.

Source: goose 520411a, migrate.go and internal/sqlparser/parser.go; histories that it wrote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.goose_text import GooseText, read_goose_text
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.line_messages import how_it_runs
from koonj.migrations.layouts.table_name import table_name
from koonj.migrations.layouts.tool_history import BOOLEAN, INTEGER, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import Part, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import same_number, tool_error, tool_warning
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.sql.problem import Problem

_NAME = re.compile(r"\+?([0-9]+)_(.*)\.(sql|go)", re.DOTALL)
_LARGEST = 2**63 - 1
_UP = re.compile(r"^--[- \t]*\+goose[ \t]*(?i:up)[- \t\r]*$", re.MULTILINE)
_DOWN = re.compile(r"^--[- \t]*\+goose[ \t]*(?i:down)[- \t\r]*$", re.MULTILINE)
_TABLE = re.compile(r"""^(?:export[ \t]+)?GOOSE_TABLE[ \t]*=[ \t]*(['"]?)(\S+?)\1[ \t]*\r?$""", re.MULTILINE)
_COLUMNS = MappingProxyType({"id": INTEGER, "version_id": INTEGER, "is_applied": BOOLEAN})


class Goose:
    """The layout of goose. The version is the number at the start of the name."""

    name = "goose"
    record = Record.ROW

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by the marker in a file whose name starts with a number."""
        marked = any(
            _UP.search(listing.text(name)) for name in listing.top if name.endswith(".sql") and _number(name)
        )
        return Evidence(Strength.MARKER, f"{listing.shown}/*.sql with '-- +goose Up'") if marked else None

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read the files by number. Migrations in Go are listed, and cannot be run."""
        migrations: dict[int, ToolMigration] = {}
        problems: list[tuple[str, Problem]] = []
        for name in listing.top:
            number = _number(name)
            if number is None:
                if name.endswith(".sql"):
                    problems.append((name, _NO_NUMBER))
            elif name.endswith("_test.go"):
                continue
            elif number in migrations:
                problems.append((name, same_number(migrations[number].name, "goose")))
            else:
                try:
                    migrations[number] = _migration(listing, name, number)
                except FileRefused as refused:
                    problems.append((name, refused.problem))
        return ToolFiles(tuple(migrations[number] for number in sorted(migrations)), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the one table: goose_db_version, or the one that GOOSE_TABLE of ``.env`` names."""
        written = _TABLE.search(listing.configuration(".env") or "")
        schema, name = (table_name(written[2]) if written else None) or (None, "goose_db_version")
        return (HistoryTable("history", name, _COLUMNS, "layouts/goose/history", schema),)

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states: the newest row of a version decides. goose stores no checksum."""
        known = {migration.version for migration in migrations}
        rows = {}
        for version, is_applied in history.of("history"):
            if is_applied and version > 0:
                rows[str(version)] = AppliedRow()
            elif str(version) in known:
                rows[str(version)] = AppliedRow(State.PENDING, _ROW_OF_A_ROLLBACK)
        return states_by_version(migrations, rows, key=int)


def _number(name: str) -> int | None:
    """Return the number at the start of a name; None if goose takes it for no migration."""
    found = _NAME.fullmatch(name)
    number = int(found[1]) if found and len(found[1]) < 4000 else 0
    return number if 0 < number <= _LARGEST else None


def _migration(listing: FolderListing, name: str, number: int) -> ToolMigration:
    """Return the migration of one file. Raises: FileRefused."""
    raw = listing.raw(name)
    text = raw.decode("utf-8", "replace")
    is_code = name.endswith(".go")
    read = GooseText() if is_code else read_goose_text(text)
    up = None if is_code else _UP.search(text)
    down = None if up is None else _DOWN.search(text, up.end())
    runs_up, refused_up = how_it_runs(text, read.up, "+goose", in_transaction=read.in_transaction)
    runs_down, refused_down = how_it_runs(text, read.down, "+goose", in_transaction=read.in_transaction)
    refused = (_CODE if is_code else read.problem) or refused_up or refused_down
    start = len(text) if up is None else up.start()
    words = name.partition("_")[2].removesuffix(".sql").removesuffix(".go")
    return tool_migration(
        tool="goose",
        name=name,
        version=str(number),
        number=number,
        folder=listing.places,
        up=Part(name, raw, start, None if down is None else down.start(), runs_up),
        down=None if down is None else Part(name, raw, down.start(), None, runs_down),
        refused=() if refused is None else (refused,),
        words=" ".join(words.replace("_", " ").split()),
    )


_ROW_OF_A_ROLLBACK = (
    "its newest row in the history says that it is not applied; 'goose status' shows it as pending, but "
    "'goose up' does not run it, because it has a row"
)
_CODE = tool_error(
    "This migration is a program in Go. koonj shows its state and cannot run it.",
    "Run it with goose.",
)
_NO_NUMBER = tool_warning(
    "The name has no number before its first '_', so goose refuses the folder.",
    "Rename it to N_name.sql, or move it out of the folder.",
)


LAYOUT = Goose()
