"""Find out which migrations of a flight are committed if the connection was lost.

Never by guess: koonj waits until the server's old session has ended, and then reads the history. What it has
not recorded by then is not committed, and never will be.
"""

from __future__ import annotations

from time import monotonic

import psycopg

from koonj.postgres import history
from koonj.postgres.connector import ConnectError
from koonj.postgres.read_transaction import reading
from koonj.runner.apply.context import RunContext
from koonj.runner.run.run import Cancelled

SECONDS = 60.0
"""Seconds after which koonj stops asking the target."""

PAUSE = 0.25
"""Seconds between two attempts."""


async def settle(session: RunContext) -> frozenset[str] | None:
    """Return the files that this run has committed; None if the target does not tell."""
    end = monotonic() + SECONDS
    while True:
        committed = await _committed(session)
        if committed is not None or monotonic() > end:
            return committed
        try:
            await session.control.pause(PAUSE)
        except Cancelled:
            return None


async def _committed(session: RunContext) -> frozenset[str] | None:
    assert session.server is not None
    try:
        async with reading(session.connector, session.target, name="koonj settle") as conn:
            return await history.run_outcome(conn, session.control.run_id, session.server)
    except (ConnectError, history.HistoryError, psycopg.Error):
        return None
