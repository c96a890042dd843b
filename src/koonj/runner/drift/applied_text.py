"""Which text put each applied migration into the target: its file, or the recorded one. No database here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from koonj.migrations.edits import compare
from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import Action, HistoryEntry
from koonj.migrations.history_summary import Standing, standings
from koonj.migrations.migration import Migration
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.state_rules import State, states
from koonj.sql.transactions import Mode


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    """One migration whose body is in the target."""

    entry: HistoryEntry
    """The apply or adopt that put it there."""
    file: Migration | None
    """None: there is none any more."""
    is_what_ran: bool
    """The file's statements are those that ran, or count as such; else the recorded text is wanted."""
    note: str = ""
    """Why the file is not what ran, or counts as it all the same; empty where there is nothing to say."""


def choices(folder: Folder, entries: Sequence[HistoryEntry]) -> tuple[AppliedMigration, ...]:
    """The applied ones, in the order in which they were applied. Parses the files whose bytes are others."""
    files = {migration.name: migration for migration in folder.migrations}
    found = (_choice(files.get(name), standing) for name, standing in standings(entries).items())
    return tuple(sorted((c for c in found if c is not None), key=lambda choice: choice.entry.id))


def _choice(file: Migration | None, standing: Standing) -> AppliedMigration | None:
    ran = standing.ran
    if ran is None:
        return None
    if file is None:
        return AppliedMigration(ran, None, is_what_ran=False, note="has no file any more")
    state, decision = compare(file, ran, standing.decisions)
    if decision is not None and decision.statements_hash != ran.statements_hash:
        note = "was edited since, and the edit was allowed: the file is compared"
        return AppliedMigration(ran, file, is_what_ran=True, note=note)
    if state is not State.EDITED:
        return AppliedMigration(ran, file, is_what_ran=True)
    if ran.action is Action.ADOPT:
        note = "was edited since it was adopted: the file is compared"
        return AppliedMigration(ran, file, is_what_ran=True, note=note)
    return AppliedMigration(ran, file, is_what_ran=False, note="was edited since")


def partial_notes(folder: Folder, entries: Sequence[HistoryEntry]) -> tuple[str, ...]:
    """A sentence for each migration of which the target may hold a part."""
    return tuple(_partial(states(folder, entries)))


def _partial(statuses: Iterable[MigrationStatus]) -> Iterator[str]:
    for status in statuses:
        if status.state is State.INTERRUPTED or (status.state is State.FAILED and _may_have_left(status)):
            rollback = status.last_entry is not None and status.last_entry.action is Action.ROLLBACK
            what = f"The rollback of {status.name}" if rollback else status.name
            ended = "failed" if status.state is State.FAILED else "was interrupted"
            yield f"{what} {ended}: the target may hold only a part of it."


def _may_have_left(status: MigrationStatus) -> bool:
    """Can an attempt that failed have left something? Not one in a single transaction."""
    if (
        status.applied
        or status.migration is None
        or status.last_entry is None
        or status.last_entry.statements_done > 0
    ):
        return True
    return status.migration.shape.mode is not Mode.ONE_TRANSACTION
