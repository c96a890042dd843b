"""Supabase CLI: ``supabase/migrations/20240101000001_users.sql``. The history stores the statements.

Source: supabase/cli 1d1e719, pkg/migration (list.go, file.go, apply.go) and pkg/parser; histories that
2.117.0 wrote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.supabase_statements import SPACE
from koonj.migrations.layouts.tool_history import TEXT, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import Part, Runs, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_note, tool_warning
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.sql.problem import Problem

_NAME = re.compile(r"([0-9]+)_(.*)\.sql")
_OLD_INIT = re.compile(r"([0-9]{14})_init\.sql")
_FIRST_VERSION = "20211209000000"
"""A first file NNN_init.sql that is older than this day was made by an old CLI, and is not run."""
_BETWEEN = re.compile(f"[;{SPACE}]*")
"""What the tool cuts off a statement: semicolons, and what Go's unicode.IsSpace has."""
_SCHEMA, _TABLE = "supabase_migrations", "schema_migrations"
_TABLES = (
    HistoryTable(
        "history",
        _TABLE,
        MappingProxyType({"version": TEXT, "name": TEXT, "statements": frozenset({"_text"})}),
        "layouts/supabase/history",
        _SCHEMA,
    ),
    HistoryTable(
        "history",
        _TABLE,
        MappingProxyType({"version": TEXT}),
        "layouts/supabase/history_of_versions",
        _SCHEMA,
    ),
)


class Supabase:
    """The layout of the Supabase CLI. The version is the number of the name; names are sorted as text."""

    name = "supabase"
    record = Record.ROW

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by its place: the tool knows no other."""
        around = listing.path.parent
        if listing.path.name != "migrations" or around.name != "supabase":
            return None
        if not (around / "config.toml").exists():
            return None
        return Evidence(Strength.TOOL_FOLDER, "supabase/config.toml")

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read all files of the folder itself whose names are NNN_name.sql."""
        migrations: dict[str, ToolMigration] = {}
        problems: list[tuple[str, Problem]] = []
        for name in listing.top:
            named = _NAME.fullmatch(name)
            if named is None:
                if name.lower().endswith(".sql"):
                    problems.append((name, _OTHER_NAME))
            elif _is_skipped(listing, name):
                problems.append((name, _SKIPPED))
            elif named[1] in migrations:
                problems.append((name, _second(migrations[named[1]].name)))
            else:
                try:
                    raw = listing.raw(name)
                except FileRefused as refused:
                    problems.append((name, refused.problem))
                    continue
                migrations[named[1]] = tool_migration(
                    tool=self.name,
                    name=name,
                    version=named[1],
                    number=int(named[1]),
                    folder=listing.places,
                    up=Part(name, raw, runs=Runs.TRANSACTION_IF_ALLOWED),
                    words=" ".join(named[2].replace("_", " ").split()),
                    none_reason="Supabase has no rollbacks",
                )
        return ToolFiles(tuple(migrations.values()), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the one table, whose schema and name are fixed, in its two forms."""
        return _TABLES

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states. A file is edited if its text is not that of the recorded statements."""
        files = {migration.version: migration for migration in migrations}
        rows: dict[str, AppliedRow] = {}
        for version, name, statements in history.of("history"):
            migration = files.get(version)
            is_same = statements is None or migration is None or _is_text_of(migration.up.text, statements)
            rows[version] = AppliedRow(
                State.APPLIED if is_same else State.EDITED,
                "" if is_same else "the file has other statements than those that supabase has run",
                f"{version}_{name}.sql" if name else "",
            )
        return states_by_version(migrations, rows, key=str)


def _is_text_of(text: str, statements: Sequence[str]) -> bool:
    """Return whether a text consists of these statements, each as ``length:SHA-256``, in this order.

    Only what the tool cuts off can be between them, so that its way to split a text does not matter.
    """
    place = 1 if text.startswith("\ufeff") else 0
    for statement in statements:
        length, _, digest = statement.partition(":")
        place = _after(text, place)
        end = place + int(length)
        if sha256(text[place:end].encode()).hexdigest() != digest:
            return False
        place = end
    return _after(text, place) == len(text)


def _after(text: str, place: int) -> int:
    """Return the place after all that is cut off between two statements."""
    found = _BETWEEN.match(text, place)
    return found.end() if found else place


def _is_skipped(listing: FolderListing, name: str) -> bool:
    """Return whether it is the first file of the folder, of an old CLI. The tool counts hidden files, too."""
    init = _OLD_INIT.fullmatch(name)
    if init is None or init[1] >= _FIRST_VERSION:
        return False
    return min(entry.name for entry in listing.path.iterdir()) == name


_OTHER_NAME = tool_note(
    "The name is not NNN_name.sql, so supabase passes over the file.",
    "Give it such a name, or move it to another folder.",
)
_SKIPPED = tool_note(
    f"The first file is named init and is older than {_FIRST_VERSION}, so supabase passes over it.",
    "Give it another name if it is a migration.",
)


def _second(first: str) -> Problem:
    return tool_warning(
        f"{first} has the same version, so supabase cannot record both.",
        "Give one of them another version.",
    )


LAYOUT = Supabase()
