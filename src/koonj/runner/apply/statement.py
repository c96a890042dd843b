"""Run one statement on the server, and pass on its messages while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic

import psycopg
from psycopg import AsyncConnection
from psycopg.errors import Diagnostic

from koonj.runner.apply.invalid_index import SKIPPED, must_be_valid
from koonj.runner.plan.work import NumberedStatement, Work
from koonj.runner.run.events import Cancelling, Event, Notice, StatementFinished, StatementStarted
from koonj.runner.run.run import Control
from koonj.sql.lexer import scan

EventQueue = asyncio.Queue[Event | None]
"""Events while a statement runs; None at its end."""


class StatementError(Exception):
    """Raised when statement `numbered` fails, or the connection is lost while it runs."""

    def __init__(self, numbered: NumberedStatement, error: psycopg.Error) -> None:
        super().__init__(str(error))
        self.numbered = numbered
        self.error = error


async def execute(
    conn: AsyncConnection, control: Control, work: Work, numbered: NumberedStatement
) -> AsyncIterator[Event]:
    """Send one statement exactly as it is in the file, and yield its events.

    Raises:
        StatementError: The statement failed, it took an INVALID index for done, or the connection was lost.
        Cancelled: The user has cancelled the run before the statement was sent.
    """
    control.check()
    name, statement = work.planned.name, numbered.statement
    yield statement_started(work, numbered)
    control.check()  # a cancel request during the event found no running statement on the server
    start = monotonic()
    _check_server_parses_alike(conn, work, numbered)
    rows, skipped = None, list[str]()
    if statement.copy_data is not None:
        rows = _until_cancelled(work.script.data(statement), control)
    queue: EventQueue = asyncio.Queue()

    forwarding = forward_notices(conn, name, queue.put_nowait)
    listening = control.listening(queue.put_nowait, lambda: _unread(queue))
    with forwarding, listening, control.on_cancel(lambda: queue.put_nowait(Cancelling())):
        sending = asyncio.create_task(_send(conn, statement.text.encode(), rows, queue))
        try:
            while (event := await queue.get()) is not None:
                if isinstance(event, Notice) and event.sqlstate == SKIPPED:
                    skipped.append(event.message)
                yield event
            tag = await sending
            await must_be_valid(conn, statement, skipped)
        except psycopg.Error as error:
            raise StatementError(numbered, error) from error
        finally:
            if not sending.done():
                sending.cancel()  # psycopg cancels the statement on the server and waits for its end
                await asyncio.wait((sending,))
    yield StatementFinished(name, numbered.index, work.total, tag, monotonic() - start)


def statement_started(work: Work, numbered: NumberedStatement) -> StatementStarted:
    """Return the event at the start of a statement."""
    name, statement = work.planned.name, numbered.statement
    committed = max(work.planned.statements_done, numbered.before)
    return StatementStarted(name, numbered.index, work.total, statement.line, statement.summary, committed)


def _unread(queue: EventQueue) -> Iterator[Event | None]:
    while not queue.empty():
        yield queue.get_nowait()


def _check_server_parses_alike(conn: AsyncConnection, work: Work, numbered: NumberedStatement) -> None:
    """Check that the server reads the statement as koonj does (quotes, encoding).

    Otherwise a quote that ends in a different place could hide a COMMIT. Files are UTF-8.

    Raises:
        StatementError: The server's settings would change the meaning of the statement.
    """
    statement = numbered.statement
    if not _strings_alike(conn) and not _is_one_statement_with_escapes(statement.text):
        message = (
            "standard_conforming_strings is off on the server, so the server would read the quotes in this "
            "statement differently from koonj. Turn the setting on, and write E'…' for strings with "
            "backslash escapes."
        )
        raise StatementError(numbered, psycopg.NotSupportedError(message))
    encoding = _client_encoding(conn)
    if encoding not in _UNCHANGED and not _is_ascii(work, numbered):
        message = (
            f"client_encoding is {encoding}, but the file is UTF-8: the server would store different "
            "characters. Do not change this setting."
        )
        raise StatementError(numbered, psycopg.NotSupportedError(message))


def reads_alike(conn: AsyncConnection) -> bool:
    """Return whether the server reads all texts as koonj does, with the present settings of the session."""
    return _strings_alike(conn) and _client_encoding(conn) in _UNCHANGED


_UNCHANGED = frozenset({"UTF8", "SQL_ASCII"})
"""Encodings of the client with which the server reads a file in UTF-8 as it is."""


def _strings_alike(conn: AsyncConnection) -> bool:
    return conn.pgconn.parameter_status(b"standard_conforming_strings") == b"on"


def _client_encoding(conn: AsyncConnection) -> str:
    return (conn.pgconn.parameter_status(b"client_encoding") or b"").decode()


def _is_one_statement_with_escapes(text: str) -> bool:
    """Return whether `text` is one complete statement if backslashes in '…' escape."""
    if "\\" not in text:
        return True
    items = list(scan(text, standard_conforming_strings=False))
    return len(items) == 1 and items[0].unterminated is None


def _is_ascii(work: Work, numbered: NumberedStatement) -> bool:
    start, end = numbered.statement.copy_data or (0, 0)
    return numbered.statement.text.isascii() and work.script.source.text[start:end].isascii()


def _until_cancelled(rows: Iterable[bytes], control: Control) -> Iterator[bytes]:
    """Yield the rows of a COPY; on a cancel request, raise an error.

    The error also ends the COPY on the server. Otherwise koonj would send all rows, although the server has
    already cancelled the COPY.
    """
    for chunk in rows:
        if control.cancelled:
            raise psycopg.errors.QueryCanceled("cancelled while the rows of COPY were being sent")
        yield chunk


async def _send(
    conn: AsyncConnection,
    text: bytes,
    rows: Iterable[bytes] | None,
    queue: EventQueue,
) -> str:
    """Send a statement, read all results, and return the last command tag.

    Put None in `queue` at the end.
    """
    try:
        async with conn.cursor() as cursor:
            if rows is None:
                await cursor.execute(text)
            else:
                async with cursor.copy(text) as copy:
                    for chunk in rows:
                        await copy.write(chunk)
            while cursor.nextset():
                pass
            return cursor.statusmessage or ""
    finally:
        queue.put_nowait(None)


@contextmanager
def forward_notices(conn: AsyncConnection, name: str, receive: Callable[[Notice], None]) -> Iterator[None]:
    """Pass the server's messages to `receive`, as events of migration `name`."""

    def handle(diagnostic: Diagnostic) -> None:
        receive(notice_of(name, diagnostic))  # convert it now: it is invalid after this call

    conn.add_notice_handler(handle)
    try:
        yield
    finally:
        conn.remove_notice_handler(handle)


def notice_of(name: str, diagnostic: Diagnostic) -> Notice:
    """Convert a message of the server to an event."""
    return Notice(
        name=name,
        severity=diagnostic.severity or "NOTICE",
        message=diagnostic.message_primary or "",
        detail=diagnostic.message_detail,
        hint=diagnostic.message_hint,
        sqlstate=diagnostic.sqlstate,
    )
