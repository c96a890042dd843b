"""Wait until no other koonj process uses the scratch server, and report who does."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from time import monotonic

from koonj.postgres.scratch.interface import ScratchServer
from koonj.postgres.scratch.ownership import PATIENCE, busy
from koonj.runner.rehearse.events import WaitingForScratch
from koonj.runner.run.run import Control

REPEAT = 5.0
"""Seconds between two events about the same process."""


async def take_turn(server: ScratchServer, control: Control) -> AsyncIterator[WaitingForScratch]:
    """Take the scratch server for this process; yield whom it waits for.

    Only a configured server is shared. Raises: ScratchError after 2 minutes, Cancelled.
    """
    start = monotonic()
    last_event: tuple[int | None, float] | None = None
    while not (turn := await server.try_turn()).taken:
        waited, pid = monotonic() - start, None if turn.holder is None else turn.holder.pid
        if waited >= PATIENCE:
            raise busy(turn.holder)
        if last_event is None or last_event[0] != pid or waited - last_event[1] >= REPEAT:
            last_event = pid, waited
            yield WaitingForScratch(turn.holder, waited)
        await control.pause(random.uniform(0.02, 0.1))  # noqa: S311  random, so that two do not release it forever
