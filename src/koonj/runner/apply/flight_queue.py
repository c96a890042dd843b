"""Transactions that go in one flight, and the reader of what the server answers about them.

A transaction costs no round trip of its own: everything from BEGIN to COMMIT is sent together, and the next
transactions behind it. After an error the server skips all that follows, their COMMITs too, because no Sync
is sent before the end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from time import monotonic
from typing import Generic, TypeVar

import psycopg
from psycopg.errors import Diagnostic

from koonj.postgres.flight import Answer, Flight, Landed, Message, Tick
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.flight_messages import Kind, Sent
from koonj.runner.apply.statement import StatementError, statement_started
from koonj.runner.plan.work import NumberedStatement
from koonj.runner.run.events import Cancelling, Event, Notice, StatementFinished

Part = TypeVar("Part")

MOST = 16
"""Most transactions that are on their way at once."""

MOST_BYTES = 256 * 1024
"""No further transaction is sent while so many bytes are not answered."""

SLOW = 0.25
"""Seconds. Behind a transaction that takes longer, the next ones go one at a time."""

_LAST = frozenset({Kind.END, Kind.COMMIT})
"""Kinds of the last message of a part."""

_CANCEL_SECONDS = 2.0

Hear = Callable[[Sent, Diagnostic], Notice | None]
"""Converts a notice of the server about a message; None: nobody needs to know it."""


class FlightQueue(ABC, Generic[Part]):
    """The transactions of one flight: those on their way, and those that wait."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self.failed: Answer[Sent] | None = None
        """The answer with the error that ended the flight."""
        self.sent: deque[Part] = deque()
        """On their way: the answer to their COMMIT has not arrived."""
        self.running: NumberedStatement | None = None
        """The statement of the file that the server runs now, as far as its answers show it."""
        self._waiting = deque(parts)
        self._most = MOST
        self._began = self._statement_began = monotonic()

    @abstractmethod
    def messages(self, part: Part) -> Iterable[Message[Sent]]:
        """Return the messages of a transaction, from BEGIN to COMMIT."""

    @abstractmethod
    def committed(self, part: Part, seconds: float) -> Iterator[Event]:
        """Yield the events of a transaction that is committed."""

    def begin(self) -> Iterator[Event]:
        """Yield the events of the transaction that the server runs now; it begins."""
        self._began = monotonic()
        yield from ()

    def proceed(self, flight: Flight[Sent, Notice | None]) -> Iterator[Event]:
        """Send what can be sent now, and yield the events of a transaction that begins with that."""
        was_idle = not self.sent
        if self.failed is not None:
            flight.end()
        elif not flight.ended:
            self._fill(flight)
        if was_idle and self.sent:
            yield from self.begin()

    def _fill(self, flight: Flight[Sent, Notice | None]) -> None:
        """Send transactions as long as few are on their way; after the last one, end the flight."""
        if len(self.sent) * 2 > self._most:
            return  # fewer and larger packets
        while self._waiting and len(self.sent) < self._most:
            if self.sent and flight.unanswered_bytes > MOST_BYTES:
                return
            part = self._waiting.popleft()
            self.sent.append(part)
            for message in self.messages(part):
                flight.send(message)
        if not self._waiting:
            flight.end()

    def receive(self, answer: Answer[Sent]) -> Iterator[Event]:
        """Yield the events of an answer; keep the first one with an error."""
        if answer.error is not None:
            self.failed = self.failed or answer
        elif not answer.skipped:
            yield from self._succeeded(answer)

    def _succeeded(self, answer: Answer[Sent]) -> Iterator[Event]:
        sent, now = answer.about, monotonic()
        name, total = sent.work.planned.name, sent.work.total
        if sent.numbered is not None:
            self.running = None
            seconds = now - self._statement_began
            yield StatementFinished(name, sent.numbered.index, total, answer.tag, seconds)
        if sent.following is not None:
            self.running = sent.following
            self._statement_began = now
            yield statement_started(sent.work, sent.following)
        if sent.kind in _LAST:
            seconds = now - self._began
            self._most = 1 if seconds > SLOW else MOST
            yield from self.committed(self.sent.popleft(), seconds)
            if self.sent:
                yield from self.begin()

    def error(self, lost: psycopg.Error | None) -> StatementError | psycopg.Error | None:
        """Return the error that ended the flight, with its statement; None if all is committed.

        `lost`: the error of the connection, if it ended the flight.
        """
        if self.failed is None:
            return lost if lost is None or self.running is None else StatementError(self.running, lost)
        error, about = self.failed.error, self.failed.about
        assert error is not None
        return error if about.numbered is None else StatementError(about.numbered, error)

    @property
    def must_look(self) -> bool:
        """Whether one of koonj's checks failed: run the transaction again, one message at a time."""
        if self.failed is None or self.failed.error is None:
            return False
        kind, sqlstate = self.failed.about.kind, self.failed.error.sqlstate
        checked = sqlstate == psycopg.errors.InvalidTextRepresentation.sqlstate
        return kind is Kind.GUARD or (kind is Kind.ENTRY and checked)


async def fly_queue(session: RunContext, queue: FlightQueue[Part], hear: Hear) -> AsyncIterator[Event]:
    """Run the transactions of a queue in one flight, and yield their events in the order of the server.

    Reports about the running statement (`Control.listening`) come between them. If the user cancels, what the
    server has already committed is finished, and the rest is not sent. After an error of the server
    (`queue.failed`) the transaction that failed is still open.

    Raises:
        psycopg.Error: The connection was lost, or libpq refuses the flight.
    """
    control, cancelling, reports = session.control, False, deque[Event]()
    flight: Flight[Sent, Notice | None] = Flight(
        session.conn, hear, lambda: control.cancelled or bool(reports)
    )
    async with flight:
        for event in queue.proceed(flight):
            yield event
        with control.listening(reports.append, lambda: reports):
            while not isinstance(item := await flight.next(), Landed):
                if control.cancelled and not cancelling:
                    cancelling = True
                    flight.end()
                    yield Cancelling()
                if isinstance(item, Tick):
                    await _cancel(session)
                elif isinstance(item, Notice):
                    yield item
                elif isinstance(item, Answer):
                    for event in chain(queue.receive(item), queue.proceed(flight)):
                        yield event
                while reports:
                    yield reports.popleft()


async def _cancel(session: RunContext) -> None:
    """If the user has cancelled: the statement, or one that was sent behind it, still runs."""
    if session.control.cancelled:
        with suppress(psycopg.Error):
            await session.conn.cancel_safe(timeout=_CANCEL_SECONDS)
