"""Send a statement that PostgreSQL refuses in a transaction in one flight with its count.

The statement is the first one behind a Sync, and BEGIN, the count and COMMIT follow it at once. Then the
last transaction of CREATE INDEX CONCURRENTLY, DROP INDEX CONCURRENTLY, DETACH CONCURRENTLY, and of a CALL or
a DO that commits, is the one of the count: either both are committed or neither. The server does not promise
that. If it is not so, the evidence decides (`runner/evidence`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from enum import Enum, auto
from time import monotonic
from typing import Any

import psycopg
from psycopg import AsyncConnection, capabilities
from psycopg.errors import Diagnostic

from koonj.postgres.flight import Answer, Flight, Landed, Message
from koonj.postgres.queries import numbered as numbered_query
from koonj.postgres.session import fence_statements, roll_back
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.statement import StatementError, notice_of, reads_alike
from koonj.runner.plan.work import NumberedStatement
from koonj.runner.run.events import Cancelling, Event, Notice, StatementFinished, StatementStarted
from koonj.sql.index_statement import index_statement
from koonj.sql.statements import Statement

_CANCEL_SECONDS = 2.0


class _Kind(Enum):
    """What a message of the flight is for."""

    STATEMENT = auto()
    GUARD = auto()
    """A check that the statement did not take an INVALID index for done."""
    COUNT = auto()


class SkippedInvalidIndexError(Exception):
    """Raised if CREATE INDEX … IF NOT EXISTS skipped an INVALID index. Nothing is counted."""


class NotCountedError(Exception):
    """Raised if the statement succeeded, and its count failed."""

    def __init__(self, error: psycopg.Error) -> None:
        super().__init__(str(error))
        self.error = error


def can_fly_alone(conn: AsyncConnection, statement: Statement) -> bool:
    """Return whether a refused statement and its count can be sent at once."""
    plain = len(statement.spans) == 1 and not statement.copies
    return plain and capabilities.has_pipeline() and reads_alike(conn)


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
    session, work, statement = journal.session, journal.work, numbered.statement
    name, control = work.planned.name, session.control
    yield StatementStarted(name, numbered.index, work.total, statement.line, statement.summary)
    control.check()  # a cancel request during the event found no running statement on the server
    began, reports = monotonic(), deque[Event]()
    flight = Flight[_Kind, Notice | None](
        session.conn, _hear(name), lambda: control.cancelled or bool(reports)
    )
    answers: list[Answer[_Kind]] = []
    cancelling, seconds = False, 0.0
    try:
        with control.listening(reports.append):
            async with flight:
                for message in _messages(journal, entry_id, numbered, facts):
                    flight.send(message)
                flight.end()
                while not isinstance(item := await flight.next(), Landed):
                    if control.cancelled and not cancelling:
                        cancelling = True
                        yield Cancelling()
                    if isinstance(item, Answer):
                        answers.append(item)
                        seconds = seconds or monotonic() - began
                    elif isinstance(item, Notice):
                        yield item
                    elif control.cancelled and item is not None:  # it still runs
                        with suppress(psycopg.Error):
                            await session.conn.cancel_safe(timeout=_CANCEL_SECONDS)
                    while reports:
                        yield reports.popleft()
    except psycopg.Error as error:
        raise StatementError(numbered, error) from error
    await _check(session.conn, numbered, answers)
    yield StatementFinished(name, numbered.index, work.total, answers[0].tag, seconds)


async def _check(conn: AsyncConnection, numbered: NumberedStatement, answers: list[Answer[_Kind]]) -> None:
    """Roll back if a message failed. Raises as `fly_refused`."""
    failed = next((answer for answer in answers if answer.error is not None), None)
    if failed is None:
        if answers[-1].tag != "COMMIT":
            raise NotCountedError(psycopg.InternalError(f"COMMIT was answered with {answers[-1].tag}"))
        return
    assert failed.error is not None
    await roll_back(conn)
    if failed.about is _Kind.STATEMENT:
        raise StatementError(numbered, failed.error) from failed.error
    checked = failed.error.sqlstate == psycopg.errors.InvalidTextRepresentation.sqlstate
    if failed.about is _Kind.GUARD and checked:
        raise SkippedInvalidIndexError from failed.error
    raise NotCountedError(failed.error) from failed.error


def _hear(name: str) -> Callable[[_Kind, Diagnostic], Notice | None]:
    """Return a function that converts the notices of the statement, and drops those of its count."""

    def hear(kind: _Kind, diagnostic: Diagnostic) -> Notice | None:
        return notice_of(name, diagnostic) if kind is _Kind.STATEMENT else None

    return hear


def _messages(
    journal: Journal, entry_id: int, numbered: NumberedStatement, facts: Mapping[str, Any]
) -> Iterator[Message[_Kind]]:
    conn, target, total = journal.session.conn, journal.session.target, journal.work.total
    yield Message(_Kind.STATEMENT, numbered.statement.text.encode(), told=True)
    named = index_statement(numbered.statement.text)
    if named is not None and named.if_not_exists and facts.get("index"):
        yield _query(_Kind.GUARD, "named_index_is_valid", facts)
    yield Message(_Kind.COUNT, b"BEGIN")
    # No lock_timeout: a count that fails would make the index of a long build INVALID.
    for statement in fence_statements(target, "0"):
        yield Message(_Kind.COUNT, statement.as_bytes(conn))
    index = numbered.index
    values = {"id": entry_id, "statement": index, "done": index, "complete": index == total}
    yield _query(_Kind.COUNT, "count", values)
    yield Message(_Kind.COUNT, b"COMMIT", told=True)


def _query(kind: _Kind, name: str, values: Mapping[str, Any]) -> Message[_Kind]:
    text, names = numbered_query(f"flight/{name}")
    return Message(kind, text, tuple(str(values[name]).encode() for name in names))
