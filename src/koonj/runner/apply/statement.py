"""One statement to the server, with what the server says meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic

import psycopg
from psycopg import AsyncConnection
from psycopg.errors import Diagnostic

from koonj.runner.plan.work import NumberedStatement, Work
from koonj.runner.run.events import Cancelling, Notice, StatementFinished, StatementStarted
from koonj.runner.run.run import Control
from koonj.sql.lexer import scan

Heard = asyncio.Queue[Notice | Cancelling | None]
"""What comes while a statement runs; None at its end."""


class StatementError(Exception):
    """The server refused statement `numbered`, or was lost while it ran."""

    def __init__(self, numbered: NumberedStatement, error: psycopg.Error) -> None:
        super().__init__(str(error))
        self.numbered = numbered
        self.error = error


async def execute(
    conn: AsyncConnection, control: Control, work: Work, numbered: NumberedStatement
) -> AsyncIterator[StatementStarted | Notice | Cancelling | StatementFinished]:
    """Send one statement exactly as the file has it. Raises StatementError, Cancelled."""
    control.check()
    name, statement = work.planned.name, numbered.statement
    yield StatementStarted(name, numbered.index, work.total, statement.line, statement.summary)
    control.check()  # a cancel that came meanwhile found no statement to stop
    begun = monotonic()
    _must_be_read_alike(conn, work, numbered)
    rows = None
    if statement.copy_data is not None:
        rows = _until_cancelled(work.script.data(statement), control)
    said: Heard = asyncio.Queue()

    with hearing(conn, name, said.put_nowait), control.telling(lambda: said.put_nowait(Cancelling())):
        sending = asyncio.create_task(_send(conn, statement.text.encode(), rows, said))
        try:
            while (heard := await said.get()) is not None:
                yield heard
            tag = await sending
        except psycopg.Error as error:
            raise StatementError(numbered, error) from error
        finally:
            if not sending.done():
                sending.cancel()  # psycopg cancels the statement on the server, and waits for its end
                await asyncio.wait((sending,))
    yield StatementFinished(name, numbered.index, work.total, tag, monotonic() - begun)


def _must_be_read_alike(conn: AsyncConnection, work: Work, numbered: NumberedStatement) -> None:
    """Refuse what the server would read otherwise than koonj has: with other quotes, or as another encoding.

    A quote that ends elsewhere can hide a COMMIT, and a file is UTF-8. Raises StatementError.
    """
    statement, told = numbered.statement, conn.pgconn.parameter_status
    if told(b"standard_conforming_strings") != b"on" and not _one_with_escapes(statement.text):
        message = (
            "standard_conforming_strings is off on the server, where quotes in this statement end elsewhere "
            "than they were read. Leave the setting on, and write E'…' where a backslash escapes."
        )
        raise StatementError(numbered, psycopg.NotSupportedError(message))
    encoding = (told(b"client_encoding") or b"").decode()
    if encoding not in ("UTF8", "SQL_ASCII") and not _ascii(work, numbered):
        message = (
            f"client_encoding is {encoding}, and the file is UTF-8: the server would store other characters "
            "than these. Leave the setting as it is."
        )
        raise StatementError(numbered, psycopg.NotSupportedError(message))


def _one_with_escapes(text: str) -> bool:
    """Is it one statement, and whole, where a backslash in '…' escapes?"""
    if "\\" not in text:
        return True
    items = list(scan(text, standard_conforming_strings=False))
    return len(items) == 1 and items[0].unterminated is None


def _ascii(work: Work, numbered: NumberedStatement) -> bool:
    start, end = numbered.statement.copy_data or (0, 0)
    return numbered.statement.text.isascii() and work.script.source.text[start:end].isascii()


def _until_cancelled(rows: Iterable[bytes], control: Control) -> Iterator[bytes]:
    """The rows of a COPY, with an error among them, for the server too, where a person cancels.

    Otherwise they would go on to the last one, though the server has long refused them.
    """
    for chunk in rows:
        if control.cancelled:
            raise psycopg.errors.QueryCanceled("cancelled while its rows were being sent")
        yield chunk


async def _send(
    conn: AsyncConnection,
    text: bytes,
    rows: Iterable[bytes] | None,
    said: Heard,
) -> str:
    """Send, read every result, and put None into `said` at the end; the last command tag."""
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
        said.put_nowait(None)


@contextmanager
def hearing(conn: AsyncConnection, name: str, hear: Callable[[Notice], None]) -> Iterator[None]:
    """Hand on what the server says meanwhile, in the name of a migration."""

    def handle(diagnostic: Diagnostic) -> None:
        hear(_notice(name, diagnostic))  # now: a diagnostic does not outlive this call

    conn.add_notice_handler(handle)
    try:
        yield
    finally:
        conn.remove_notice_handler(handle)


def _notice(name: str, diagnostic: Diagnostic) -> Notice:
    """A server's notice as an event."""
    return Notice(
        name=name,
        severity=diagnostic.severity or "NOTICE",
        message=diagnostic.message_primary or "",
        detail=diagnostic.message_detail,
        hint=diagnostic.message_hint,
        sqlstate=diagnostic.sqlstate,
    )
