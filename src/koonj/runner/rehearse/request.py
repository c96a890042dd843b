"""Define what to rehearse, and on which schema."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from koonj.config import Target
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.state_rules import State


@dataclass(frozen=True, slots=True)
class RehearsalRequest:
    """Options of a rehearsal."""

    names: tuple[str, ...] | None = None
    """File names, in any order; None: all files of the folder."""
    major: int | None = None
    """Major version of the PostgreSQL to rehearse on; None: the first one that koonj finds."""
    like: Target | None = None
    """Start from a copy of this target's schema; None: from an empty database, with all earlier files."""
    applied: frozenset[str] = frozenset()
    """With `like`: names of the migrations that are applied there and are not applied again."""
    database: str = ""
    """Name of the target's database, for files that contain it; empty if unknown."""
    target_major: int | None = None
    """Major version of the target; if the scratch server has a different one, a note reports it."""
    again: bool = False
    """Also rehearse migrations that have a cached verdict."""
    cached_only: bool = False
    """Rehearse nothing, and return only cached verdicts."""


REHEARSED_STATES = frozenset(
    {State.PENDING, State.LATE, State.DUPLICATE, State.FAILED, State.EDITED, State.ROLLBACK_EDITED}
)
"""States in which a migration is rehearsed by default: pending, or edited since it ran."""


def names_to_rehearse(statuses: Iterable[MigrationStatus]) -> tuple[str, ...]:
    """Return the file names of all pending and edited migrations of a target."""
    return tuple(e.name for e in statuses if e.migration is not None and e.state in REHEARSED_STATES)
