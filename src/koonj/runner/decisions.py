"""What a request means once everything that it allows is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from koonj.migrations.act import HistoryEntry
from koonj.migrations.folder import Folder
from koonj.migrations.state import MigrationStatus, states
from koonj.runner.allow import Decision, as_history_entry
from koonj.runner.request import Request
from koonj.runner.selection import Selection, select


@dataclass(frozen=True, slots=True)
class DecidedSelection:
    """The states, what is selected, and the decisions that led there."""

    statuses: tuple[MigrationStatus, ...]
    selection: Selection
    decisions: tuple[Decision, ...]


def decide(folder: Folder, entries: Sequence[HistoryEntry], request: Request) -> DecidedSelection:
    """Decide, look again, until nothing that is allowed is undecided.

    A decision can uncover another one: a migration that is a duplicate and late has two things to be decided,
    and shows one at a time.
    """
    known = list(entries)
    decisions: list[Decision] = []
    while True:
        statuses = states(folder, known)
        selection = select(statuses, known, request)
        fresh = _allowed(statuses, selection, request, {decision.key for decision in decisions})
        if not fresh:
            return DecidedSelection(statuses, selection, tuple(decisions))
        decisions.extend(fresh)
        next_id = 1 + max((entry.id for entry in known), default=0)
        known.extend(as_history_entry(d, next_id + n, request.reason or "") for n, d in enumerate(fresh))


def _allowed(
    statuses: Sequence[MigrationStatus], selection: Selection, request: Request, already: set[tuple[str, str]]
) -> list[Decision]:
    by_name = {status.name: status for status in statuses}
    return [
        Decision(by_name[conflict.name], conflict)
        for conflict in selection.conflicts
        if conflict.can_allow
        and conflict.state in request.allow
        and (conflict.name, conflict.state) not in already
    ]
