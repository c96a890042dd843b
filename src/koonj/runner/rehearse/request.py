"""What is to be rehearsed, and from which start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from koonj.config import Target
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.state_rules import State


@dataclass(frozen=True, slots=True)
class RehearsalRequest:
    """One rehearsal, as asked for."""

    names: tuple[str, ...] | None = None
    """File names, in any order; None: the whole folder."""
    major: int | None = None
    """Of the PostgreSQL to rehearse on; None: the one that is found first."""
    like: Target | None = None
    """Begin from this target's real schema; None: from nothing, with all earlier files."""
    applied: frozenset[str] = frozenset()
    """With `like`: what that target holds already, which is not applied again."""
    database: str = ""
    """The name of the target's database, where files name it; empty where it is not known."""
    target_major: int | None = None
    """Of the target where this is to run; another one's verdict is said to be another one's."""
    again: bool = False
    """Rehearse also what has a verdict already."""
    known_only: bool = False
    """Rehearse nothing: give the verdicts that there are."""


WANTED = frozenset(
    {State.PENDING, State.LATE, State.DUPLICATE, State.FAILED, State.EDITED, State.ROLLBACK_EDITED}
)
"""States in which a migration is rehearsed unless others are named: it will be run, or was not run so."""


def wanted(statuses: Iterable[MigrationStatus]) -> tuple[str, ...]:
    """Every pending and every edited migration of a target: those that a rehearsal is worth most for."""
    return tuple(e.name for e in statuses if e.migration is not None and e.state in WANTED)
