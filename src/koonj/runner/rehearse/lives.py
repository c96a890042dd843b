"""Whether a scratch server still answers, after a connection to it was lost."""

from __future__ import annotations

import asyncio

from koonj.postgres.scratch.interface import ScratchError, ScratchServer
from koonj.runner.run.run import Control

_RECOVERY = 50
"""Tenths of a second that a server may take to recover: it has little to recover from."""


async def lives(server: ScratchServer, control: Control) -> bool:
    """Does the server answer, if need be after it has recovered from a crash? Raises Cancelled."""
    for _ in range(_RECOVERY):
        control.check()
        try:
            await (await server.connect()).close()
        except ScratchError:  # which of its messages a client is shown depends on the moment
            await asyncio.sleep(0.1)
        else:
            return True
    return False
