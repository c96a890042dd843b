"""An event of the run on one of several targets."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.runner.run.events import Event


@dataclass(frozen=True, slots=True)
class TargetEvent(Event):
    """An event of the run on one target. In JSON, it is that event with a key `target`."""

    target: str
    event: Event
