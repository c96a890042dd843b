"""Read from a target in one transaction, and leave nothing in its session.

Behind a pooler in transaction mode, another client gets the session after each transaction, with every SET of
this one. So a read uses SET LOCAL only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import psycopg
from psycopg import AsyncConnection, AsyncCursor, sql

from koonj.config import Target
from koonj.postgres.answer_limit import LimitedAsyncConnection, NoAnswerError
from koonj.postgres.connection_cause import ConnectProblem
from koonj.postgres.connector import ConnectError, Connector, must_be_postgresql, refused
from koonj.postgres.product import version_text
from koonj.postgres.readable_text import DECODED, RAW, UNREADABLE, decoded
from koonj.postgres.session import roll_back

READ_COMMITTED = sql.SQL("READ COMMITTED")
REPEATABLE_READ = sql.SQL("REPEATABLE READ")

Rows = list[tuple[Any, ...]]

_LIMITS = {
    "lock_timeout": "10s",
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "60s",
    "transaction_timeout": "0",
}
"""Limits of the server, whatever the role or the database has set.

They are smaller than the client's own limit (`answer_limit.READ_SECONDS`), so that the server can report the
cause.
"""


@asynccontextmanager
async def reading(
    connector: Connector, target: Target, *, name: str, isolation: sql.SQL = READ_COMMITTED
) -> AsyncIterator[LimitedAsyncConnection]:
    """Connect, read in one transaction as the target's role, and close the connection.

    Raises: ConnectError.
    """
    async with await connector.connect(target, name=name) as conn, read_transaction(conn, target, isolation):
        yield conn


@dataclass(frozen=True, slots=True)
class Opened:
    """What the server answered when a transaction was opened."""

    answers: Sequence[Rows]
    """The rows of each question."""
    seconds: float
    """How long the answer to all of them took."""


@asynccontextmanager
async def read_transaction(
    conn: AsyncConnection,
    target: Target,
    isolation: sql.SQL = READ_COMMITTED,
    *,
    questions: Sequence[str] = (),
) -> AsyncIterator[Opened]:
    """Read in a READ ONLY transaction of an open connection, as the target's role.

    `questions`: queries that are sent with the BEGIN, in one message. They read nothing through which a role
    could run its code.

    Raises: ConnectError; psycopg.Error if a question failed.
    """
    try:
        yield await _open(conn, target, isolation, questions)
    except NoAnswerError as error:
        raise ConnectError(str(error), error.hint) from error
    finally:
        await roll_back(conn)


async def _open(
    conn: AsyncConnection, target: Target, isolation: sql.SQL, questions: Sequence[str]
) -> Opened:
    """Start the transaction, and check that the server is PostgreSQL.

    Raises: ConnectError; NoAnswerError; psycopg.Error if a question failed.
    """
    try:
        text, begun = _opening(conn, target, isolation), perf_counter()
        cursor = await conn.execute(";\n".join((text, *questions)).encode())
        seconds, [[version], *answers] = perf_counter() - begun, await _rows(cursor)
    except NoAnswerError:
        raise
    except UNREADABLE:  # a name of the server that the encoding of the database cannot show
        await roll_back(conn)
        opened = await _open(conn, target, isolation, ())
        raw: list[Rows] = []
        for question in questions:  # some of them set the client's encoding
            raw += await _rows(await conn.execute(f"{RAW};\n{question}".encode()))
        await conn.execute(DECODED)
        return Opened([await decoded(conn, rows) for rows in raw], opened.seconds)
    except psycopg.Error as error:
        await roll_back(conn)
        with suppress(psycopg.Error):  # another product can refuse what PostgreSQL accepts
            must_be_postgresql(await version_text(conn))
        if questions and not conn.closed:
            await _open(conn, target, isolation, ())
            await roll_back(conn)
            raise  # a transaction can be opened, so a question failed
        raise _not_opened(error, target) from error
    must_be_postgresql(str(version[0]))
    return Opened(answers, seconds)


async def _rows(cursor: AsyncCursor) -> list[Rows]:
    """Return the rows of each statement that returns rows."""
    found = []
    while True:
        if cursor.description is not None:
            found.append(await cursor.fetchall())
        if not cursor.nextset():
            return found


def _opening(conn: AsyncConnection, target: Target, isolation: sql.SQL) -> str:
    """Return BEGIN and the settings of the transaction, as one message."""
    parts: list[sql.Composable] = [sql.SQL("BEGIN ISOLATION LEVEL {} READ ONLY").format(isolation)]
    if target.role is not None:
        parts.append(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(target.role)))
    for name, value in _LIMITS.items():
        if name != "transaction_timeout" or conn.info.server_version >= 170000:
            parts.append(sql.SQL("SET LOCAL {} TO {}").format(sql.Identifier(name), sql.Literal(value)))
    parts.append(sql.SQL("SELECT pg_catalog.version()"))
    return sql.SQL("; ").join(parts).as_string(conn)


def _not_opened(error: psycopg.Error, target: Target) -> ConnectError:
    found = refused(error, target)
    if not isinstance(error, psycopg.errors.ProtocolViolation):
        return found
    # Answers of a pooler, of which pgbouncer reports each with this SQLSTATE, in English.
    if "statement pooling mode" in found.message:
        found.message = f"The target is behind a pooler that allows no transactions: {found.message}."
        found.hint = "Use a dsn that connects to PostgreSQL directly, or to a pooler in session mode."
    else:
        found.message = f"The pooler of the target reported an error: {found.message}."
        found.hint = NoAnswerError.hint
        found.problem = ConnectProblem.BUSY
    return found
