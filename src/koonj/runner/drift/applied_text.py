"""Decide for each applied migration: run its file, or the recorded text?

Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from koonj.migrations.edits import compare
from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import Action, HistoryEntry
from koonj.migrations.history_summary import HistorySummary, summaries
from koonj.migrations.migration import Migration
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.state_rules import State, states
from koonj.runner.target.migration_use import might_be_partial
from koonj.sql.fingerprint import has_line_ends


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    """A migration that is applied on the target."""

    entry: HistoryEntry
    """The history entry of its apply or adopt."""
    file: Migration | None
    """None if the file is missing."""
    use_file: bool
    """Whether the file has the statements that ran, or counts as such; else the recorded text is needed.

    False without a `note` if they can differ in line ends inside a string or a function body.
    """
    note: str = ""
    """Clause that says how the file differs from what ran, and why it counts nevertheless; or empty.

    It continues the name of the file.
    """


def applied_migrations(folder: Folder, entries: Sequence[HistoryEntry]) -> tuple[AppliedMigration, ...]:
    """Return the applied migrations in the order in which they were applied.

    Parses the files whose bytes differ from those that ran.
    """
    files = {migration.name: migration for migration in folder.migrations}
    migrations = (
        _applied_migration(files.get(name), summary) for name, summary in summaries(entries).items()
    )
    return tuple(
        sorted(
            (applied for applied in migrations if applied is not None), key=lambda applied: applied.entry.id
        )
    )


def _applied_migration(file: Migration | None, summary: HistorySummary) -> AppliedMigration | None:
    entry = summary.ran
    if entry is None:
        return None
    if file is None:
        return AppliedMigration(entry, None, use_file=False, note="has no file")
    state, decision = compare(file, entry, summary.decisions)
    if decision is not None and decision.statements_hash != entry.statements_hash:
        note = "was edited after it ran, and the edit was allowed; koonj compares the file"
        return AppliedMigration(entry, file, use_file=True, note=note)
    if state is not State.EDITED:
        # PostgreSQL stores the line ends of a function body, and the hash in the history does not tell them.
        same = file.file_hash == entry.file_hash or not has_line_ends(file.sections.body)
        return AppliedMigration(entry, file, use_file=same or entry.action is Action.ADOPT)
    if entry.action is Action.ADOPT:
        note = "was edited after it was adopted; koonj compares the file"
        return AppliedMigration(entry, file, use_file=True, note=note)
    return AppliedMigration(entry, file, use_file=False, note="was edited after it ran")


def partial_notes(folder: Folder, entries: Sequence[HistoryEntry]) -> tuple[str, ...]:
    """Return a sentence for each migration that might be partly applied on the target."""
    return tuple(_partial_sentences(states(folder, entries)))


def _partial_sentences(statuses: Iterable[MigrationStatus]) -> Iterator[str]:
    for status in statuses:
        if status.state is State.INTERRUPTED or (status.state is State.FAILED and might_be_partial(status)):
            rollback = status.last_entry is not None and status.last_entry.action is Action.ROLLBACK
            subject = f"The rollback of {status.name}" if rollback else status.name
            outcome = "failed" if status.state is State.FAILED else "was interrupted"
            yield f"{subject} {outcome}, so the target might contain only a part of it."
