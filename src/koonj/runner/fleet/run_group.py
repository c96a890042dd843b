"""A run that consists of the runs on several targets: cancelling it cancels all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from koonj.runner.run.events import Event
from koonj.runner.run.run import Control, Run


class RunGroup(Run):
    """A run of several runs."""

    def __init__(self, body: Callable[[Control], AsyncIterator[Event]], run_id: str | None = None) -> None:
        """`body`: adds each run to `running` when it starts, and removes it when it has ended."""
        super().__init__(body, run_id)
        self.running: set[Run] = set()

    async def cancel(self) -> None:
        """Cancel every run, and start no other.

        Raises:
            psycopg.Error: A cancel request could not be sent.
        """
        await super().cancel()
        sent = await asyncio.gather(*(run.cancel() for run in self.running), return_exceptions=True)
        for error in sent:
            if isinstance(error, BaseException):
                raise error
