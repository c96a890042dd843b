"""Send statements without waiting for their answers, and read the answers in order (libpq's pipeline mode).

The server runs the statements in the order in which they were sent. After an error it skips all that follows,
up to the next Sync. So a COMMIT behind a failed statement never takes effect, although it was sent.
https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import psycopg
from psycopg import AsyncConnection, waiting
from psycopg.errors import Diagnostic, error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

About = TypeVar("About")
Told = TypeVar("Told")

_DRAIN = 5.0
"""Seconds that a flight that is given up waits for the server, before it closes the connection."""

_COPIES = frozenset({ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH})


@dataclass(frozen=True, slots=True)
class Message(Generic[About]):
    """One statement of a flight."""

    about: About
    """What the sender knows about it; not sent."""
    text: bytes
    values: tuple[bytes | None, ...] = ()
    """Values of ``$1``, ``$2``, …, in text form."""
    told: bool = False
    """The sender wants the answer, and the server sends it at once. Otherwise only an error is told."""

    @property
    def size(self) -> int:
        """Bytes of the text and the values."""
        if not self.values:
            return len(self.text)
        return len(self.text) + sum(len(value) for value in self.values if value is not None)


@dataclass(frozen=True, slots=True)
class Answer(Generic[About]):
    """The server's answer to a message."""

    about: About
    tag: str
    """Command tag, such as ``CREATE TABLE``; empty if the statement failed or was skipped."""
    row: tuple[bytes | None, ...] | None
    """First row of the result, in text form."""
    error: psycopg.Error | None
    skipped: bool
    """An earlier statement failed, so the server did not run this one."""


class Landed:
    """The last item of a flight: the server has answered everything."""


class Tick:
    """Nothing has arrived for a moment, and the sender wants to look around."""


class Flight(Generic[About, Told]):
    """Messages on their way through one connection. Use as an async context manager.

    No cursor of the connection works meanwhile. Leaving the context lands the flight. If it was not ended, it
    was given up: then its running statement is cancelled.
    """

    def __init__(
        self,
        conn: AsyncConnection[Any],
        hear: Callable[[About, Diagnostic], Told],
        wants_tick: Callable[[], bool],
    ) -> None:
        """Prepare a flight.

        `hear` converts a notice of the server; it belongs to the first message that is not answered.
        `wants_tick` is asked several times a second while nothing arrives.
        """
        self._conn = conn
        self._hear = hear
        self._wants_tick = wants_tick
        self._unanswered: deque[Message[About] | None] = deque()  # None: a Sync
        self._arrived: deque[Answer[About] | Told | Landed] = deque()
        self._result: PGresult | None = None
        self._lost: psycopg.Error | None = None
        self.ended = False
        """Its Sync is sent, so nothing more can be."""
        self.unanswered_bytes = 0
        """Size of the messages that the server has not answered."""

    async def __aenter__(self) -> Self:
        """Start pipeline mode."""
        await self._conn.lock.acquire()
        try:
            self._conn.pgconn.enter_pipeline_mode()
        except BaseException:
            self._conn.lock.release()
            raise
        self._conn.add_notice_handler(self._receive_notice)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Land, and end pipeline mode. If that is not possible, close the connection."""
        try:
            await self._land()
        finally:
            self._conn.remove_notice_handler(self._receive_notice)
            self._conn.lock.release()

    def send(self, message: Message[About]) -> None:
        """Add a message. It leaves at the next call of `next`.

        Raises: psycopg.OperationalError if the connection is lost.
        """
        pgconn = self._conn.pgconn
        pgconn.send_query_params(message.text, message.values or None)
        if message.told:
            pgconn.send_flush_request()
        self._unanswered.append(message)
        self.unanswered_bytes += message.size

    def end(self) -> None:
        """Send the Sync, after which nothing can be sent. A second call has no effect.

        Raises: psycopg.OperationalError if the connection is lost.
        """
        if not self.ended:
            self.ended = True
            self._conn.pgconn.pipeline_sync()
            self._unanswered.append(None)

    async def next(self) -> Answer[About] | Told | Landed | Tick:
        """Return what arrives next, in the order of the server.

        Raises: psycopg.OperationalError if the connection is lost. What arrived before comes first.
        """
        if not self._arrived and self._lost is None:
            try:
                await self._conn.wait(self._communicate())
            except psycopg.OperationalError as error:
                self._lost = error
        if self._arrived:
            return self._arrived.popleft()
        if self._lost is not None:
            raise self._lost
        return Tick()

    def _communicate(self) -> Generator[Any, Any, None]:
        """Send and read until something has arrived or a tick is wanted, in psycopg's protocol of waiting."""
        pgconn = self._conn.pgconn
        unsent = bool(pgconn.flush())
        while not self._arrived:
            # psycopg sends None when it has cancelled the statement of a task that was cancelled.
            ready = (yield waiting.Wait.RW if unsent else waiting.Wait.R) or waiting.Ready.NONE
            if ready & waiting.Ready.R:
                pgconn.consume_input()
                self._collect()
            if ready & waiting.Ready.W:
                unsent = bool(pgconn.flush())
            if not ready and self._wants_tick():
                return

    def _collect(self) -> None:
        pgconn = self._conn.pgconn
        while not pgconn.is_busy():
            result = pgconn.get_result()
            if result is None:
                if self._result is None:
                    return
                self._answered(self._result)
                self._result = None
            elif result.status == ExecStatus.PIPELINE_SYNC:
                self._unanswered.popleft()
                self._arrived.append(Landed())
                return
            elif result.status in _COPIES:
                raise psycopg.NotSupportedError("COPY cannot be used in pipeline mode")
            else:
                self._result = result

    def _answered(self, result: PGresult) -> None:
        failed = result.status == ExecStatus.FATAL_ERROR
        message = self._unanswered.popleft()
        if message is None:  # the server ended the session behind the last answer, before the Sync
            raise psycopg.OperationalError(result.get_error_message(self._conn.info.encoding))
        self.unanswered_bytes -= message.size
        if not (failed or message.told):
            return
        self._arrived.append(
            Answer(
                about=message.about,
                tag=(result.command_status or b"").decode(errors="replace"),
                row=_first_row(result),
                error=error_from_result(result, self._conn.info.encoding) if failed else None,
                skipped=result.status == ExecStatus.PIPELINE_ABORTED,
            )
        )

    def _receive_notice(self, diagnostic: Diagnostic) -> None:
        message = self._unanswered[0] if self._unanswered else None
        if message is not None:
            self._arrived.append(self._hear(message.about, diagnostic))

    async def _land(self) -> None:
        pgconn = self._conn.pgconn
        if self._lost is not None or self._conn.closed:
            pgconn.finish()
            return
        try:
            async with asyncio.timeout(_DRAIN):
                await self._drain()
            pgconn.exit_pipeline_mode()
        except BaseException as error:
            pgconn.finish()
            if not isinstance(error, (psycopg.Error, TimeoutError)):
                raise

    async def _drain(self) -> None:
        """Wait until the server has answered everything, and cancel what takes long."""
        if not self._unanswered:
            return
        self._wants_tick = lambda: True
        self.end()
        while self._unanswered:
            if isinstance(await self.next(), Tick):
                with suppress(psycopg.Error):
                    await self._conn.cancel_safe(timeout=1.0)


def _first_row(result: PGresult) -> tuple[bytes | None, ...] | None:
    if not result.ntuples:
        return None
    return tuple(result.get_value(0, column) for column in range(result.nfields))
