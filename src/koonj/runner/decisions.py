"""What a request means once everything that it allows is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from koonj.migrations.act import Act
from koonj.migrations.folder import Folder
from koonj.migrations.state import Entry, states
from koonj.runner.accept import Decision, as_act
from koonj.runner.request import Request
from koonj.runner.selection import Selection, select


@dataclass(frozen=True, slots=True)
class Decided:
    """The states, what is selected, and the decisions that led there."""

    entries: tuple[Entry, ...]
    selection: Selection
    decisions: tuple[Decision, ...]


def decide(folder: Folder, acts: Sequence[Act], request: Request) -> Decided:
    """Decide, look again, until nothing that is allowed is undecided.

    A decision can uncover another one: a migration that is a duplicate and late has two things to be decided,
    and shows one at a time.
    """
    known = list(acts)
    decisions: list[Decision] = []
    while True:
        entries = states(folder, known)
        selection = select(entries, known, request)
        fresh = _allowed(entries, selection, request, {decision.key for decision in decisions})
        if not fresh:
            return Decided(entries, selection, tuple(decisions))
        decisions.extend(fresh)
        next_id = 1 + max((act.id for act in known), default=0)
        known.extend(as_act(d, next_id + n, request.reason or "") for n, d in enumerate(fresh))


def _allowed(
    entries: Sequence[Entry], selection: Selection, request: Request, already: set[tuple[str, str]]
) -> list[Decision]:
    by_name = {entry.name: entry for entry in entries}
    return [
        Decision(by_name[obstacle.name], obstacle)
        for obstacle in selection.obstacles
        if obstacle.can_allow
        and obstacle.state in request.allow
        and (obstacle.name, obstacle.state) not in already
    ]
