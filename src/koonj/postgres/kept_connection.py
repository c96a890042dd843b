"""A connection that is replaced if the server ended it while koonj did not use it.

While a question waits for the user, or while koonj rehearses, idle_session_timeout, a pooler or a firewall
can end the session. No lock and no setting is lost then, because a run takes them later.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

import psycopg

from koonj.config import Target
from koonj.postgres.answer_limit import LimitedAsyncConnection
from koonj.postgres.connector import Connector


class KeptConnection:
    """Connects at the first use, and closes the connection when its context ends."""

    def __init__(self, connector: Connector, target: Target, *, name: str) -> None:
        self._connector = connector
        self._target = target
        self._name = name
        self._conn: LimitedAsyncConnection | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._conn is not None:
            await self._conn.__aexit__(kind, error, trace)

    async def live(self) -> LimitedAsyncConnection:
        """Return the connection if the server still answers on it, or did a moment ago; or else a new one.

        Raises: ConnectError.
        """
        if self._conn is None or not (self._conn.has_just_answered or await _answers(self._conn)):
            self._conn = await self._connector.connect(self._target, name=self._name)
        return self._conn


async def _answers(conn: LimitedAsyncConnection) -> bool:
    if conn.closed:
        return False
    try:
        await conn.execute("SELECT 1")
    except psycopg.OperationalError:
        await conn.close()
        return False
    return True
