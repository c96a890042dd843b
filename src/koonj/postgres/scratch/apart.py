"""A scratch whose work is done in threads, one piece at a time: the part that all kinds share."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import psycopg
from psycopg import AsyncConnection

from koonj.postgres.embedded.problem import EmbeddedError
from koonj.postgres.scratch.server import ScratchError

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class ScratchRoute:
    """How to connect, and how to know that it led to the scratch."""

    conninfo: str
    password: str | None
    question: bytes
    """One query with one column, asked before any other SQL."""
    answer: str


class BlockingScratch(Protocol):
    """What a kind of scratch does; called by one thread at a time.

    All of it raises ScratchError, EmbeddedError or psycopg.Error.
    """

    source: str
    version: str
    major: int
    alone: bool

    def way(self) -> ScratchRoute:
        """To the database, which is made and its server started if need be."""

    def reset(self) -> None:
        """See ScratchServer, as of the others."""

    def nearest(self, keys: tuple[str, ...]) -> str | None:
        """Makes nothing."""

    def restore(self, key: str) -> bytes:
        """Raises also where the checkpoint is gone; another `reset` or `restore` is in order then."""

    def save(self, key: str, note: bytes) -> None:
        """Makes none where there is no room for it."""

    def close(self) -> None:
        """Calling it twice is fine."""


class ThreadedScratch:
    """A ScratchServer on a Blocking.

    Who is cancelled while he waits leaves the thread to its work; `close` waits for that.
    """

    def __init__(self, blocking: BlockingScratch) -> None:
        self._blocking = blocking
        self._one_at_a_time = threading.Lock()
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Somebody is done with it: what still works should end."""
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
        way = await self._apart(self._blocking.way)
        secret: dict[str, Any] = {} if way.password is None else {"password": way.password}
        try:
            conn = await AsyncConnection.connect(
                way.conninfo,
                autocommit=True,
                prepare_threshold=None,
                client_encoding="UTF8",
                application_name="koonj rehearse",
                **secret,
            )
        except psycopg.Error as error:
            raise lost(error) from error
        try:
            await _verify(conn, way)
        except BaseException:
            await conn.close()
            raise
        return conn

    async def reset(self) -> None:
        """See ScratchServer."""
        await self._apart(self._blocking.reset)

    async def nearest(self, keys: tuple[str, ...]) -> str | None:
        """See ScratchServer."""
        return await self._apart(lambda: self._blocking.nearest(keys))

    async def restore(self, key: str) -> bytes:
        """See ScratchServer."""
        return await self._apart(lambda: self._blocking.restore(key))

    async def save(self, key: str, note: bytes = b"") -> None:
        """See ScratchServer."""
        await self._apart(lambda: self._blocking.save(key, note))

    async def close(self) -> None:
        """See ScratchServer."""
        self._closed = True
        await asyncio.to_thread(self._locked, self._blocking.close)

    async def _apart(self, work: Callable[[], Result]) -> Result:
        return await asyncio.to_thread(self._locked, lambda: self._unless_closed(work))

    def _locked(self, work: Callable[[], Result]) -> Result:
        with self._one_at_a_time:
            try:
                return work()
            except EmbeddedError as error:
                raise ScratchError(error.message, error.hint) from error
            except psycopg.Error as error:
                raise lost(error) from error

    def _unless_closed(self, work: Callable[[], Result]) -> Result:
        if self._closed:
            raise ScratchError("The scratch is closed.", "Open another one.")
        return work()


def lost(error: psycopg.Error) -> ScratchError:
    """What a server said, or libpq."""
    message = (error.diag.message_primary or str(error)).strip()
    return ScratchError(f"The scratch server refused: {message}", _hint(error), error.sqlstate)


def _hint(error: psycopg.Error) -> str:
    if "service" in str(error):
        return "The environment sets PGSERVICE, which libpq obeys in any case: unset it for koonj."
    return "Try again; or name another server with [scratch] dsn."


async def _verify(conn: AsyncConnection, way: ScratchRoute) -> None:
    """Raises ScratchError."""
    try:
        cursor = await conn.execute(way.question)
        row = await cursor.fetchone()
    except psycopg.Error as error:
        raise lost(error) from error
    if row is None or row[0] != way.answer:
        raise ScratchError(
            "The connection to the scratch reached another database; nothing was sent to it.",
            "Look for PG* variables in the environment, and at [scratch] dsn.",
        )
