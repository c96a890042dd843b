"""A confirmed run before it starts: this process, or one of its own, can carry it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from koonj.runner.run.events import Event
from koonj.runner.run.fleet_events import Started

if TYPE_CHECKING:
    from koonj.postgres.connector import Connector
    from koonj.postgres.kept_passwords import KeptPasswords
    from koonj.runner.run.run import Run


@dataclass(frozen=True, slots=True)
class MovableRun:
    """What a process needs to carry out a run, and to write its journal."""

    started: Started
    shown: tuple[Event, ...]
    """The plan that was confirmed, or those of several targets; empty if the run settles an interruption."""
    folder: Path
    """The migrations."""
    carry_out: Callable[[Connector], Run]
    """Return the run. It starts when its events are read, and it does not repeat `started` and `shown`."""
    passwords: KeptPasswords | None = None
    """Those that were read for the plan, so that nobody is asked again; None: there are none."""
