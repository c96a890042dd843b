"""A clock that only the pauses of a run move, so that a test of a long wait takes no time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import ModuleType

import pytest

from koonj.runner.run.run import Control


@dataclass
class Clock:
    """Seconds since the start of the test, as the run counts them."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)

    async def pause(self, control: Control, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)
        await asyncio.sleep(0)
        control.check()


def clock_of_pauses(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> Clock:
    """Return a clock that the pauses of every run move, and that `modules` read."""
    clock = Clock()
    for module in modules:
        monkeypatch.setattr(module, "monotonic", lambda: clock.now)

    async def pause(control: Control, seconds: float) -> None:
        await clock.pause(control, seconds)

    monkeypatch.setattr(Control, "pause", pause)
    return clock
