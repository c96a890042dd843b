"""Which migrations a request means, and what must be decided first. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from koonj.migrations.act import Act, Action
from koonj.migrations.folder import Folder
from koonj.migrations.state import Entry, State
from koonj.runner.events import Direction, Obstacle
from koonj.runner.request import Extent, Request
from koonj.sql.blocks import Mode
from koonj.sql.problem import Problem, Severity

RUNNABLE = frozenset({State.PENDING, State.LATE, State.DUPLICATE, State.FAILED, State.INTERRUPTED})
"""States from which an apply can go up."""

DECISIONS = {
    State.LATE: (
        "is pending, but a later one is applied already",
        "Renumber it, or apply it out of order: --allow late --reason '…'",
    ),
    State.EDITED: (
        "was changed after it was applied",
        "Put the file back as it was and write a new migration; or accept the new text as what ran: "
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

    entries: tuple[Entry, ...]
    """In the order in which they run."""
    obstacles: tuple[Obstacle, ...]


def select(entries: Sequence[Entry], acts: Sequence[Act], request: Request) -> Selection:
    """Choose, and say what stands in the way."""
    unknown = _unknown_number(entries, request)
    if request.direction is Direction.APPLY:
        chosen = _cut_up([e for e in entries if _can_go_up(e)], request)
        stops = [e for e in entries if e.state in DECISIONS and not e.accepted]
        errors = [o for e in chosen for o in _errors(e)]
        return Selection(chosen, (*unknown, *map(_decision, stops), *errors))
    chosen = _cut_down(_newest_first(entries, acts), request)
    stops = [e for e in chosen if _stops_rollback(e) and not e.accepted]
    return Selection(chosen, (*unknown, *map(_decision, stops)))


def _can_go_up(entry: Entry) -> bool:
    return entry.migration is not None and not entry.applied and entry.state in RUNNABLE


def _can_go_down(entry: Entry) -> bool:
    """Applied; or run outside one transaction and stopped, so that it can have left something."""
    if entry.applied:
        return True
    stopped = entry.state in (State.FAILED, State.INTERRUPTED)
    return stopped and entry.migration is not None and entry.migration.shape.mode is Mode.STEPS


def _stops_rollback(entry: Entry) -> bool:
    """Rolling back is itself the decision about an interrupted apply, not about an interrupted rollback."""
    if entry.state is State.INTERRUPTED:
        return entry.act is not None and entry.act.action is Action.ROLLBACK
    return entry.state in (State.EDITED, State.MISSING)


def _cut_up(entries: Sequence[Entry], request: Request) -> tuple[Entry, ...]:
    if request.extent is Extent.UP_TO and request.number is not None:
        return tuple(e for e in entries if e.number <= request.number)
    return tuple(entries[:1] if request.extent is Extent.NEXT else entries)


def _cut_down(entries: Sequence[Entry], request: Request) -> tuple[Entry, ...]:
    if request.extent is Extent.UP_TO and request.number is not None:
        return tuple(e for e in entries if e.number > request.number)
    return tuple(entries[:1] if request.extent is Extent.NEXT else entries)


def _newest_first(entries: Sequence[Entry], acts: Sequence[Act]) -> list[Entry]:
    """What was applied last is taken back first, whatever its number."""
    latest = {act.name: act.id for act in acts if act.action in (Action.APPLY, Action.ADOPT)}
    down = [entry for entry in entries if _can_go_down(entry)]
    return sorted(down, key=lambda entry: (latest.get(entry.name, 0), entry.number), reverse=True)


def _unknown_number(entries: Sequence[Entry], request: Request) -> tuple[Obstacle, ...]:
    """Zero is below every migration: it is known."""
    if request.extent is not Extent.UP_TO or request.number in {0, *(e.number for e in entries)}:
        return ()
    message = f"There is no migration with the number {request.number}."
    return (
        Obstacle("", "unknown number", message, "Look at the numbers with koonj status.", can_allow=False),
    )


def _decision(entry: Entry) -> Obstacle:
    meaning, hint = DECISIONS[entry.state]
    return Obstacle(entry.name, entry.state.value, f"{entry.name} {meaning}.", hint, can_allow=True)


def _errors(entry: Entry) -> Iterable[Obstacle]:
    """Errors in the file of a migration that would run."""
    if entry.migration is None:
        return ()
    return problems_as_obstacles(entry.migration.shown_path, entry.name, entry.migration.problems)


def problems_as_obstacles(file: str, name: str, problems: Iterable[Problem]) -> tuple[Obstacle, ...]:
    """Errors stop a run, and no word lets them pass: the file must be mended."""
    return tuple(
        Obstacle(
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


def folder_obstacles(folder: Folder) -> tuple[Obstacle, ...]:
    """A file that koonj refuses to read or to run may be the one that has to come first.

    Numbers used twice are left to the states: they matter while one of the two is pending.
    """
    serious = ((name, problem) for name, problem in folder.problems if problem.code != "duplicate-number")
    return tuple(o for name, problem in serious for o in problems_as_obstacles(name, name, (problem,)))


def _where(file: str, problem: Problem) -> str:
    place = (file, problem.line, problem.column)
    return ":".join(str(part) for part in place if part is not None)
