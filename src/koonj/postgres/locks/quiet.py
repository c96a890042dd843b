"""Short stays in a session that a migration has set up as it likes, without leaving a trace in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection

_OURS = (
    "SET LOCAL search_path TO pg_catalog, pg_temp",
    "SET LOCAL client_encoding TO 'UTF8'",
    "SET LOCAL statement_timeout TO 0",
    "SET LOCAL lock_timeout TO 0",
    "SET LOCAL quote_all_identifiers TO off",
    "SET LOCAL jit TO off",
    "SET LOCAL enable_nestloop TO on",
    "SET LOCAL enable_hashjoin TO on",
    "SET LOCAL enable_indexscan TO on",
    "SET LOCAL enable_bitmapscan TO on",
)
"""What a file may have set that would change, stop or slow what koonj reads."""

_ASIDE = "; ".join(("SAVEPOINT koonj_trace", *_OURS))
_BACK = "ROLLBACK TO SAVEPOINT koonj_trace; RELEASE SAVEPOINT koonj_trace"


@asynccontextmanager
async def in_savepoint(conn: AsyncConnection) -> AsyncIterator[None]:
    """In the session's open transaction: a savepoint, with koonj's settings; rolled back at the end.

    What fails in it does not abort the transaction. A savepoint of the same name in the file is only hidden
    meanwhile. Raises psycopg.Error.
    """
    await conn.execute(_ASIDE, prepare=False)
    try:
        yield
    finally:
        if not conn.closed:
            await conn.execute(_BACK, prepare=False)


@asynccontextmanager
async def in_own_transaction(conn: AsyncConnection, *, writes: bool = False) -> AsyncIterator[None]:
    """In a session without a transaction: one of its own, with koonj's settings; read-only but for `writes`.

    Raises psycopg.Error.
    """
    access = "READ WRITE" if writes else "READ ONLY"
    begin = f"BEGIN ISOLATION LEVEL READ COMMITTED {access}"
    await conn.execute("; ".join((begin, *_OURS)).encode(), prepare=False)
    try:
        yield
        await conn.execute("COMMIT", prepare=False)
    except BaseException:
        if not conn.closed:
            await conn.execute("ROLLBACK", prepare=False)
        raise
