"""Run migrations that are one transaction each, several of them on their way at once.

A migration costs no round trip of its own: BEGIN, its statements, its entry in the history and COMMIT are
sent together, and the next migrations behind them. After an error the server skips all that follows, their
COMMITs too, because no Sync is sent before the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic

import psycopg
from psycopg.errors import Diagnostic

from koonj.postgres.errors import is_lost
from koonj.postgres.flight import Answer, Flight, Landed
from koonj.postgres.run_name import session_name
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.flight_messages import FlightMessage, Kind, Sent, flight_messages
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.statement import StatementError, notice_of
from koonj.runner.apply.transaction_failure import CommitError
from koonj.runner.plan.work import NumberedStatement, Work
from koonj.runner.run.events import (
    Cancelling,
    Event,
    MigrationFinished,
    MigrationStarted,
    Notice,
    StatementFinished,
    StatementStarted,
)

MOST = 16
"""Most migrations that are on their way at once."""

MOST_BYTES = 256 * 1024
"""No further migration is sent while so many bytes are not answered."""

SLOW = 0.25
"""Seconds. Behind a migration that takes longer, the next ones go one at a time."""

_CANCEL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Numbered:
    """A migration of the run, with its place in the plan."""

    work: Work
    index: int
    of: int


class FlightError(Exception):
    """Raised when the flight ended early. `journals`: what was on its way and has no answer to its COMMIT.

    The first of them is the one that failed, or that was running when the connection was lost.
    """

    def __init__(
        self, journals: Sequence[Journal], error: StatementError | CommitError, *, again: bool
    ) -> None:
        super().__init__(str(error))
        self.journals = tuple(journals)
        self.error = error
        self.again = again
        """One of koonj's checks failed: run the migration again, one message at a time."""

    @property
    def lost(self) -> bool:
        """Whether the connection was lost, so that the answer to a COMMIT can be lost too."""
        return is_lost(self.error.error)


async def fly(
    session: RunContext, migrations: Sequence[Numbered], began: float | None = None
) -> AsyncIterator[Event]:
    """Run the migrations in one flight, and yield their events in the order of the server.

    If the user cancels, what the server has already committed is finished, and the rest is not sent. `began`:
    when the first attempt began (`time.monotonic`), if this is another one; then without MigrationStarted.

    Raises:
        FlightError: A migration failed, or the connection was lost.
    """
    control, line = session.control, _Line(session, migrations, began)
    flight: Flight[Sent, Notice] = Flight(session.conn, _hear, lambda: control.cancelled)
    try:
        async with flight:
            line.fill(flight)
            for event in line.begin():
                yield event
            async for event in _arrivals(session, flight, line):
                yield event
    except psycopg.Error as error:
        if not line.journals and is_lost(error):
            return  # all that was sent is committed, and the connection is closed
        if line.failed is None or not is_lost(error):
            raise FlightError(line.journals, CommitError(error), again=False) from error
    if line.failed is not None and line.failed.error is not None:
        raise _flight_error(line.journals, line.failed.about, line.failed.error) from line.failed.error


async def _arrivals(session: RunContext, flight: Flight[Sent, Notice], line: _Line) -> AsyncIterator[Event]:
    """Yield the events of everything that arrives until the flight has landed."""
    cancelling = False
    while not isinstance(item := await flight.next(), Landed):
        if session.control.cancelled and not cancelling:
            cancelling = True
            flight.end()
            yield Cancelling()
        if isinstance(item, Notice):
            yield item
        elif isinstance(item, Answer):
            for event in line.receive(item):
                yield event
            if line.failed is not None:
                flight.end()
            elif not cancelling:
                line.fill(flight)
                for event in line.begin():
                    yield event
        else:  # the statement, or one that was sent behind it, still runs
            with suppress(psycopg.Error):
                await session.conn.cancel_safe(timeout=_CANCEL_SECONDS)


def _hear(sent: Sent, diagnostic: Diagnostic) -> Notice:
    return notice_of(sent.work.planned.name, diagnostic)


def _flight_error(journals: Sequence[Journal], sent: Sent, error: psycopg.Error) -> FlightError:
    if sent.kind is Kind.STATEMENT and sent.numbered is not None:
        return FlightError(journals, StatementError(sent.numbered, error), again=False)
    checked = error.sqlstate == psycopg.errors.InvalidTextRepresentation.sqlstate
    again = sent.kind is Kind.GUARD or (sent.kind is Kind.ENTRY and checked)
    recording = sent.kind in (Kind.CLOSING, Kind.ENTRY, Kind.GUARD)
    return FlightError(journals, CommitError(error, recording=recording), again=again)


class _Line:
    """The migrations of one flight: those on their way, and those that wait."""

    def __init__(self, session: RunContext, migrations: Sequence[Numbered], began: float | None) -> None:
        self._session = session
        self._earlier = began
        self.failed: Answer[Sent] | None = None
        """The answer with the error that ended the flight."""
        self._waiting = deque(migrations)
        self._sent: deque[tuple[Numbered, Journal]] = deque()
        self._most = MOST
        self._has_begun = False
        """Whether the first migration on its way was reported as started."""
        self._began = self._statement_began = began or monotonic()

    @property
    def journals(self) -> list[Journal]:
        """Journals of the migrations on their way."""
        return [journal for _, journal in self._sent]

    def fill(self, flight: Flight[Sent, Notice]) -> None:
        """Send migrations as long as few are on their way; after the last one, end the flight."""
        if len(self._sent) * 2 > self._most:
            return  # fewer and larger packets
        while self._waiting and len(self._sent) < self._most:
            if self._sent and flight.unanswered_bytes > MOST_BYTES:
                return
            migration = self._waiting.popleft()
            journal = Journal(self._session, migration.work, self._earlier or monotonic())
            self._sent.append((migration, journal))
            for message in self._messages(migration, journal):
                flight.send(message)
        if not self._waiting:
            flight.end()

    def _messages(self, migration: Numbered, journal: Journal) -> tuple[FlightMessage, ...]:
        session = self._session
        assert session.server is not None
        name = session_name(session.control.run_id, migration.index, migration.of)
        return flight_messages(session.conn, journal, session.server, journal.elapsed, name)

    def begin(self) -> Iterator[Event]:
        """Yield the event of the migration that the server runs now, if it was not yielded yet."""
        if self._sent and not self._has_begun and self._earlier is None:
            migration, journal = self._sent[0]
            self._has_begun = True
            self._began = monotonic()
            self._sent[0] = migration, replace(journal, began=self._began)
            yield started(migration)

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
            seconds = now - self._statement_began
            yield StatementFinished(name, sent.numbered.index, total, answer.tag, seconds)
        if sent.following is not None:
            self._statement_began = now
            yield _statement_started(sent.work, sent.following)
        if sent.kind is Kind.COMMIT:
            self._sent.popleft()
            seconds = now - self._began
            self._most = 1 if seconds > SLOW else MOST
            self._has_begun = False
            yield MigrationFinished(sent.work.migration.name, sent.work.direction, seconds, total)
            yield from self.begin()


def started(migration: Numbered) -> MigrationStarted:
    """Return the event at the start of a migration."""
    work = migration.work
    return MigrationStarted(
        work.migration.name,
        work.direction,
        migration.index,
        migration.of,
        work.total,
        work.in_one_transaction,
    )


def _statement_started(work: Work, numbered: NumberedStatement) -> StatementStarted:
    statement = numbered.statement
    return StatementStarted(work.planned.name, numbered.index, work.total, statement.line, statement.summary)
