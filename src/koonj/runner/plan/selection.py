"""Which migrations a request means, and what must be decided first. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import Action, HistoryEntry
from koonj.migrations.state_rules import MigrationStatus, State
from koonj.runner.run.events import Conflict, Direction
from koonj.runner.run.request import Extent, Request
from koonj.sql.problem import Problem, Severity
from koonj.sql.transactions import Mode

RUNNABLE = frozenset({State.PENDING, State.LATE, State.DUPLICATE, State.FAILED, State.INTERRUPTED})
"""States from which an apply can go up."""

DECISIONS = {
    State.LATE: (
        "is pending, but a later one is applied already",
        "Renumber it, or apply it out of order: --allow late --reason '…'",
    ),
    State.EDITED: (
        "was changed after it was applied",
        "Put the file back as it was and write a new migration; or allow the new text as what ran: "
        "--allow edited --reason '…'",
    ),
    State.MISSING: (
        "is applied, but its file is gone",
        "Bring the file back; or go on without it: --allow missing --reason '…'",
    ),
    State.DUPLICATE: (
        "has a number that another migration has too",
        "Renumber one of them; or apply both, in the order of their names: --allow duplicate --reason '…'",
    ),
    State.INTERRUPTED: (
        "was started and its end was not recorded",
        "Look at what its next statement did. Then go on with that statement: "
        "--allow interrupted --reason '…'; or take back what it left: koonj rollback",
    ),
}
"""States that stop a run until a person decides: what they mean, and what can be done."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a request means on one target."""

    statuses: tuple[MigrationStatus, ...]
    """In the order in which they run."""
    conflicts: tuple[Conflict, ...]


def select(
    statuses: Sequence[MigrationStatus], entries: Sequence[HistoryEntry], request: Request
) -> Selection:
    """Choose, and say what stands in the way."""
    unknown = _unknown_number(statuses, request)
    if request.direction is Direction.APPLY:
        chosen = _cut_up([e for e in statuses if _can_go_up(e)], request)
        stops = [e for e in statuses if e.state in DECISIONS and not e.allowed]
        errors = [o for e in chosen for o in _errors(e)]
        return Selection(chosen, (*unknown, *map(_decision, stops), *errors))
    chosen = _cut_down(_newest_first(statuses, entries), request)
    stops = [e for e in chosen if _stops_rollback(e) and not e.allowed]
    return Selection(chosen, (*unknown, *map(_decision, stops)))


def _can_go_up(status: MigrationStatus) -> bool:
    return status.migration is not None and not status.applied and status.state in RUNNABLE


def _can_go_down(status: MigrationStatus) -> bool:
    """Applied; or run outside one transaction and stopped, so that it can have left something."""
    if status.applied:
        return True
    stopped = status.state in (State.FAILED, State.INTERRUPTED)
    return stopped and status.migration is not None and status.migration.shape.mode is Mode.SEVERAL


def _stops_rollback(status: MigrationStatus) -> bool:
    """Rolling back is itself the decision about an interrupted apply, not about an interrupted rollback."""
    if status.state is State.INTERRUPTED:
        return status.last_entry is not None and status.last_entry.action is Action.ROLLBACK
    return status.state in (State.EDITED, State.MISSING)


def _cut_up(statuses: Sequence[MigrationStatus], request: Request) -> tuple[MigrationStatus, ...]:
    if request.extent is Extent.UP_TO and request.number is not None:
        return tuple(e for e in statuses if e.number <= request.number)
    return tuple(statuses[:1] if request.extent is Extent.NEXT else statuses)


def _cut_down(statuses: Sequence[MigrationStatus], request: Request) -> tuple[MigrationStatus, ...]:
    if request.extent is Extent.UP_TO and request.number is not None:
        return tuple(e for e in statuses if e.number > request.number)
    return tuple(statuses[:1] if request.extent is Extent.NEXT else statuses)


def _newest_first(
    statuses: Sequence[MigrationStatus], entries: Sequence[HistoryEntry]
) -> list[MigrationStatus]:
    """What was applied last is taken back first, whatever its number."""
    latest = {entry.name: entry.id for entry in entries if entry.action in (Action.APPLY, Action.ADOPT)}
    down = [status for status in statuses if _can_go_down(status)]
    return sorted(down, key=lambda status: (latest.get(status.name, 0), status.number), reverse=True)


def _unknown_number(statuses: Sequence[MigrationStatus], request: Request) -> tuple[Conflict, ...]:
    """Zero is below every migration: it is known."""
    if request.extent is not Extent.UP_TO or request.number in {0, *(e.number for e in statuses)}:
        return ()
    message = f"There is no migration with the number {request.number}."
    return (
        Conflict("", "unknown_number", message, "Look at the numbers with koonj status.", can_allow=False),
    )


def _decision(status: MigrationStatus) -> Conflict:
    meaning, hint = DECISIONS[status.state]
    return Conflict(status.name, status.state.value, f"{status.name} {meaning}.", hint, can_allow=True)


def _errors(status: MigrationStatus) -> Iterable[Conflict]:
    """Errors in the file of a migration that would run."""
    if status.migration is None:
        return ()
    return problems_as_conflicts(status.migration.shown_path, status.name, status.migration.problems)


def problems_as_conflicts(file: str, name: str, problems: Iterable[Problem]) -> tuple[Conflict, ...]:
    """Errors stop a run, and no word lets them pass: the file must be mended."""
    return tuple(
        Conflict(
            name,
            problem.code,
            f"{_where(file, problem)}: {problem.message}",
            problem.hint,
            can_allow=False,
            line=problem.line,
            column=problem.column,
        )
        for problem in problems
        if problem.severity is Severity.ERROR
    )


def folder_conflicts(folder: Folder) -> tuple[Conflict, ...]:
    """A file that koonj refuses to read or to run may be the one that has to come first.

    Numbers used twice are left to the states: they matter while one of the two is pending.
    """
    serious = ((name, problem) for name, problem in folder.problems if problem.code != "duplicate-number")
    return tuple(o for name, problem in serious for o in problems_as_conflicts(name, name, (problem,)))


def _where(file: str, problem: Problem) -> str:
    place = (file, problem.line, problem.column)
    return ":".join(str(part) for part in place if part is not None)
