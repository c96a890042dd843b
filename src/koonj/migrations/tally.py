"""How many migrations of a target are applied, are pending, and are conflicts: the one definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from koonj.humanize import count
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.state_rules import problems_of
from koonj.migrations.states import State
from koonj.sql.display import spaced


@dataclass(frozen=True, slots=True)
class Tally:
    """Numbers of migrations on a target. Each one is either applied or pending; some are conflicts, too."""

    applied: int = 0
    """Their body is in the database, in any state: also edited, missing, or half rolled back."""
    pending: int = 0
    """Not applied, in any state: also late, failed or interrupted."""
    conflicts: int = 0
    """They stop a run until the user decides."""

    @staticmethod
    def of(statuses: Collection[MigrationStatus]) -> Tally:
        """Count the migrations."""
        pending = pending_of(statuses)
        return Tally(len(statuses) - pending, pending, len(problems_of(statuses)))


def pending_of(statuses: Iterable[MigrationStatus]) -> int:
    """Return the number of migrations that are not applied, in any state."""
    return sum(not status.applied for status in statuses)


def tally_words(statuses: Collection[MigrationStatus]) -> str:
    """Return the numbers, such as ``13 applied (1 edited), 2 pending (1 late), 2 conflicts``; no zeros."""
    tally = Tally.of(statuses)
    conflicts = (count(tally.conflicts, "conflict"),) if tally.conflicts else ()
    return ", ".join((*_part(statuses, State.APPLIED), *_part(statuses, State.PENDING), *conflicts))


def _part(statuses: Collection[MigrationStatus], usual: State) -> Iterator[str]:
    """Yield the number of migrations that are applied, or pending, and in parentheses the unusual states."""
    found = Counter(s.state for s in statuses if s.applied is (usual is State.APPLIED))
    if found:
        others = ", ".join(f"{found[s]} {spaced(s)}" for s in State if s is not usual and found[s])
        yield f"{found.total()} {usual}{f' ({others})' if others else ''}"
