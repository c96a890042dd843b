"""The transaction in which scripts run on made-up rows. It never commits.

No query is prepared on the server, because DEALLOCATE ALL in a script would remove it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.config import Target
from koonj.postgres.deferrable_constraints import CheckTime, read_deferrable, set_check_time
from koonj.postgres.locks.queries import send_off_counters
from koonj.postgres.made_rows.fill import remove_dead_rows
from koonj.postgres.queries import query
from koonj.postgres.session import clean, roll_back

_STATEMENT = "4s"
"""statement_timeout of one statement."""
_NEVER = ("One-Time Filter: false", "Query rewrites to nothing")
_CHANGES = ("Update on ", "Delete on ")
_FOUND_ROWS = r"actual rows=([\d.]+)"
_EQUALS_LABEL = r": \(+[^()' ]+ = '([^']+)'::([^()]+)\)"
_TEXT_TYPES = frozenset({"text", "bpchar", "name", '"char"'})
_TARGET = Target("scratch", "")


async def begin_trial(conn: AsyncConnection) -> None:
    """Start the transaction. Raises: psycopg.Error."""
    await conn.execute("BEGIN")
    await _limit_statements(conn)


async def mark_start(conn: AsyncConnection) -> None:
    """Set the savepoint that `back_to_start` returns to. Raises: psycopg.Error."""
    await conn.execute("SAVEPOINT koonj_rows")


async def back_to_start(conn: AsyncConnection) -> None:
    """Remove the rows, and undo what the scripts did. Raises: psycopg.Error."""
    await conn.execute("ROLLBACK TO SAVEPOINT koonj_rows")


async def reset_session(conn: AsyncConnection) -> None:
    """Reset the session between two scripts, as a new connection has it. Raises: psycopg.Error."""
    await clean(conn, _TARGET, computes=True)
    await _limit_statements(conn)


async def end_trial(conn: AsyncConnection) -> None:
    """Roll back, and remove what is left of the rows and of the scripts' settings.

    Raises: psycopg.Error.
    """
    await roll_back(conn)
    await clean(conn, _TARGET, computes=True)
    await remove_dead_rows(conn)
    if conn.info.server_version >= 150000:
        await send_off_counters(conn)


async def defer_again(conn: AsyncConnection) -> None:
    """Defer the constraints again that `session.check_deferred` made immediate, as a COMMIT does.

    Raises: psycopg.Error.
    """
    deferred = [one for one in await read_deferrable(conn) if one.deferred]
    await set_check_time(conn, deferred, CheckTime.DEFERRED)


async def release_enum_values(conn: AsyncConnection) -> None:
    """Let statements use new values of enums, as a COMMIT does. Raises: psycopg.Error."""
    await conn.execute(query("scratch/release_enum_values"), prepare=False)


async def topmost_tables(conn: AsyncConnection, names: Iterable[str]) -> Mapping[str, int]:
    """Return the OIDs of tables by their names as written; for a partition, of the topmost table.

    Names that mean no table are left out, and those after a name that the server does not accept.
    """
    found: dict[str, int] = {}
    with suppress(psycopg.DatabaseError):
        async with _aside(conn), conn.cursor(row_factory=tuple_row) as cursor:
            for name in dict.fromkeys(names):
                await cursor.execute(query("scratch/topmost_table"), {"name": name}, prepare=False)
                row = await cursor.fetchone()
                if row is not None and row[0] is not None:
                    found[name] = row[0]
    return found


async def changed_rows(conn: AsyncConnection) -> Mapping[int, int]:
    """Return how many rows the transaction has updated or deleted, by the OID of the topmost table.

    Raises: psycopg.Error.
    """
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("scratch/rows_changed"), prepare=False)
        return {row[0]: row[1] for row in await cursor.fetchall()}


async def finds_no_row(conn: AsyncConnection, statement: str, new_values: Collection[str] = ()) -> bool:
    """Return whether a statement that changed nothing does so whatever rows there are.

    The planner knows that its condition is never true, a rule replaces it by nothing, a trigger skipped the
    rows that it found, or it looks for one of the `new_values` of enums, which no older row contains.
    """
    with suppress(psycopg.DatabaseError):
        async with _aside(conn):
            options = b"EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) "
            cursor = await conn.execute(options + statement.encode(), prepare=False)
            plan = [str(row[0]) for row in await cursor.fetchall()]
            if any(words in line for line in plan for words in _NEVER):
                return True
            if _looks_for(plan, new_values):
                return True
            found = next((re.search(_FOUND_ROWS, line) for line in plan[1:] if "->" in line), None)
            return plan[0].startswith(_CHANGES) and found is not None and float(found[1]) > 0
    return False


def _looks_for(plan: Sequence[str], labels: Collection[str]) -> bool:
    """Return whether a plan with one scan keeps only rows that contain one of the labels of an enum."""
    filters = [line for line in plan if re.search(r"(?:Filter|Cond): \(", line)]
    if len(filters) != 1 or sum("->" in line for line in plan) != 1 or " OR " in filters[0]:
        return False
    found = re.search(_EQUALS_LABEL, filters[0])
    return found is not None and found[1] in labels and found[2] not in _TEXT_TYPES


async def _limit_statements(conn: AsyncConnection) -> None:
    await conn.execute(f"SET LOCAL statement_timeout TO '{_STATEMENT}'")


@asynccontextmanager
async def _aside(conn: AsyncConnection) -> AsyncIterator[None]:
    """Run queries in a savepoint that is rolled back, so that an error does not abort the transaction."""
    await conn.execute("SAVEPOINT koonj_aside", prepare=False)
    try:
        yield
    finally:
        if not conn.closed:
            await conn.execute(
                "ROLLBACK TO SAVEPOINT koonj_aside; RELEASE SAVEPOINT koonj_aside", prepare=False
            )
