"""Run the repair of an interrupted migration as a part of a run: who is in its way is reported meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

from koonj.runner.run.events import Event, InterruptionSettled, RepairStarted
from koonj.runner.run.run import Control


async def with_reports(
    control: Control, repair: RepairStarted, work: Coroutine[Any, Any, InterruptionSettled]
) -> AsyncIterator[Event]:
    """Yield `repair` if it has commands, what is reported while `work` runs, and its result at the end.

    Raises: as `work`.
    """
    queue: asyncio.Queue[Event | None] = asyncio.Queue()

    def unread() -> Iterator[Event | None]:
        while not queue.empty():
            yield queue.get_nowait()

    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        if repair.commands:
            yield repair
        with control.listening(queue.put_nowait, unread):
            while (event := await queue.get()) is not None:
                yield event
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))
    yield task.result()
