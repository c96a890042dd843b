"""dbmate: one file for each migration, with ``-- migrate:up`` and ``-- migrate:down``.

Source: dbmate f3e08f1, pkg/dbmate/migration.go and db.go; histories that dbmate 2.37.0 wrote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.tool_history import TEXT, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import Part, Runs, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_error, tool_warning
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.sql.problem import Problem

_NAME = re.compile(r"([0-9]+).*\.sql", re.DOTALL)
_UP = re.compile(r"^--[^\S\n]*migrate:up(?:[^\S\n]*$|[^\S\n]+\S+)", re.MULTILINE)
_DOWN = re.compile(r"^--[^\S\n]*migrate:down(?:[^\S\n]*$|[^\S\n]+\S+)", re.MULTILINE)
_ABOVE = re.compile(r"(?:[^\S\n]*(?:--[^\n]*)?\n)*")
"""What dbmate allows above the first marker: empty lines and comments of one line."""
_NO_TRANSACTION = re.compile(r"\btransaction:false\b")
_HISTORY = HistoryTable(
    "history", "schema_migrations", MappingProxyType({"version": TEXT}), "layouts/dbmate/history"
)


class Dbmate:
    """The layout of dbmate. The version is the number at the start of the name; names are sorted as text."""

    name = "dbmate"
    record = Record.ROW

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by the marker in a file whose name starts with a number."""
        marked = any(_UP.search(listing.text(name)) for name in listing.top if _NAME.fullmatch(name))
        words = f"{listing.shown}/*.sql with '-- migrate:up'"
        return Evidence(Strength.MARKER, words) if marked else None

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read all files of the folder itself whose names start with a number."""
        migrations: list[ToolMigration] = []
        problems: list[tuple[str, Problem]] = []
        for name in listing.top:
            if (named := _NAME.fullmatch(name)) is None:
                continue
            try:
                read = _migration(listing, name, named[1])
            except FileRefused as refused:
                problems.append((name, refused.problem))
            else:
                migrations.append(read)
        return ToolFiles(tuple(migrations), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the one table: schema_migrations, whose only column is the version."""
        return (_HISTORY,)

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states: a migration is applied if its version has a row. dbmate stores no checksum."""
        rows = {str(version): AppliedRow() for (version,) in history.of("history")}
        return states_by_version(migrations, rows, key=str)


def _migration(listing: FolderListing, name: str, version: str) -> ToolMigration:
    """Return the migration of one file. Raises: FileRefused."""
    raw = listing.raw(name)
    text = raw.decode("utf-8", "replace")
    up, down = _UP.search(text), _DOWN.search(text)
    if up is None:
        raise FileRefused(_refused("no '-- migrate:up'"))
    if down is None:
        raise FileRefused(_refused("no '-- migrate:down'"))
    if down.start() < up.start():
        raise FileRefused(_refused("'-- migrate:down' before '-- migrate:up'"))
    if _ABOVE.fullmatch(text, 0, up.start()) is None:
        raise FileRefused(_refused("statements above '-- migrate:up'"))
    return tool_migration(
        tool="dbmate",
        name=name,
        version=version,
        number=int(version),
        folder=listing.places,
        up=Part(name, raw, up.start(), down.start(), _runs(text, up.start())),
        down=Part(name, raw, down.start(), None, _runs(text, down.start())),
        refused=() if _UP.search(text, down.start()) is None else (_SEVERAL,),
        words=" ".join(name.removesuffix(".sql").removeprefix(version).replace("_", " ").split()),
    )


def _runs(text: str, marker: int) -> Runs:
    line = text[marker:].partition("\n")[0]
    return Runs.ONE_QUERY if _NO_TRANSACTION.search(line) else Runs.TRANSACTION


def _refused(what: str) -> Problem:
    return tool_warning(
        f"The file has {what}, so dbmate refuses it.",
        "Write the part that applies it below '-- migrate:up', and the other one below '-- migrate:down'.",
    )


_SEVERAL = tool_error(
    "The file has several '-- migrate:up' blocks. koonj cannot read them yet: it shows the first one.",
    "Write a file for each block.",
)

LAYOUT = Dbmate()
