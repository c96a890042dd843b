"""Run the blocking work of a scratch server in threads, one piece at a time.

Both kinds of scratch server share this code.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from koonj.postgres.connection import connect_async
from koonj.postgres.embedded.errors import EmbeddedError, of_system
from koonj.postgres.errors import error_message
from koonj.postgres.scratch.interface import ScratchError, Turn

Result = TypeVar("Result")
_PING_SECONDS = 2
"""Seconds after which a server that does not answer is not there."""


@dataclass(frozen=True, slots=True)
class ScratchRoute:
    """How to connect, and how to check that this is the scratch database."""

    conninfo: str
    password: str | None
    question: bytes
    """Query with one column, sent before any other SQL."""
    answer: str


class BlockingScratch(Protocol):
    """Blocking operations of one kind of scratch server, for one thread at a time.

    Raises: ScratchError, EmbeddedError or psycopg.Error, from every method.
    """

    source: str
    version: str
    major: int
    alone: bool

    def way(self) -> ScratchRoute:
        """Return how to connect to the database. Create it and start its server if needed."""

    def try_turn(self) -> Turn:
        """See ScratchServer. Does not wait."""

    def reset(self) -> None:
        """See ScratchServer, as for the other methods."""

    def nearest(self, keys: tuple[str, ...]) -> str | None:
        """Return the first key that has a checkpoint. Creates nothing."""

    def restore(self, key: str) -> bytes:
        """Restore a checkpoint.

        Raises also if the checkpoint was removed; call `reset` or `restore` again then.
        """

    def save(self, key: str, note: bytes) -> None:
        """Save a checkpoint, or do nothing if there is no space for it."""

    def close(self) -> None:
        """Remove everything. Can be called twice."""


class ThreadedScratch:
    """A ScratchServer that runs the operations of a Blocking in threads.

    If a caller is cancelled, the thread continues its work; `close` waits for it.
    """

    notes: tuple[str, ...] = ()
    """See ScratchServer."""

    def __init__(self, blocking: BlockingScratch) -> None:
        self._blocking = blocking
        self._one_at_a_time = threading.Lock()
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called: work that still runs should end."""
        return self._closed

    @property
    def source(self) -> str:
        """See ScratchServer."""
        return self._blocking.source

    @property
    def version(self) -> str:
        """See ScratchServer."""
        return self._blocking.version

    @property
    def major(self) -> int:
        """See ScratchServer."""
        return self._blocking.major

    @property
    def alone(self) -> bool:
        """See ScratchServer."""
        return self._blocking.alone

    async def connect(self) -> AsyncConnection:
        """See ScratchServer."""
        way = await self._in_thread(self._blocking.way)
        try:
            conn = await connect_async(way.conninfo, **connect_options(way.password))
        except psycopg.Error as error:
            raise lost(error) from error
        try:
            await _verify(conn, way)
        except BaseException:
            await conn.close()
            raise
        return conn

    async def is_busy(self) -> bool:
        """See ScratchServer. libpq understands this answer of the server in any language."""
        way = await self._in_thread(self._blocking.way)
        question = make_conninfo(way.conninfo, connect_timeout=_PING_SECONDS).encode()
        return await asyncio.to_thread(PGconn.ping, question) == Ping.REJECT

    async def try_turn(self) -> Turn:
        """See ScratchServer."""
        return await self._in_thread(self._blocking.try_turn)

    async def reset(self) -> None:
        """See ScratchServer."""
        await self._in_thread(self._blocking.reset)

    async def nearest(self, keys: tuple[str, ...]) -> str | None:
        """See ScratchServer."""
        return await self._in_thread(lambda: self._blocking.nearest(keys))

    async def restore(self, key: str) -> bytes:
        """See ScratchServer."""
        return await self._in_thread(lambda: self._blocking.restore(key))

    async def save(self, key: str, note: bytes = b"") -> None:
        """See ScratchServer."""
        await self._in_thread(lambda: self._blocking.save(key, note))

    async def close(self) -> None:
        """See ScratchServer."""
        self._closed = True
        await asyncio.to_thread(self._locked, self._blocking.close)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.to_thread(self._locked, lambda: self._unless_closed(work))

    def _locked(self, work: Callable[[], Result]) -> Result:
        with self._one_at_a_time:
            try:
                return work()
            except EmbeddedError as error:
                raise ScratchError(error.message, error.hint) from error
            except OSError as error:
                found = of_system(error)
                raise ScratchError(found.message, found.hint) from error
            except psycopg.Error as error:
                raise lost(error) from error

    def _unless_closed(self, work: Callable[[], Result]) -> Result:
        if self._closed:
            raise ScratchError("The scratch server is closed.", "Open another one.")
        return work()


def connect_options(password: str | None) -> dict[str, Any]:
    """Return psycopg's connect arguments for a scratch server, in addition to its dsn."""
    options = {"client_encoding": "UTF8", "application_name": "koonj rehearse"}
    return options if password is None else {**options, "password": password}


def lost(error: psycopg.Error) -> ScratchError:
    """Return the message of the server or of libpq as a ScratchError."""
    message = f"The scratch server reported an error: {error_message(error)}"
    return ScratchError(message, _hint(error), error.sqlstate)


def _hint(error: psycopg.Error) -> str:
    if 'definition of service "' in str(error) and "PGSERVICE" in os.environ:
        return "The environment sets PGSERVICE, which libpq always uses. Unset it for koonj."
    return "Retry, or use another server: set [scratch] dsn in koonj.toml."


async def _verify(conn: AsyncConnection, way: ScratchRoute) -> None:
    """Check that the connection reached the scratch database.

    Raises: ScratchError.
    """
    try:
        cursor = await conn.execute(way.question)
        row = await cursor.fetchone()
    except psycopg.Error as error:
        raise lost(error) from error
    if row is None or row[0] != way.answer:
        raise ScratchError(
            "The connection reached another database than the scratch database. Nothing was changed there.",
            "Check the PG* variables in the environment, and [scratch] dsn in koonj.toml.",
        )
