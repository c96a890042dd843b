"""Connections that are kept between two reads of the same target."""

from __future__ import annotations

import asyncio

from psycopg.pq import TransactionStatus

from koonj.config import Target
from koonj.postgres.answer_limit import LimitedAsyncConnection


class IdleConnections:
    """Keeps each connection for some seconds after its use, then closes it."""

    def __init__(self, seconds: float) -> None:
        """`seconds`: 0 keeps none."""
        self._seconds = seconds
        self._idle: list[tuple[Target, LimitedAsyncConnection, asyncio.TimerHandle]] = []

    def take(self, target: Target) -> LimitedAsyncConnection | None:
        """Return a connection to exactly this target that nobody uses; None if there is none."""
        for item in self._idle:
            if item[0] == target and not item[1].closed:
                self._idle.remove(item)
                item[2].cancel()
                return item[1]
        return None

    async def give(self, target: Target, conn: LimitedAsyncConnection) -> None:
        """Keep a connection that is not used any more, or close it."""
        usable = not conn.closed and conn.info.transaction_status is TransactionStatus.IDLE
        if not usable or not self._seconds:
            await conn.close()
            return
        timer = asyncio.get_running_loop().call_later(self._seconds, self._expire, conn)
        self._idle.append((target, conn, timer))

    def _expire(self, conn: LimitedAsyncConnection) -> None:
        self._idle = [item for item in self._idle if item[1] is not conn]
        conn.pgconn.finish()  # says goodbye to the server, and does not wait

    async def close(self) -> None:
        """Close all connections that are kept, and keep none from now on."""
        self._seconds = 0.0
        idle, self._idle = self._idle, []
        for _, conn, timer in idle:
            timer.cancel()
            await conn.close()
