"""A run in another process: its events come from the journal, and `cancel` asks it through the FIFO.

Whoever follows needs no password and no database.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

from koonj.runner.process.control_fifo import ask_to_cancel, ask_to_unblock
from koonj.runner.process.folders import RunFiles, mark_seen
from koonj.runner.process.journal_head import SIZE, JournalHead
from koonj.runner.process.journal_reader import JournalReader
from koonj.runner.process.seen_runs import mark_end_seen
from koonj.runner.run.events import Event, JournalBroken, RunFinished
from koonj.runner.run.fleet_events import FleetFinished
from koonj.runner.run.run import Control, Run
from koonj.runner.run.unblock_request import UnblockRequest

_ENDS = (RunFinished, FleetFinished)
_FIRST_PAUSE, _MOST_PAUSE = 0.01, 0.1
"""Seconds between two looks at the journal. No inotify: macOS and NFS have none."""


class FollowedRun(Run):
    """A run that another process carries out."""

    def __init__(self, files: RunFiles, head: JournalHead, start: int = SIZE) -> None:
        """`start`: the place in the journal from which on the events are wanted."""
        super().__init__(self._read, head.run)
        self.files = files
        self.head = head
        self._start = start

    @property
    def survives(self) -> bool:
        """Whether the run goes on if this process ends."""
        return True

    async def cancel(self) -> None:
        """Ask the process of the run to cancel it.

        Raises:
            OSError: The process has ended, or it is on another host.
        """
        if self.head.host != socket.gethostname():
            raise OSError(0, f"the run is in a process on {self.head.host}. Cancel it there")
        ask_to_cancel(self.files.control)  # does not block

    async def unblock(self, request: UnblockRequest) -> None:
        """Ask the process of the run to end a blocking session, or to cancel its statement.

        Raises:
            OSError: The process has ended, or it is on another host.
        """
        if self.head.host != socket.gethostname():
            raise OSError(0, f"the run is in a process on {self.head.host}. Do it there")
        ask_to_unblock(self.files.control, request)  # does not block

    async def _read(self, _: Control) -> AsyncIterator[Event]:
        pause = _FIRST_PAUSE
        with JournalReader(self.files, self._start) as reader:
            while True:
                # First the head and the lock: what was written before they changed is read behind them.
                head, alive = reader.head(), reader.alive(self.head)
                pause = min(pause * 1.5, _MOST_PAUSE)
                for event in reader.new_events():
                    pause = _FIRST_PAUSE
                    if isinstance(event, _ENDS):
                        mark_end_seen(self.files, event)
                    yield event
                    if isinstance(event, _ENDS):
                        return
                if head is not None and head.result is not None:
                    mark_seen(self.files)
                    kind = FleetFinished if head.targets else RunFinished
                    yield kind(head.result, head.message)  # its line is lost
                    return
                if alive is False:
                    mark_seen(self.files)
                    yield self._broken(head or self.head)
                    return
                await asyncio.sleep(pause)

    def _broken(self, head: JournalHead) -> JournalBroken:
        errors = ""
        with suppress(OSError):
            errors = str(self.files.errors) if self.files.errors.stat().st_size else ""
        return JournalBroken(head.run, head.pid, head.lost, errors)
