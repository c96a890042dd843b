"""Where a run is, from its own events: what is committed, and what is running."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from koonj.runner.run.direction import Direction
from koonj.runner.run.events import (
    Event,
    MigrationFailed,
    MigrationFinished,
    MigrationProbed,
    MigrationStarted,
    PlanMade,
    RunStarted,
    StatementFinished,
    StatementStarted,
)
from koonj.runner.run.planned import Plan


@dataclass(frozen=True, slots=True)
class RunPlace:
    """Where a run is, as far as its events have told."""

    direction: Direction = Direction.APPLY
    settles: str = ""
    """File name of the interrupted migration that the run settles; empty for an apply or a rollback."""
    plan: Plan | None = None
    done: int = 0
    """Number of migrations that are committed."""
    migration: MigrationStarted | None = None
    """Migration that is running."""
    statement: StatementStarted | None = None
    """Statement that is running."""

    def after(self, event: Event) -> RunPlace:
        """Return the place after `event`."""
        changes = _changes(self, event)
        return replace(self, **changes) if changes else self


def _changes(place: RunPlace, event: Event) -> Mapping[str, Any]:
    changes: Mapping[str, Any] = {}
    match event:
        case RunStarted():
            changes = {"direction": event.direction, "settles": event.settles}
        case PlanMade():
            changes = {"plan": event.plan}
        case MigrationStarted():
            changes = {"migration": event, "statement": None}
        case StatementStarted():
            changes = {"statement": event}
        case StatementFinished():
            changes = {"statement": None}
        case MigrationFinished():
            changes = {"migration": None, "statement": None, "done": place.done + 1}
        case MigrationProbed() | MigrationFailed():
            changes = {"migration": None, "statement": None}
    return changes
