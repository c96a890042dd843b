"""Connections that do not wait without limit for a server that does not answer.

A pooler whose connections are all in use, a server process that is stopped, and a router that drops packets
have the same effect: the connection is open, and nothing comes.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Generator
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection, Connection, waiting

Result = TypeVar("Result")

READ_SECONDS = 20.0
"""How long koonj waits for the next answer while it reads from a target."""


_INTERVAL = 0.1
"""Seconds between two looks at the limit."""
_JUST = 1.0
"""Seconds for which a connection counts as alive after an answer."""


class NoAnswerError(psycopg.OperationalError):
    """Raised if the server sent nothing for the whole limit. The connection is closed."""

    hint = (
        "If the target is behind a pooler, all its connections can be in use. Otherwise check the load of "
        "the server, and whether a firewall drops the connection."
    )

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The server accepted the connection, but has not answered for {seconds:g} s.")


class LimitedAsyncConnection(AsyncConnection[tuple[Any, ...]]):
    """A connection that can limit the time to the next answer."""

    answer_limit: float | None = None
    """Seconds without any data from the server until an operation fails; None: no limit.

    With a limit, an operation that is cancelled also ends at once: the connection is closed. Without one,
    psycopg cancels the statement on the server, and waits for its end.
    """

    server_place = ""
    """The server behind a tunnel, ``db.internal:5432``; empty if the connection goes through none."""

    _answered = -_JUST

    @property
    def has_just_answered(self) -> bool:
        """Whether the last operation ended a moment ago, and nothing came since.

        A server that ends the session says so first.
        """
        if self.closed or monotonic() - self._answered >= _JUST:
            return False
        arrived = select.poll()
        arrived.register(self.pgconn.socket, select.POLLIN)
        return not arrived.poll(0)

    async def wait(self, gen: Generator[Any, Any, Result], *args: Any, **keywords: Any) -> Result:
        """Run an operation of psycopg.

        Raises: NoAnswerError.
        """
        if self.answer_limit is None:
            return await super().wait(gen, *args, **keywords)
        limited = _limited(gen, self.answer_limit)
        try:
            result = await waiting.wait_async(limited, self.pgconn.socket, interval=_INTERVAL)
            self._answered = monotonic()
            return result
        except (NoAnswerError, asyncio.CancelledError):
            self.pgconn.finish()
            raise


class LimitedConnection(Connection[tuple[Any, ...]]):
    """The same for blocking connections."""

    answer_limit: float | None = None

    def wait(self, gen: Generator[Any, Any, Result], *args: Any, **keywords: Any) -> Result:
        """Run an operation of psycopg.

        Raises: NoAnswerError.
        """
        if self.answer_limit is None:
            return super().wait(gen, *args, **keywords)
        try:
            return super().wait(_limited(gen, self.answer_limit), *args, **keywords)
        except NoAnswerError:
            self.pgconn.finish()
            raise


def _limited(gen: Generator[Any, Any, Result], seconds: float) -> Generator[Any, Any, Result]:
    """Pass on what `gen` waits for, and fail if nothing was ready for `seconds`.

    psycopg sends 0 from time to time if nothing is ready.

    Raises: NoAnswerError.
    """
    try:
        wanted = next(gen)
        last = monotonic()
        while True:
            ready = yield wanted
            if ready:
                last = monotonic()
            elif monotonic() - last >= seconds:
                raise NoAnswerError(seconds)
            wanted = gen.send(ready)
    except StopIteration as end:
        result: Result = end.value
        return result
