"""Compute the state of each migration from the files and the history entries.

No function here uses a database.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from koonj.migrations.edits import compare, line_ends_note
from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import INTERRUPTED, Action, HistoryEntry, Outcome
from koonj.migrations.history_summary import HistorySummary, summaries
from koonj.migrations.migration import Migration
from koonj.migrations.migration_status import DECISIVE, MigrationStatus
from koonj.migrations.names import number_of
from koonj.migrations.renames import move_renamed
from koonj.migrations.states import State

__all__ = ["MigrationStatus", "State", "counts", "problems_of", "progress_words", "states"]


@dataclass(frozen=True, slots=True)
class _OtherMigrations:
    """Facts about the other migrations that the state of one migration depends on."""

    twins: Mapping[int, int]
    """Number of files for each migration number."""
    highest: int
    """Highest applied number, -1 if no migration is applied."""
    highest_name: str
    texts: Mapping[str, str]
    """Name of an applied migration, by the hash of the file that ran."""
    unusable: Mapping[str, str]
    """Why a file that exists cannot be used, by file name."""


def states(folder: Folder, entries: Sequence[HistoryEntry]) -> tuple[MigrationStatus, ...]:
    """Return the status of every file and of every applied migration without a file.

    Sorted by number, then name. Only files whose bytes differ from the history are parsed, so 10,000 applied
    migrations take milliseconds.
    """
    known = summaries(entries)
    renames = move_renamed(folder, known)
    others = _other_migrations(folder, known)
    nothing = HistorySummary()
    statuses = [
        _renamed(_of_file(m, known.pop(m.name, nothing), others), renames.get(m.name, ""))
        for m in folder.migrations
    ]
    gone = (_without_file(name, summary, others) for name, summary in known.items())
    statuses.extend(status for status in gone if status is not None)
    return tuple(sorted(statuses, key=lambda e: (e.number, e.name)))


def counts(statuses: Iterable[MigrationStatus]) -> Mapping[State, int]:
    """Return the number of migrations in each state; states without any have 0."""
    found = Counter(status.state for status in statuses)
    return {state: found[state] for state in State}


def problems_of(statuses: Iterable[MigrationStatus]) -> tuple[MigrationStatus, ...]:
    """Return the conflicts for the user: migrations in a `DECISIVE` state that does not end by itself."""
    return tuple(
        s
        for s in statuses
        if s.state in DECISIVE and s.state is not State.RUNNING and not (s.allowed or s.continues)
    )


def _other_migrations(folder: Folder, known: Mapping[str, HistorySummary]) -> _OtherMigrations:
    applied = ((number_of(name), name) for name, summary in known.items() if summary.applied)
    highest, name = max(applied, default=(-1, ""))
    unusable = {name: problem.message for name, problem in folder.problems if problem.code in _UNUSABLE}
    twins = Counter(m.number for m in folder.migrations)
    texts = {s.ran.file_hash: n for n, s in known.items() if s.ran is not None}
    return _OtherMigrations(twins, highest, name, texts, unusable)


_UNUSABLE = frozenset({"unreadable", "leaves-folder"})


def _of_file(migration: Migration, summary: HistorySummary, others: _OtherMigrations) -> MigrationStatus:
    """Return the status of a migration that has a file."""
    attempt, dropped = _attempt(summary, migration)
    if attempt is not None and _cut_off(attempt):
        status = _stopped(migration.name, migration, summary, attempt)
    elif summary.ran is not None and attempt is None:
        status = _applied(migration, summary, summary.ran)
    elif attempt is not None and (summary.applied or attempt.statements_done > 0):
        status = _stopped(migration.name, migration, summary, attempt)
    else:
        status = _not_applied(migration, summary, attempt, others)
    return _noted(status, dropped)


def _renamed(status: MigrationStatus, origin: str) -> MigrationStatus:
    """Return the status of a renamed file until the user allows its new name."""
    if not origin:
        return status
    note = _join(f"{origin} was renamed to {status.name}", status.note)
    return replace(status, state=State.RENAMED, allowed=False, note=note, renamed_from=origin)


def _without_file(name: str, summary: HistorySummary, others: _OtherMigrations) -> MigrationStatus | None:
    """Return the status of a migration without a file.

    None if nothing of it is in the database.
    """
    attempt, dropped = _attempt(summary, None)
    if attempt is not None and (
        _cut_off(attempt) or attempt.statements_done > 0 or attempt.action is Action.ROLLBACK
    ):
        status = _stopped(name, None, summary, attempt)
        status = _with_note(status, others.unusable.get(name, "its file is missing"))
    elif summary.ran is not None:
        decision = summary.decision_on(State.MISSING, summary.ran)
        note = _join(others.unusable.get(name, ""), _allowed(decision))
        status = MigrationStatus(
            number_of(name),
            name,
            State.MISSING,
            None,
            summary.ran,
            applied=True,
            allowed=bool(decision),
            note=note,
        )
    else:
        return None
    return _noted(status, dropped)


def _attempt(
    summary: HistorySummary, migration: Migration | None
) -> tuple[HistoryEntry | None, HistoryEntry | None]:
    """Return the attempt that decides the state, and a later rollback without effect.

    A rollback in one transaction that failed changed nothing, so the earlier state still holds.
    """
    attempts = list(summary.attempts)
    dropped = None
    while attempts and _changed_nothing(attempts[-1], migration):
        dropped = dropped or attempts[-1]
        attempts.pop()
    return (attempts[-1] if attempts else None), dropped


def _changed_nothing(entry: HistoryEntry, migration: Migration | None) -> bool:
    """Return whether the entry is a failed rollback in one transaction.

    Outside one transaction, even a statement that is not counted may have an effect (an INVALID index). The
    history entry does not say which case it was; the rollback in the file does.
    """
    failed = (
        entry.action is Action.ROLLBACK and entry.outcome is Outcome.FAILED and entry.statements_done == 0
    )
    shape = migration.rollback_shape if failed and migration is not None else None
    if shape is None:
        return False
    from koonj.sql.transactions import Mode, might_commit  # noqa: PLC0415 - few states need the parser

    if shape.mode is not Mode.ONE_TRANSACTION:
        return False
    # A CALL can have committed a part before it failed, if the file has no BEGIN around it.
    return shape.wrapped or not any(might_commit(s) for step in shape.steps for s in step.statements)


def _cut_off(entry: HistoryEntry) -> bool:
    return entry.outcome is Outcome.STARTED


def _applied(migration: Migration, summary: HistorySummary, ran: HistoryEntry) -> MigrationStatus:
    """Return the status of a file whose body is in the database: unchanged, or edited."""
    state, decision = compare(migration, ran, summary.decisions)
    note = line_ends_note(migration, ran) if state is State.COSMETIC else ""
    return MigrationStatus(
        migration.number,
        migration.name,
        state,
        migration,
        ran,
        applied=True,
        allowed=decision is not None,
        note=_join(note, _allowed(decision)),
    )


def _stopped(
    name: str, migration: Migration | None, summary: HistorySummary, entry: HistoryEntry
) -> MigrationStatus:
    """Return the status after an apply or rollback that stopped before its end.

    It was cut off, or it failed and committed something.
    """
    state = State.INTERRUPTED if _cut_off(entry) else State.FAILED
    decision = summary.decision_on(state, entry)
    changed = (
        "" if migration is None or migration.file_hash == entry.file_hash else "the file has changed since"
    )
    return MigrationStatus(
        number_of(name),
        name,
        state,
        migration,
        entry,
        applied=summary.applied,
        allowed=decision is not None,
        note=_join(progress_words(entry), changed, _allowed(decision)),
    )


def _not_applied(
    migration: Migration, summary: HistorySummary, failed: HistoryEntry | None, others: _OtherMigrations
) -> MigrationStatus:
    """Return the state of a migration that is not applied.

    A conflict comes first: neither a failure nor an earlier decision about something else hides it.
    """
    through = summary.through
    stops = [state for state, holds in _stops(migration, others) if holds]
    decisions = {state: summary.decision_on(state, through) for state in stops}
    undecided = [state for state in stops if decisions[state] is None]
    usual = [State.FAILED] if failed is not None else [*stops, State.PENDING]
    state = (undecided or usual)[0]
    decision = decisions.get(state)
    return MigrationStatus(
        migration.number,
        migration.name,
        state,
        migration,
        failed or through,
        applied=False,
        allowed=decision is not None,
        note=_join(
            f"{others.highest_name} is already applied" if State.LATE in stops else "",
            progress_words(failed) if failed is not None else "",
            _copy(others.texts.get(migration.file_hash)),
            _allowed(decision),
        ),
    )


def _copy(applied: str | None) -> str:
    return "" if applied is None else f"{applied} has the same text and is applied"


def _stops(migration: Migration, others: _OtherMigrations) -> tuple[tuple[State, bool], ...]:
    return (
        (State.DUPLICATE, others.twins[migration.number] > 1),
        (State.LATE, migration.number < others.highest),
    )


def progress_words(entry: HistoryEntry) -> str:
    """Describe how far an attempt came, as far as the history tells."""
    what, least = "the rollback" if entry.action is Action.ROLLBACK else "the apply", ""
    if _cut_off(entry):
        ending, least = "was started, but koonj has no record that it finished", "at least "
    elif entry.error == INTERRUPTED:
        ending = "was interrupted"
    else:
        ending = f"failed: {_one_line(entry.error)}" if entry.error else "failed"
    done = f"{least}{entry.statements_done} of {entry.statements_total}"
    return f"{what} {ending} ({done} statements committed)"


def _one_line(error: str) -> str:
    """Return a recorded error in one line. The second one says who was in the way."""
    return ". ".join(line.rstrip(".") for line in error.splitlines() if line.strip())


def _noted(status: MigrationStatus, dropped: HistoryEntry | None) -> MigrationStatus:
    """Add a note about a failed rollback that changed nothing."""
    if dropped is None:
        return status
    error = f": {dropped.error}" if dropped.error else ""
    return _with_note(status, f"a rollback failed and changed nothing{error}")


def _with_note(status: MigrationStatus, note: str) -> MigrationStatus:
    return replace(status, note=_join(status.note, note))


def _allowed(decision: HistoryEntry | None) -> str:
    if decision is None:
        return ""
    return f"allowed: {decision.reason}" if decision.reason else "allowed"


def _join(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
