"""What a request means once everything that it allows is decided, and what history will hold of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from koonj import __version__
from koonj.migrations.act import Act, Action, Outcome
from koonj.migrations.folder import Folder
from koonj.migrations.state import Entry, states
from koonj.runner.events import Obstacle
from koonj.runner.request import Request
from koonj.runner.selection import Selection, select


@dataclass(frozen=True, slots=True)
class Decision:
    """An obstacle that this run was told to pass."""

    entry: Entry
    obstacle: Obstacle

    @property
    def key(self) -> tuple[str, str]:
        """What was decided about what: file name and state."""
        return self.entry.name, self.obstacle.state


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


def as_act(decision: Decision, act_id: int, reason: str) -> Act:
    """The act that history will hold once the decision is written."""
    file_hash, statements_hash, rollback_hash = hashes_of(decision.entry)
    now = datetime.now(UTC)
    return Act(
        id=act_id,
        name=decision.entry.name,
        action=Action.ACCEPT,
        outcome=Outcome.DONE,
        file_hash=file_hash,
        statements_hash=statements_hash,
        rollback_hash=rollback_hash,
        statements_done=0,
        statements_total=0,
        started=now,
        finished=now,
        reason=reason,
        accepted=decision.obstacle.state,
        error=None,
        sqlstate=None,
        transaction_id=None,
        database_role="",
        os_user="",
        host="",
        version=__version__,
        run_id="",
    )


def hashes_of(entry: Entry) -> tuple[str, str, str]:
    """Hashes of file, statements and rollback: of the file as it is now, or, if it is gone, as recorded."""
    if entry.migration is not None:
        prints = entry.migration.fingerprints
        return prints.file, prints.statements, prints.rollback
    if entry.act is not None:
        return entry.act.file_hash, entry.act.statements_hash, entry.act.rollback_hash
    return "", "", ""
