"""Which migrations a request means, and what must be decided first. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from koonj.migrations.act import Act, Action, Outcome
from koonj.migrations.state import Entry, State
from koonj.runner.events import Direction, Obstacle
from koonj.runner.request import Extent, Request
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
    if request.direction is Direction.APPLY:
        chosen = _cut_up(tuple(e for e in entries if _can_go_up(e)), request)
        stops = [e for e in entries if e.state in DECISIONS and not e.accepted and not _will_go_down(e)]
        found = [*_unknown_number(entries, request), *map(_decision, stops)]
        found += [o for e in chosen for o in _errors_of(e)]
    else:
        chosen = _cut_down(_newest_first(entries, acts), request)
        stops = [e for e in chosen if e.state in (State.EDITED, State.MISSING) and not e.accepted]
        stops += [e for e in chosen if e.state is State.INTERRUPTED and _last_was_rollback(e)]
        found = [*_unknown_number(entries, request), *map(_decision, stops)]
    return Selection(chosen, tuple(found))


def _can_go_up(entry: Entry) -> bool:
    return entry.migration is not None and not entry.applied and entry.state in RUNNABLE


def _will_go_down(entry: Entry) -> bool:
    """A rollback that stopped half way: to apply over it is no decision that a word can allow."""
    return False


def _last_was_rollback(entry: Entry) -> bool:
    return entry.act is not None and entry.act.action is Action.ROLLBACK


def _cut_up(entries: tuple[Entry, ...], request: Request) -> tuple[Entry, ...]:
    if request.extent is Extent.NEXT:
        return entries[:1]
    if request.extent is Extent.UP_TO:
        return tuple(e for e in entries if request.number is not None and e.number <= request.number)
    return entries
