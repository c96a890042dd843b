"""Send a statement that PostgreSQL refuses in a transaction in one flight with its count.

The statement is the first one behind a Sync, and BEGIN, the count and COMMIT follow it at once. Then the
last transaction of CREATE INDEX CONCURRENTLY, DROP INDEX CONCURRENTLY, DETACH CONCURRENTLY, and of a CALL or
a DO that commits, is the one of the count: either both are committed or neither. The server does not promise
that. If it is not so, the evidence decides (`runner/evidence`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from time import monotonic
from typing import Any

import psycopg
from psycopg import AsyncConnection, capabilities
from psycopg.errors import Diagnostic

from koonj.postgres.flight import Answer, Message
from koonj.postgres.queries import numbered as numbered_query
from koonj.postgres.session import fence_statements, roll_back
from koonj.runner.apply.flight_messages import FlightMessage, Kind, Sent, is_one_message
from koonj.runner.apply.flight_queue import FlightQueue, fly_queue
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.statement import StatementError, notice_of, reads_alike, statement_started
from koonj.runner.plan.work import NumberedStatement
from koonj.runner.run.events import Event, Notice, StatementFinished
from koonj.sql.index_statement import index_statement
from koonj.sql.statements import Statement


class SkippedInvalidIndexError(Exception):
    """Raised if CREATE INDEX … IF NOT EXISTS skipped an INVALID index. Nothing is counted."""


class NotCountedError(Exception):
    """Raised if the statement succeeded, and its count failed."""

    def __init__(self, error: psycopg.Error) -> None:
        super().__init__(str(error))
        self.error = error


def can_fly_alone(conn: AsyncConnection, statement: Statement) -> bool:
    """Return whether a refused statement and its count can be sent at once."""
    return is_one_message(statement) and capabilities.has_pipeline() and reads_alike(conn)


async def fly_refused(
    journal: Journal, entry_id: int, numbered: NumberedStatement, facts: Mapping[str, Any]
) -> AsyncIterator[Event]:
    """Send the statement and its count, and yield their events. `facts`: as they were recorded before.

    Raises:
        StatementError: The statement failed, or the connection was lost.
        SkippedInvalidIndexError: The statement did nothing, because an INVALID index has its name.
        NotCountedError: Its count failed.
        Cancelled: The user has cancelled the run before the statement was sent.
    """
    session, work = journal.session, journal.work
    yield statement_started(work, numbered)
    session.control.check()  # a cancel request during the event found no running statement on the server
    queue = _RefusedQueue(tuple(_messages(journal, entry_id, numbered, facts)))
    try:
        async for event in fly_queue(session, queue, _hear):
            yield event
    except psycopg.Error as error:
        if queue.failed is None:
            raise StatementError(numbered, error) from error
    if queue.failed is not None:
        await roll_back(session.conn)
        raise _error(numbered, queue.failed)
    if queue.tags[-1] != "COMMIT":
        raise NotCountedError(psycopg.InternalError(f"COMMIT was answered with {queue.tags[-1]}"))
    yield StatementFinished(work.planned.name, numbered.index, work.total, queue.tags[0], queue.seconds)


class _RefusedQueue(FlightQueue[tuple[FlightMessage, ...]]):
    """One statement with its count. It has finished when it is counted; its answers are kept until then."""

    def __init__(self, messages: tuple[FlightMessage, ...]) -> None:
        super().__init__((messages,))
        self.tags: list[str] = []
        """Command tags of the answers."""
        self.seconds = 0.0
        """Duration of the statement."""

    def messages(self, part: tuple[FlightMessage, ...]) -> tuple[FlightMessage, ...]:
        """Return the messages."""
        return part

    def receive(self, answer: Answer[Sent]) -> Iterator[Event]:
        """Keep what the answer says."""
        self.seconds = self.seconds or monotonic() - self._began
        self.tags.append(answer.tag)
        yield from super().receive(answer)

    def committed(self, part: tuple[FlightMessage, ...], seconds: float) -> Iterator[Event]:
        """Yield nothing: whether its COMMIT was one is not known yet."""
        del part, seconds
        yield from ()


def _error(numbered: NumberedStatement, failed: Answer[Sent]) -> Exception:
    """Return the error of the message that failed; it raises as `fly_refused`."""
    error, kind = failed.error, failed.about.kind
    assert error is not None
    if kind is Kind.STATEMENT:
        return StatementError(numbered, error)
    checked = error.sqlstate == psycopg.errors.InvalidTextRepresentation.sqlstate
    return SkippedInvalidIndexError() if kind is Kind.GUARD and checked else NotCountedError(error)


def _hear(sent: Sent, diagnostic: Diagnostic) -> Notice | None:
    """Convert the notices of the statement, and drop those of its count."""
    is_own = sent.kind is not Kind.STATEMENT
    return None if is_own else notice_of(sent.work.planned.name, diagnostic)


def _messages(
    journal: Journal, entry_id: int, numbered: NumberedStatement, facts: Mapping[str, Any]
) -> Iterator[FlightMessage]:
    conn, work, target = journal.session.conn, journal.work, journal.session.target
    yield Message(Sent(work, Kind.STATEMENT), numbered.statement.text.encode(), told=True)
    named = index_statement(numbered.statement.text)
    if named is not None and named.if_not_exists and facts.get("index"):
        yield _query(Sent(work, Kind.GUARD), "named_index_is_valid", facts)
    closing = Sent(work, Kind.CLOSING)
    yield Message(closing, b"BEGIN")
    # No lock_timeout: a count that fails would make the index of a long build INVALID.
    for statement in fence_statements(target, "0"):
        yield Message(closing, statement.as_bytes(conn))
    index = numbered.index
    values = {"id": entry_id, "statement": index, "done": index, "complete": index == work.total}
    yield _query(Sent(work, Kind.ENTRY), "count", values)
    yield Message(Sent(work, Kind.COMMIT), b"COMMIT", told=True)


def _query(about: Sent, name: str, values: Mapping[str, Any]) -> FlightMessage:
    text, names = numbered_query(f"flight/{name}")
    return Message(about, text, tuple(str(values[name]).encode() for name in names))
