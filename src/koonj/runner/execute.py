"""One statement to the server, with what the server says meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from time import monotonic

import psycopg
from psycopg import AsyncConnection
from psycopg.errors import Diagnostic

from koonj.runner.events import Notice, StatementFinished, StatementStarted
from koonj.runner.run import Control
from koonj.runner.work import Numbered, Work


class StatementError(Exception):
    """The server refused statement `numbered`, or was lost while it ran."""

    def __init__(self, numbered: Numbered, error: psycopg.Error) -> None:
        super().__init__(str(error))
        self.numbered = numbered
        self.error = error


async def execute(
    conn: AsyncConnection, control: Control, work: Work, numbered: Numbered
) -> AsyncIterator[StatementStarted | Notice | StatementFinished]:
    """Send one statement exactly as the file has it. Raises StatementError, Cancelled."""
    control.check()
    name, statement = work.planned.name, numbered.statement
    yield StatementStarted(name, numbered.index, work.total, statement.line, statement.summary)
    begun = monotonic()
    rows = work.script.data(statement) if statement.copy_data is not None else None
    said: asyncio.Queue[Notice | None] = asyncio.Queue()

    def hear(diagnostic: Diagnostic) -> None:
        said.put_nowait(notice(name, diagnostic))  # now: a diagnostic does not outlive this call

    conn.add_notice_handler(hear)
    sending = asyncio.create_task(_send(conn, statement.text.encode(), rows, said))
    try:
        while (heard := await said.get()) is not None:
            yield heard
        tag = await sending
    except psycopg.Error as error:
        raise StatementError(numbered, error) from error
    finally:
        conn.remove_notice_handler(hear)
        if not sending.done():
            sending.cancel()  # psycopg cancels the statement on the server, and waits for its end
            await asyncio.wait((sending,))
    yield StatementFinished(name, numbered.index, work.total, tag, monotonic() - begun)


async def _send(
    conn: AsyncConnection, text: bytes, rows: Iterable[bytes] | None, said: asyncio.Queue[Notice | None]
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


def notice(name: str, diagnostic: Diagnostic) -> Notice:
    """A server's notice as an event."""
    return Notice(
        name=name,
        severity=diagnostic.severity or "NOTICE",
        message=diagnostic.message_primary or "",
        detail=diagnostic.message_detail,
        hint=diagnostic.message_hint,
        sqlstate=diagnostic.sqlstate,
    )
