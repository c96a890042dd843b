"""A run whose events are also written to a journal, and that other processes can cancel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack
from typing import Any

from koonj.runner.process.control_fifo import CANCEL, UNBLOCK, messages_to, unblock_request
from koonj.runner.process.folders import mark_seen
from koonj.runner.process.journal import Journal
from koonj.runner.run.events import CancelAsked, Event, PlanMade, RunFinished, RunStarted
from koonj.runner.run.lock_events import LockAcquired, WaitingForLock
from koonj.runner.run.run import Control, Run
from koonj.runner.run.unblock_request import UnblockRequest

_TICK = 0.05
"""Seconds between two looks at what waits to be written."""


class RecordedRun(Run):
    """A run with a journal, from its confirmation on."""

    def __init__(self, inner: Run, open_journal: Callable[[RunStarted, PlanMade], Journal | None]) -> None:
        """`open_journal` is called when the run was confirmed; it returns None if there cannot be one.

        It has recorded the two events that it gets. For the second part of a run (`carry_out`), use
        `begin` instead.
        """
        super().__init__(self._recorded, inner.id)
        self._inner = inner
        self._open_journal = open_journal
        self._journal: Journal | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._cancelling: asyncio.Task[None] | None = None
        self._unblocking: set[asyncio.Task[None]] = set()
        self._open = ExitStack()

    async def cancel(self) -> None:
        """Cancel the run. Raises psycopg.Error, as `Run.cancel`."""
        await self._inner.cancel()

    async def unblock(self, request: UnblockRequest) -> None:
        """End a blocking session, or cancel its statement."""
        await self._inner.unblock(request)

    def answer(self, question_id: str, text: str) -> None:
        """Answer a `Question`."""
        self._inner.answer(question_id, text)

    async def _recorded(self, _: Control) -> AsyncIterator[Event]:
        started: RunStarted | None = None
        plan: PlanMade | None = None
        opened = False
        with self._open:
            async for event in self._inner.events():
                if self._journal is not None:
                    self._record(event)
                elif isinstance(event, RunStarted):
                    started = event
                elif isinstance(event, PlanMade):
                    plan = event
                elif isinstance(event, (WaitingForLock, LockAcquired)) and started and plan:
                    self.begin(self._open_journal(started, plan))
                    opened = True
                    self._record(event)
                if isinstance(event, RunFinished) and opened and self._journal is not None:
                    mark_seen(self._journal.files)  # by the reader of these events
                yield event

    def begin(self, journal: Journal | None) -> None:
        """Write all events from now on to `journal`, and close it at the end."""
        if journal is not None:
            self._journal = journal
            self._open.callback(journal.close)
            self._open.callback(self._stop_tick)
            self._open.enter_context(messages_to(self._take_message, journal.control))

    def _record(self, event: Event) -> None:
        if self._journal is not None:
            self._journal.record(event)
            self._write_soon()

    def _write_soon(self) -> None:
        if self._tick is None and self._journal is not None and self._journal.waits:
            self._tick = asyncio.get_running_loop().call_later(_TICK, self._write_now)

    def _write_now(self) -> None:
        self._tick = None
        if self._journal is not None:
            self._journal.tick()
            self._write_soon()

    def _stop_tick(self) -> None:
        if self._tick is not None:
            self._tick.cancel()

    def _take_message(self, message: Mapping[str, Any]) -> None:
        """Do what another process asks for; ignore what only a later version of koonj knows."""
        if message.get("do") == CANCEL:
            self._record(CancelAsked(str(message.get("who", ""))[:200]))
            self._cancelling = asyncio.ensure_future(self.cancel_quietly())
        elif message.get("do") == UNBLOCK and (request := unblock_request(message)) is not None:
            task = asyncio.ensure_future(self.unblock(request))
            self._unblocking.add(task)
            task.add_done_callback(self._unblocking.discard)

    async def cancel_quietly(self) -> None:
        """Cancel the run; if the request cannot be sent, the run ends after its statement."""
        import psycopg  # noqa: PLC0415 - the run has imported it

        try:
            await self.cancel()
        except (psycopg.Error, OSError):
            return
