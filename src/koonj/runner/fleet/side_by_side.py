"""Read several streams of events at the same time, as one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable

from koonj.runner.run.events import Event

Stream = Callable[[], AsyncIterator[Event]]


async def side_by_side(
    streams: Iterable[Stream], at_once: int, goes_on: Callable[[], bool]
) -> AsyncIterator[Event]:
    """Yield the events of all streams as they happen; at most `at_once` are open.

    `goes_on`: is asked before each stream starts; if it is false, no other one starts.
    """
    rest = deque(streams)
    events: asyncio.Queue[Event | None] = asyncio.Queue()

    async def work() -> None:
        try:
            while rest and goes_on():
                async for event in rest.popleft()():
                    events.put_nowait(event)
        finally:
            events.put_nowait(None)

    tasks = [asyncio.create_task(work()) for _ in range(min(at_once, len(rest)))]
    try:
        working = len(tasks)
        while working:
            event = await events.get()
            if event is None:
                working -= 1
            else:
                yield event
        for task in tasks:
            await task  # an error that no stream handles
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
