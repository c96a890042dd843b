"""Read the status of several targets at the same time, with SELECT only."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.postgres.connector import Connector
from koonj.runner.target.status import TargetStatus, read_status

AT_ONCE = 16
"""Targets that are read at the same time."""


async def read_statuses(
    connector: Connector, targets: Sequence[Target], folder: Folder
) -> tuple[TargetStatus, ...]:
    """Return the statuses in the order of the targets. One that cannot be read has an error."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def read(target: Target) -> TargetStatus:
        async with turns:
            return await read_status(connector, target, folder)

    return tuple(await asyncio.gather(*map(read, targets)))
