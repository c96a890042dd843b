"""A thread with an event loop of its own: what many targets answer does not hold up the painting thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any, TypeVar

from koonj.tui.toolkit.tasks import DaemonExecutor

Result = TypeVar("Result")


class ReadingThread:
    """Runs coroutines in its own loop. The thread starts with the first of them."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Return the result of `work`, which is called in the thread, and cancelled with the caller."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._loop.set_default_executor(DaemonExecutor())
            Thread(target=_serve, args=(self._loop,), name="koonj targets", daemon=True).start()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_called(work), self._loop))

    async def close(self) -> None:
        """Cancel what still runs, and end the thread."""
        if self._loop is None:
            return
        await self.run(_cancel_others)
        loop, self._loop = self._loop, None
        loop.call_soon_threadsafe(loop.stop)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


async def _called(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    return await work()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others)
