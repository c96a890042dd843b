"""Select the migrations of a request, and find the conflicts that stop it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from koonj.migrations.history_entry import Action, HistoryEntry
from koonj.migrations.history_summary import summaries
from koonj.migrations.names import TO_LIST, no_migration
from koonj.migrations.state_rules import MigrationStatus, State
from koonj.runner.plan.folder_conflicts import problems_as_conflicts
from koonj.runner.plan.resume import ran_in_steps
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.request import Extent, Request
from koonj.sql.transactions import Mode

UNKNOWN_NUMBER = "unknown_number"
"""State of the conflict that no migration has the requested number."""

RUNNABLE = frozenset({State.PENDING, State.LATE, State.DUPLICATE, State.FAILED, State.INTERRUPTED})
"""States of migrations that an apply can run."""

DECISIONS = {
    State.LATE: (
        "is pending, but a migration with a higher number is already applied",
        "Give it the next free number: koonj renumber {name}; or apply it out of order: "
        "--allow late --reason '…'",
    ),
    State.EDITED: (
        "was changed after it was applied",
        "Put the change in a new migration and restore the file: koonj new --from-edit {name}{target}; or "
        "record the edited text as the one that ran: --allow edited --reason '…'",
    ),
    State.MISSING: (
        "is applied, but its file is missing",
        "Restore the file: koonj restore {name}{target}; or continue without it: "
        "--allow missing --reason '…'",
    ),
    State.RENAMED: (
        "is applied under another file name",
        "Restore its name: koonj restore {name}{target}; or record the new name, and do not run it again: "
        "--allow renamed --reason '…'",
    ),
    State.DUPLICATE: (
        "has the same number as another migration",
        "Give it the next free number: koonj renumber {name}; or apply both, in the order of their names: "
        "--allow duplicate --reason '…'",
    ),
    State.INTERRUPTED: (
        "was started, but koonj has no record that it finished",
        "To see what is known, and to decide, run: koonj settle",
    ),
}
"""States that stop a run until the user decides: meaning and hint of each. ``{name}`` is the file's name,
``{target}`` the option that names the target."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Migrations that a request selects on one target, and the conflicts."""

    statuses: tuple[MigrationStatus, ...]
    """Selected migrations, in the order in which they run."""
    conflicts: tuple[Conflict, ...]


def select(
    statuses: Sequence[MigrationStatus], entries: Sequence[HistoryEntry], request: Request
) -> Selection:
    """Select the migrations that a request would run, and find the conflicts."""
    unknown = _unknown_number(statuses, request)
    if unknown:
        return Selection((), unknown)
    if request.direction is Direction.APPLY:
        selected = _limit_apply([s for s in statuses if _can_apply(s)], request)
        undecided = [s for s in statuses if s.state in DECISIONS and not s.allowed]
        errors = [conflict for s in selected for conflict in _errors(s)]
        return Selection(selected, (*map(_state_conflict, undecided), *errors))
    selected = _limit_rollback(_newest_first(statuses, entries), request)
    undecided = [s for s in selected if _stops_rollback(s) and not s.allowed]
    return Selection(selected, tuple(map(_state_conflict, undecided)))


def _can_apply(status: MigrationStatus) -> bool:
    return status.migration is not None and not status.applied and status.state in RUNNABLE


def _can_roll_back(status: MigrationStatus) -> bool:
    """Return whether a migration is applied, or can have committed statements."""
    if status.applied:
        return True
    if status.state not in (State.FAILED, State.INTERRUPTED) or status.migration is None:
        return False
    return status.migration.shape.mode is Mode.SEVERAL or ran_in_steps(status, Direction.APPLY)


def _stops_rollback(status: MigrationStatus) -> bool:
    """Return whether a state stops a rollback.

    An interrupted apply does not: the rollback is the user's decision about it. An interrupted rollback does.
    """
    if status.state is State.INTERRUPTED:
        return status.last_entry is not None and status.last_entry.action is Action.ROLLBACK
    return status.state in (State.EDITED, State.MISSING, State.RENAMED)


def _limit_apply(statuses: Sequence[MigrationStatus], request: Request) -> tuple[MigrationStatus, ...]:
    if request.extent is Extent.UP_TO and request.number is not None:
        return tuple(s for s in statuses if s.number <= request.number)
    return tuple(statuses[:1] if request.extent is Extent.NEXT else statuses)


def _limit_rollback(statuses: Sequence[MigrationStatus], request: Request) -> tuple[MigrationStatus, ...]:
    if request.extent is Extent.UP_TO and request.number is not None:
        return tuple(s for s in statuses if s.number > request.number)
    return tuple(statuses[:1] if request.extent is Extent.NEXT else statuses)


def _newest_first(
    statuses: Sequence[MigrationStatus], entries: Sequence[HistoryEntry]
) -> list[MigrationStatus]:
    """Return the migrations that can be rolled back, the last applied one first."""
    latest = {entry.name: entry.id for entry in entries if entry.action in (Action.APPLY, Action.ADOPT)}
    ran = ((name, summary.ran) for name, summary in summaries(entries).items())
    latest |= {name: entry.id for name, entry in ran if entry is not None}
    latest |= {s.name: latest.get(s.renamed_from, 0) for s in statuses if s.renamed_from}
    candidates = [status for status in statuses if _can_roll_back(status)]
    return sorted(candidates, key=lambda status: (latest.get(status.name, 0), status.number), reverse=True)


def _unknown_number(statuses: Sequence[MigrationStatus], request: Request) -> tuple[Conflict, ...]:
    """Return a conflict if no migration has the requested number.

    0 is valid: it is below all numbers.
    """
    if request.extent is not Extent.UP_TO or request.number is None:
        return ()
    if request.number in {0, *(s.number for s in statuses)}:
        return ()
    message = no_migration(request.number)
    return (Conflict("", UNKNOWN_NUMBER, message, TO_LIST, can_allow=False),)


def _state_conflict(status: MigrationStatus) -> Conflict:
    meaning, hint = DECISIONS[status.state]
    if status.renamed_from:
        meaning = f"is {status.renamed_from} under another name, which is applied"
    can_allow = status.state is not State.INTERRUPTED
    message, hint = f"{status.name} {meaning}.", hint.replace("{name}", status.name)
    return Conflict(status.name, status.state.value, message, hint, can_allow=can_allow)


def _errors(status: MigrationStatus) -> Iterable[Conflict]:
    """Return the errors in the file of a migration that would run, as conflicts."""
    if status.migration is None:
        return ()
    path_of = status.migration.path_of
    return (
        conflict
        for problem in status.migration.problems
        for conflict in problems_as_conflicts(path_of(problem), status.name, (problem,))
    )
