"""What became of a COMMIT that was sent and not answered."""

from __future__ import annotations

from enum import Enum
from time import monotonic

import psycopg

from koonj.postgres import history
from koonj.postgres.connector import ConnectError
from koonj.runner.apply.context import RunContext
from koonj.runner.run.run import Cancelled

SECONDS = 30.0
"""How long to ask."""

PAUSE = 0.5


class CommitOutcome(Enum):
    """How a transaction ended."""

    COMMITTED = "committed"
    ROLLED_BACK = "rolled_back"
    UNKNOWN = "unknown"


async def fate_of(session: RunContext, transaction_id: str) -> CommitOutcome:
    """Ask the target over a new connection, for a while, what became of a transaction."""
    end = monotonic() + SECONDS
    while True:
        status = await _ask(session, transaction_id)
        if status == "committed":
            return CommitOutcome.COMMITTED
        if status == "aborted":
            return CommitOutcome.ROLLED_BACK
        if monotonic() > end:
            return CommitOutcome.UNKNOWN
        try:
            await session.control.pause(PAUSE)
        except Cancelled:
            return CommitOutcome.UNKNOWN


async def _ask(session: RunContext, transaction_id: str) -> str | None:
    try:
        conn = await session.connector.connect(session.target, name="koonj settle")
    except ConnectError:
        return None
    async with conn:
        try:
            return await history.transaction_status(conn, transaction_id)
        except psycopg.Error:
            return None
