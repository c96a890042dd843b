"""Run koonj's queries in the session of a migration without changing that session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection

from koonj.postgres.reading_settings import set_local

_OURS = set_local(
    {
        "statement_timeout": "0",
        "lock_timeout": "0",
        "enable_nestloop": "on",
        "enable_hashjoin": "on",
        "enable_indexscan": "on",
        "enable_bitmapscan": "on",
    }
)
"""Settings that a file can have changed and that would alter, stop or slow koonj's queries."""

_ASIDE = f"SAVEPOINT koonj_trace; {_OURS}"
_BACK = "ROLLBACK TO SAVEPOINT koonj_trace; RELEASE SAVEPOINT koonj_trace"


@asynccontextmanager
async def in_savepoint(conn: AsyncConnection) -> AsyncIterator[None]:
    """Run queries in the open transaction, in a savepoint with koonj's settings.

    The savepoint is rolled back at the end, so an error in it does not abort the transaction. If the file has
    a savepoint of the same name, that one is only hidden for the time.

    Raises: psycopg.Error.
    """
    await conn.execute(_ASIDE, prepare=False)
    try:
        yield
    finally:
        if not conn.closed:
            await conn.execute(_BACK, prepare=False)


@asynccontextmanager
async def in_own_transaction(conn: AsyncConnection, *, writes: bool = False) -> AsyncIterator[None]:
    """Run queries in a transaction of their own, with koonj's settings.

    The session must not be in a transaction. Read-only, unless `writes`.

    Raises: psycopg.Error.
    """
    access = "READ WRITE" if writes else "READ ONLY"
    begin = f"BEGIN ISOLATION LEVEL READ COMMITTED {access}"
    await conn.execute(f"{begin}; {_OURS}".encode(), prepare=False)
    try:
        yield
        await conn.execute("COMMIT", prepare=False)
    except BaseException:
        if not conn.closed:
            await conn.execute("ROLLBACK", prepare=False)
        raise
