"""A confirmed run before it starts: this process, or one of its own, can carry it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from koonj.runner.run.events import PlanMade, RunStarted

if TYPE_CHECKING:
    from koonj.postgres.connector import Connector
    from koonj.runner.run.run import Run


@dataclass(frozen=True, slots=True)
class MovableRun:
    """What a process needs to carry out a run, and to write its journal."""

    started: RunStarted
    plan: PlanMade | None
    """The plan that was confirmed; None if the run is not an apply or a rollback."""
    folder: Path
    """The migrations."""
    carry_out: Callable[[Connector], Run]
    """Return the run. It starts when its events are read, and its first event is not a `RunStarted`."""
