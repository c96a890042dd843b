"""Find out which migrations of a flight are committed if the connection was lost.

Never by guess: koonj waits until the server's old session has ended, and then reads the history. What it has
not recorded by then is not committed, and never will be.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

import psycopg

from koonj.postgres import history
from koonj.postgres.connector import ConnectError
from koonj.postgres.read_transaction import reading
from koonj.runner.apply.context import RunContext
from koonj.runner.run.run import Cancelled, Control

Told = TypeVar("Told")

SECONDS = 60.0
"""Seconds after which koonj stops asking the target. The server notices a cut line within this time."""

PAUSE = 0.25
"""Seconds between two attempts."""


async def settle(session: RunContext) -> frozenset[str] | None:
    """Return the files that this run has committed; None if the target does not tell."""
    return await until_told(session.control, lambda: _committed(session))


async def until_told(control: Control, ask: Callable[[], Awaitable[Told | None]]) -> Told | None:
    """Ask until there is an answer. Return None after SECONDS, or if the user cancels."""
    end = monotonic() + SECONDS
    while True:
        told = await ask()
        if told is not None or monotonic() > end:
            return told
        try:
            await control.pause(PAUSE)
        except Cancelled:
            return None


async def _committed(session: RunContext) -> frozenset[str] | None:
    assert session.server is not None
    try:
        async with reading(session.connector, session.target, name="koonj settle") as conn:
            if session.tool_rows is not None:
                return await session.tool_rows.committed(conn, session.target, session.server.process)
            return await history.run_outcome(conn, session.control.run_id, session.server.process)
    except (ConnectError, history.HistoryError, psycopg.Error):
        return None
