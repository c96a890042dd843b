"""Read and write koonj.history, the table in a target that records what ran there.

The first apply creates it, and koonj.statement next to it (see `statement_intent`). All names are
schema-qualified.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import AsyncConnection, sql

from koonj.migrations.history_entry import HistoryEntry, Outcome
from koonj.postgres.advisory_lock import KEY
from koonj.postgres.encoding import storable
from koonj.postgres.errors import TargetError, error_message, is_lost
from koonj.postgres.history_inspection import Inspection, Refusal, inspect, inspected
from koonj.postgres.history_rows import entries_of_rows
from koonj.postgres.outside_cause import retry_hint
from koonj.postgres.queries import filled, numbered, query
from koonj.postgres.session import commit, roll_back

if TYPE_CHECKING:
    from koonj.postgres.new_history_entry import NewHistoryEntry
    from koonj.postgres.server_process import ServerProcess

READING_HINT = "GRANT USAGE ON SCHEMA koonj TO …; GRANT SELECT ON koonj.history TO …;"
_ANOTHER_VERSION = "Another version of koonj probably wrote it. Use that version, or a newer one."


class NotWrittenError(psycopg.InternalError):
    """Raised if the server accepted a write to the history, but wrote no row."""


class HistoryError(TargetError):
    """Raised if the history exists, but cannot be read or written."""


async def ensure(conn: AsyncConnection, found: Inspection, *, with_statements: bool = True) -> None:
    """Create the schema and its tables in one transaction, if they are missing.

    A history of an earlier version of koonj has no koonj.statement: it is only created if
    `with_statements`, because a role that may write the history cannot always create tables next to it.

    `found`: what this session saw since it has the koonj lock.

    The search_path stays the role's own, because event triggers of the database can depend on it. All names
    in the queries are qualified.

    Raises: HistoryError.
    """
    _must_be_safe(found.refused_for_writing)
    tables = [] if found.has_table else ["history"]
    if not found.has_statements and (with_statements or tables):
        tables.append("statement")
    if not tables:
        return
    try:
        await _create(conn, tables, with_schema=not found.has_schema)
    except (psycopg.Error, HistoryError) as error:
        await roll_back(conn)
        if isinstance(error, psycopg.Error) and is_lost(error):
            raise
        raise await _not_created(conn, error, tables[0]) from error


async def _create(conn: AsyncConnection, tables: Sequence[str], *, with_schema: bool) -> None:
    """Create `tables` in one transaction of three round trips.

    Every role can read what they show, and only the owner can write them.

    Raises: psycopg.Error; HistoryError if they are not safe to write.
    """
    schema = (query("create_schema"),) if with_schema else ()
    creating = (query(f"create_{table}") for table in tables)
    grants = filled(conn, "new_history_grants", {"tables": list(tables)})
    answer = await _last_answer(conn, "BEGIN", *schema, *creating, grants)
    revoked = [_revoke(conn, *row) for row in answer if with_schema or row[0] != "SCHEMA"]
    granted = ("GRANT USAGE ON SCHEMA koonj TO PUBLIC",) if with_schema else ()
    granting = (query(f"grant_{table}") for table in tables)
    if "history" not in tables:
        await _grant_to_writers(conn)
    # An event trigger can add triggers or policies to every new table.
    answer = await _last_answer(conn, *revoked, *granted, *granting, query("inspect_history"))
    _must_be_safe(inspected(answer).refused_for_writing)
    await commit(conn)


async def _last_answer(conn: AsyncConnection, *texts: str) -> list[tuple[Any, ...]]:
    """Send statements in one message. Return the rows of the last one."""
    cursor = await conn.execute(";\n".join(texts).encode())
    while cursor.nextset():
        pass
    return await cursor.fetchall()


def _revoke(conn: AsyncConnection, kind: str, name: str, role: str | None) -> str:
    """Return the statement that revokes what ALTER DEFAULT PRIVILEGES gave to another role on a new object.

    Otherwise an application could read the texts of migrations, or change and delete entries.
    """
    path = (name,) if kind == "SCHEMA" else ("koonj", name)
    revoke = sql.SQL("REVOKE ALL ON {} {} FROM {}")
    return revoke.format(sql.SQL(kind), sql.Identifier(*path), _grantee(role)).as_string(conn)


async def _grant_to_writers(conn: AsyncConnection) -> None:
    """Let the roles that write the history write koonj.statement too."""
    cursor = await conn.execute(query("history_writers"))
    grant = sql.SQL("GRANT INSERT, UPDATE (state, evidence, reason) ON koonj.statement TO {}")
    for (role,) in await cursor.fetchall():
        await conn.execute(grant.format(_grantee(role)))


def _grantee(role: str | None) -> sql.Composable:
    return sql.SQL("PUBLIC") if role is None else sql.Identifier(role)


async def _not_created(
    conn: AsyncConnection, error: psycopg.Error | HistoryError, table: str
) -> HistoryError:
    """Return the error, with the event triggers of the database as the probable cause."""
    cause = error_message(error) if isinstance(error, psycopg.Error) else error.message
    message = f"The history (koonj.{table}) could not be created: {cause}"
    cursor = await conn.execute(query("active_event_triggers"))
    triggers = ", ".join(str(row[0]) for row in await cursor.fetchall())
    if triggers:
        hint = (
            f"The database has event triggers that run for every new table: {triggers}. If one of them is "
            "the cause, fix it, or let it ignore schema koonj, then retry."
        )
    elif isinstance(error, psycopg.errors.InsufficientPrivilege):
        hint = "Allow this role to create it: GRANT CREATE ON DATABASE … TO …;"
        if table != "history":
            hint = "Allow this role to create it: GRANT CREATE ON SCHEMA koonj TO …;"
    else:
        hint = error.hint if isinstance(error, HistoryError) else retry_hint(error)
    return HistoryError(message, hint, error.sqlstate)


def _must_be_safe(refusal: Refusal | None) -> None:
    """Refuse a history through which a role could run its code.

    Raises: HistoryError.
    """
    if refusal is not None:
        raise HistoryError(refusal.message, refusal.hint)


async def read_entries(
    conn: AsyncConnection, found: Inspection, *, end: bool = False
) -> tuple[HistoryEntry, ...]:
    """Return all entries, oldest first; none if the history does not exist. Needs an open transaction.

    `found`: what an inspection saw in this transaction. `end`: nothing more is read in it.

    Raises: HistoryError.
    """
    if not is_safe_to_read(found):
        return ()
    restrict, entries = query("restrict_reading"), query("read_entries")
    errors = query("read_errors") if found.may_read_errors else "SELECT WHERE false"
    texts = (restrict, errors, entries, *(["COMMIT"] if end else []))
    with explained("read", READING_HINT):
        cursor = await conn.execute(";\n".join(texts).encode())
        cursor.nextset()
        failed = {int(row[0]): str(row[1]) for row in await cursor.fetchall()}
        cursor.nextset()
        return await entries_of_rows(cursor, failed)


def is_safe_to_read(found: Inspection) -> bool:
    """Return whether the history exists.

    Raises: HistoryError if reading it could run code of another role.
    """
    _must_be_safe(found.refused_for_reading)
    return found.has_table


async def run_outcome(conn: AsyncConnection, run_id: str, process: ServerProcess) -> frozenset[str] | None:
    """Return the files that a run has recorded as done; None while its process is still there.

    Raises: HistoryError.
    """
    lives = await conn.execute(query("session_lives"), {"pid": process.pid, "started": process.started})
    if await lives.fetchone() != (False,):
        return None
    is_safe_to_read(await inspect(conn))
    cursor = await conn.execute(query("run_outcome"), {"run_id": run_id})  # with a snapshot of its own
    return frozenset(str(row[0]) for row in await cursor.fetchall())


async def another_ran(conn: AsyncConnection, since: int, run_id: str) -> bool:
    """Return whether another run recorded an entry with an id above `since`.

    Raises: HistoryError.
    """
    is_safe_to_read(await inspect(conn))
    cursor = await conn.execute(query("others_since"), {"id": since, "run_id": run_id})
    return await cursor.fetchone() is not None


async def read_script(
    conn: AsyncConnection, entry_id: int, found: Inspection, *, end: bool = False
) -> str | None:
    """Return the text that ran for one entry, None if there is no such entry.

    `found` and `end`: as for `read_entries`.

    Raises: HistoryError.
    """
    if not is_safe_to_read(found):
        return None
    texts = (
        query("restrict_reading"),
        filled(conn, "read_script", (entry_id,)),
        *(["COMMIT"] if end else []),
    )
    with explained("read", "GRANT SELECT ON koonj.history TO …;"):
        cursor = await conn.execute(";\n".join(texts).encode())
        cursor.nextset()
        row = await cursor.fetchone()
    return None if row is None else str(row[0])


async def insert(conn: AsyncConnection, record: NewHistoryEntry) -> tuple[int, str]:
    """Write one entry. Return its id, and the id of the writing transaction.

    The id of the transaction is an xid8, as text.
    """
    values = {**_values(record), "ended": record.outcome is not Outcome.STARTED}
    for name in ("os_user", "host", "error"):  # the plan has checked the others
        values[name] = None if values[name] is None else await storable(conn, values[name])
    cursor = await conn.execute(query("insert_entry"), values)
    row = await cursor.fetchone()
    if row is None:
        raise NotWrittenError(
            "koonj.history accepted no row: a trigger, a rule or a policy on the table prevents it."
        )
    return int(row[0]), str(row[1])


def _values(record: NewHistoryEntry) -> dict[str, Any]:
    return {field: getattr(record, field) for field in record.__slots__}


def guarded_insert(record: NewHistoryEntry, *, follows: bool = False) -> tuple[bytes, tuple[bytes, ...]]:
    """Return a statement that writes one entry of a script that succeeded, and its values in text form.

    It fails with invalid_text_representation unless its session holds the koonj lock. The texts must be such
    as the database can store (`storable`). `follows`: another script ran before it in its transaction.
    """
    text, names = numbered("flight/insert_entry")
    values = {**_values(record), "key": KEY, "follows": follows}
    return text, tuple(str(values[name]).encode() for name in names)


async def advance(conn: AsyncConnection, entry_id: int, done: int) -> str:
    """Set the number of committed statements. Return the id of the transaction.

    Counts also the statements that will be committed with this transaction.
    """
    return await _update(conn, "advance_entry", {"id": entry_id, "statements_done": done})


async def finish(
    conn: AsyncConnection,
    entry_id: int,
    outcome: Outcome,
    done: int,
    *,
    error: str | None = None,
    sqlstate: str | None = None,
    was: Outcome = Outcome.STARTED,
) -> str:
    """Record the end of an entry whose outcome was `was`. Return the transaction.

    The result is the id of the transaction (xid8, as text).
    """
    values = {
        "id": entry_id,
        "outcome": outcome,
        "statements_done": done,
        "error": None if error is None else await storable(conn, error),
        "sqlstate": sqlstate,
        "was": was,
    }
    return await _update(conn, "finish_entry", values)


async def _update(conn: AsyncConnection, name: str, values: dict[str, Any]) -> str:
    cursor = await conn.execute(query(name), values)
    row = await cursor.fetchone()
    if row is None:
        raise NotWrittenError(
            "koonj.history accepted no change of a row: the row was deleted, or a trigger, a rule or "
            "a policy on the table prevents it."
        )
    return str(row[0])


@contextmanager
def explained(verb: str, hint: str) -> Iterator[None]:
    """Convert what the server, or an entry's value, says about the history. `hint`: the rights it needs.

    Raises: HistoryError.
    """
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        message = f"The history (koonj.history) could not be {verb}: {error_message(error)}"
        raise HistoryError(message, hint, error.sqlstate) from error
    except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable) as error:
        message = (
            f"koonj.history has a format that this version of koonj does not support: {error_message(error)}"
        )
        raise HistoryError(message, _ANOTHER_VERSION, error.sqlstate) from error
    except (ValueError, OverflowError, psycopg.DataError, psycopg.NotSupportedError) as error:
        raise HistoryError(
            f"koonj.history has a value that this version of koonj does not support: {str(error).strip()}",
            _ANOTHER_VERSION,
        ) from error
    except psycopg.Error as error:
        if is_lost(error):
            raise
        message = f"The history (koonj.history) could not be {verb}: {error_message(error)}"
        raise HistoryError(message, retry_hint(error), error.sqlstate) from error
