"""States of Liquibase's changesets, from the rows of its history.

Source: Liquibase 4.28.0, ChangeSet.isCheckSumValid, ShouldRunChangeSetFilter, RanChangeSet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from koonj.migrations.layouts.liquibase_changelog import Changeset, read_changelog
from koonj.migrations.layouts.liquibase_changeset import SEPARATOR, runs_on_postgresql, version_of
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State

FORM = "9:"
"""How checksums of the form start that koonj can compute."""
_ANY = frozenset({"any", "1:any", "1:all", "1:*"})
_NOT_RUN = {
    "MARK_RAN": "Liquibase has marked it as run and has not run it",
    "SKIPPED": "Liquibase has skipped it and takes it as run",
}
_Place = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class LiquibaseRow:
    """A row of history.sql."""

    id: str
    author: str
    path: str
    exectype: str
    checksum: str | None

    @property
    def version(self) -> str:
        """The identity of its changeset."""
        return version_of(self.path, self.id, self.author)


def liquibase_states(
    migrations: Sequence[ToolMigration], history: ToolHistory
) -> tuple[MigrationStatus, ...]:
    """Return the states. A row without a changeset stands after the last changeset that ran before it."""
    rows = liquibase_rows(history)
    waits = _lock_note(history)
    ran: dict[str, AppliedRow] = {}
    place: dict[str, _Place] = {one.version: (number, 0, 0) for number, one in enumerate(migrations)}
    of_row = matched_rows(migrations, rows)
    last = -1
    for number, row in enumerate(rows):
        migration = of_row.get(row)
        if migration is not None:
            last = place[migration.version][0]
            ran[migration.version] = _judged(migration, row, waits)
        else:
            place[row.version] = (last, 1, number)
            ran[row.version] = AppliedRow(
                State.FAILED if row.exectype == "FAILED" else State.APPLIED, name=row.version
            )
    never_late = {one.name: ran[one.version].note for one in of_row.values()}
    for migration in migrations:
        if migration.version not in ran:
            others = _other_databases(migration)
            ran[migration.version] = AppliedRow(State.PENDING, others or waits)
            if others:
                never_late[migration.name] = others
    statuses = states_by_version(migrations, ran, key=place.__getitem__)
    placed: list[MigrationStatus] = []
    for one in statuses:
        if one.migration is None:
            placed.append(replace(one, number=placed[-1].number if placed else 0))
        elif one.state is State.LATE and one.name in never_late:
            placed.append(replace(one, state=State.PENDING, note=never_late[one.name]))
        else:
            placed.append(one)
    return tuple(placed)


def liquibase_rows(history: ToolHistory) -> list[LiquibaseRow]:
    """Return the rows of the history, in the order in which they were written."""
    return [LiquibaseRow(*row) for row in history.of("history")]


def matched_rows(
    migrations: Sequence[ToolMigration], rows: Sequence[LiquibaseRow]
) -> Mapping[LiquibaseRow, ToolMigration]:
    """Return the changeset of each row: that of its id and author whose file the recorded path means."""
    same: dict[tuple[str, str], list[LiquibaseRow]] = {}
    for row in rows:
        same.setdefault((row.id, row.author), []).append(row)
    found: dict[LiquibaseRow, ToolMigration] = {}
    for one in migrations:
        path, id_, author = one.version.rsplit(SEPARATOR, 2)
        for row in same.get((id_, author), ()):
            if _is_path_of(row.path, one, path):
                found[row] = one
    return found


def _is_path_of(recorded: str, migration: ToolMigration, path: str) -> bool:
    """Return whether a recorded path means the file. `path`: what the file or the changeset says it is."""
    wanted = path_parts(recorded)
    if path != migration.up.file:
        return wanted == path_parts(path)
    full = path_parts(str(migration.path))
    return bool(wanted) and full[-len(wanted) :] == wanted


def path_parts(path: str) -> tuple[str, ...]:
    """Return the parts of a path as Liquibase records it: without ``classpath:`` or ``./`` before it."""
    plain = path.replace("\\", "/").removeprefix("classpath:").removeprefix("file:")
    return tuple(part for part in PurePosixPath(plain).parts if part not in {"/", "."})


def changeset_of(migration: ToolMigration) -> Changeset:
    """Return the changeset of a migration, with what its lines say."""
    return read_changelog(migration.text[migration.up.start : migration.up.end]).changesets[0]


def _judged(migration: ToolMigration, row: LiquibaseRow, waits: str) -> AppliedRow:
    """Return what a row says about its changeset."""
    if row.exectype == "FAILED":
        return AppliedRow(State.FAILED, "Liquibase has recorded that it failed, and does not run it again")
    judged = _compared(migration, row)
    if judged.state is State.PENDING:
        return replace(judged, note=_joined(judged.note, waits))
    return replace(judged, note=_joined(_NOT_RUN.get(row.exectype, ""), judged.note))


def _compared(migration: ToolMigration, row: LiquibaseRow) -> AppliedRow:
    """Return the state that the recorded checksum means."""
    changeset = changeset_of(migration)
    if changeset.is_on("runAlways"):
        return AppliedRow(State.PENDING, "it was applied; Liquibase runs it again each time")
    if row.checksum is None:
        return AppliedRow(note=_NO_CHECKSUM)
    accepted = {value.lower() for value in changeset.valid}
    if migration.checksum == row.checksum or accepted & (_ANY | {row.checksum, migration.checksum}):
        return AppliedRow()
    if not row.checksum.startswith(FORM) or not migration.checksum:
        return AppliedRow(note=_OTHER_FORM)
    if changeset.is_on("runOnChange"):
        return AppliedRow(State.PENDING, "changed since it was applied, so Liquibase runs it again")
    return AppliedRow(State.EDITED, "its checksum is not the one that Liquibase has recorded")


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _other_databases(migration: ToolMigration) -> str:
    """Return that a changeset is only for other databases, in words; empty if it is not."""
    changeset = changeset_of(migration) if migration.refused else None
    if changeset is None or runs_on_postgresql(changeset):
        return ""
    return f"only for {changeset.option('dbms')}, so Liquibase does not run it here"


def _lock_note(history: ToolHistory) -> str:
    """Return who holds the lock, as a note for what is pending; empty if nobody does."""
    held = next(iter(history.of("lock")), None)
    if held is None:
        return ""
    who, since = held
    return f"Liquibase's lock is held by {who or 'somebody'} since {since or 'an unknown time'}"


_NO_CHECKSUM = "edited or not is unknown: Liquibase has recorded no checksum, and accepts any text"
_OTHER_FORM = "edited or not is unknown: koonj cannot compute the checksum that Liquibase has recorded"
