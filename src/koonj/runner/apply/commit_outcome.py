"""Find out whether a COMMIT took effect if the connection was lost during it."""

from __future__ import annotations

from enum import Enum
from time import monotonic

import psycopg

from koonj.postgres import history
from koonj.postgres.connector import ConnectError
from koonj.runner.apply.context import RunContext
from koonj.runner.run.run import Cancelled

SECONDS = 30.0
"""Seconds after which koonj stops asking the target."""

PAUSE = 0.5
"""Seconds between two attempts."""


class CommitOutcome(Enum):
    """Outcome of a transaction, as far as it is known."""

    COMMITTED = "committed"
    ROLLED_BACK = "rolled_back"
    UNKNOWN = "unknown"


async def find_commit_outcome(session: RunContext, transaction_id: str) -> CommitOutcome:
    """Ask the target over new connections, for up to SECONDS, how a transaction ended.

    See pg_xact_status: https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
    """
    end = monotonic() + SECONDS
    while True:
        status = await _transaction_status(session, transaction_id)
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


async def _transaction_status(session: RunContext, transaction_id: str) -> str | None:
    try:
        conn = await session.connector.connect(session.target, name="koonj settle")
    except ConnectError:
        return None
    async with conn:
        try:
            return await history.transaction_status(conn, transaction_id)
        except psycopg.Error:
            return None
