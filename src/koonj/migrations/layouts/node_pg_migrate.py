"""node-pg-migrate: ``N_name.sql`` with ``-- Up Migration`` and ``-- Down Migration``, or programs.

Source: node-pg-migrate 9.0.0, src/migration.ts, src/sqlMigration.ts, src/runner.ts; histories it wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.node_pg_migrate_names import (
    SCRIPTS,
    has_dependency,
    number_in,
    script_options,
    sort_key,
)
from koonj.migrations.layouts.tool_history import INTEGER, TEXT, TIME, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import Part, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_error, tool_warning
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.sql.problem import Problem

_MARKER = r"(?:^|(?<=[\r\u2028\u2029]))[\s\ufeff]*--[\s-]*{}\s+migration"
_UP = re.compile(_MARKER.format("up"), re.IGNORECASE | re.MULTILINE)
_DOWN = re.compile(_MARKER.format("down"), re.IGNORECASE | re.MULTILINE)
_COLUMNS = MappingProxyType({"id": INTEGER, "name": TEXT, "run_on": TIME})
_UP_FILE, _DOWN_FILE = ".up.sql", ".down.sql"


class NodePgMigrate:
    """The layout of node-pg-migrate. The version is the file name without its last extension."""

    name = "node-pg-migrate"
    record = Record.ROW

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by the dependency in package.json, or by the marker in a file."""
        names = [name for name in listing.top if number_in(name) is not None]
        scripts = [name for name in names if name.endswith((".sql", *SCRIPTS))]
        if (scripts or not listing.top) and has_dependency(listing):
            return Evidence(Strength.TOOL_FILE, "package.json with node-pg-migrate")
        if any(_UP.search(listing.text(name)) for name in names if name.endswith(".sql")):
            return Evidence(Strength.MARKER, f"{listing.shown}/*.sql with '-- Up Migration'")
        return None

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read the files of the folder itself by number. Programs are listed, and cannot be run."""
        rollbacks = _rollbacks(listing)
        migrations: list[ToolMigration] = []
        problems: list[tuple[str, Problem]] = []
        numbered = [name for name in listing.top if number_in(name) is not None]
        problems += ((name, _NO_NUMBER) for name in listing.top if number_in(name) is None)
        paired = frozenset(rollbacks.values())
        for name in sorted(numbered, key=sort_key):
            if name in paired:
                continue
            if not name.endswith((".sql", *SCRIPTS)):
                problems.append((name, _UNKNOWN_KIND))
                continue
            if rollbacks and name.endswith(_DOWN_FILE):
                problems.append((name, _NO_BODY))
                continue
            try:
                migrations.append(_migration(listing, name, rollbacks))
            except FileRefused as refused:
                problems.append((name, refused.problem))
        return ToolFiles(tuple(migrations), tuple(sorted(problems, key=lambda found: found[0])))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the one table: pgmigrations, or the one that a script of package.json names."""
        table, schema = script_options(listing)
        query = "layouts/node_pg_migrate/history"
        return (HistoryTable("history", table or "pgmigrations", _COLUMNS, query, schema),)

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states: a file is applied if its name has a row. The first out of order has a note."""
        names = [str(name) for (name,) in history.of("history")]
        rows = {name: AppliedRow() for name in names}
        for name, migration in zip(names, migrations, strict=False):
            if name != migration.version:
                state = State.APPLIED if migration.version in rows else State.PENDING
                rows[migration.version] = AppliedRow(state, _OUT_OF_ORDER.format(name))
                break
        return states_by_version(migrations, rows, key=sort_key)


def _rollbacks(listing: FolderListing) -> Mapping[str, str]:
    """Return the file with the rollback by that with the body; empty if the folder has no such pair.

    The command makes a migration of each of the two files, so it applies the rollback before the body. A
    program can tell node-pg-migrate to pair them: a folder with a pair is taken for one of such a program.
    """
    names = set(listing.top)
    bodies = (name for name in names if name.endswith(_UP_FILE) and number_in(name) is not None)
    pairs = ((name, name.removesuffix(_UP_FILE) + _DOWN_FILE) for name in bodies)
    return {body: rollback for body, rollback in pairs if rollback in names}


def _migration(listing: FolderListing, name: str, rollbacks: Mapping[str, str]) -> ToolMigration:
    """Return the migration of one file, or of a pair. Raises: FileRefused."""
    raw = listing.raw(name)
    is_program = not name.endswith(".sql")
    version = name.rpartition(".")[0]
    if is_program:
        up, down = Part(name, raw, len(raw.decode("utf-8", "replace"))), None
    elif rollbacks and name.endswith(_UP_FILE):
        version = version.removesuffix(".up")
        rollback = rollbacks.get(name)
        up, down = Part(name, raw), Part(rollback, listing.raw(rollback)) if rollback else None
    else:
        up, down = _halves(name, raw)
    return tool_migration(
        tool="node-pg-migrate",
        name=name,
        version=version,
        number=number_in(name) or 0,
        folder=listing.places,
        up=up,
        down=down,
        refused=(_PROGRAM,) if is_program else (),
        words=" ".join(version.lstrip("0123456789").replace("_", " ").replace("-", " ").split()),
    )


def _halves(name: str, raw: bytes) -> tuple[Part, Part | None]:
    """Return body and rollback of a file. Without the marker of the body, the whole file is the body."""
    text = raw.decode("utf-8", "replace")
    up, down = _UP.search(text), _DOWN.search(text)
    if up is None:
        return Part(name, raw), None if down is None else Part(name, raw, down.start())
    if down is None:
        return Part(name, raw, up.start()), None
    if down.start() < up.start():
        return Part(name, raw, up.start()), Part(name, raw, down.start(), up.start())
    return Part(name, raw, up.start(), down.start()), Part(name, raw, down.start())


_OUT_OF_ORDER = "node-pg-migrate refuses 'up', because {} is recorded in the place of this file"
_PROGRAM = tool_error(
    "This migration is a program. koonj shows its state and cannot run it.",
    "Run it with node-pg-migrate.",
)
_NO_NUMBER = tool_warning(
    "The name has no number at its start, so node-pg-migrate refuses the folder, if no option ignores it.",
    "Move it out of the folder.",
)
_UNKNOWN_KIND = tool_warning(
    "It is neither SQL nor a program, so node-pg-migrate refuses the folder, if no option ignores it.",
    "Move it out of the folder.",
)
_NO_BODY = tool_warning(
    "There is no file with the same name and '.up.sql', so node-pg-migrate refuses the folder.",
    "Add the file with the body, or delete this one.",
)

LAYOUT = NodePgMigrate()
