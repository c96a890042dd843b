"""A run whose server never stops sending does not keep the screen from its other work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

from koonj.config import Target
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, Notice, RunFinished, RunResult
from koonj.runner.run.request import Request
from koonj.runner.run.run import Control, Run
from koonj.tui.state.snapshot import Snapshot
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.runs import RunControl
from support.pilot import PatientPilot

EVENTS = 5_000


async def test_other_tasks_have_a_turn_while_events_arrive_all_the_time() -> None:
    turns: list[int] = []
    sent = 0

    async def body(control: Control) -> AsyncIterator[Event]:
        nonlocal sent
        while sent < EVENTS:
            sent += 1
            yield Notice("001_a.sql", "NOTICE", "again")
        yield RunFinished(RunResult.DONE, "Applied.", (), None, ())

    async def others() -> None:
        while sent < EVENTS:
            turns.append(sent)
            await asyncio.sleep(0)

    class Server:
        async def start_run(self, target: Target, request: Request) -> Run:
            return Run(body)

    app = KeyedApp()
    async with app.run_test():
        pilot = PatientPilot(app)
        snapshot = cast("Snapshot", SimpleNamespace(target=Target("local", "")))
        control = RunControl(app, cast("Backend", Server()), lambda: snapshot)
        control.start(Request(Direction.APPLY))
        await asyncio.wait_for(others(), 60)
        while control.running:
            await pilot.pause()
    assert len(set(turns)) >= EVENTS // 500
