"""Evidence of statements about databases, tablespaces and the server's configuration file."""

from __future__ import annotations

from psycopg import AsyncConnection

from koonj.runner.evidence.questions import Facts, row_of
from koonj.runner.evidence.statement_evidence import (
    Effect,
    StatementEvidence,
    done,
    not_done,
    repeatable,
)

_HALF_DROPPED = -2
"""datconnlimit of a database whose DROP DATABASE did not end: nobody can connect to it."""


async def create_database(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge CREATE DATABASE."""
    row = await row_of(conn, "database", facts)
    if row is None:
        return not_done(f"There is no database {facts['name']}.")
    if row[0] == facts["oid"]:
        return not_done(f"The database {facts['name']} is the one that was there before.")
    return done(f"The database {facts['name']} was created.")


async def drop_database(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge DROP DATABASE."""
    row = await row_of(conn, "database", facts)
    if row is None:
        return done(f"The database {facts['name']} was dropped.")
    if row[1] == _HALF_DROPPED:
        text = f"The drop of database {facts['name']} stopped before its end. Nobody can connect to it."
        return StatementEvidence(Effect.HALF, text, can_repeat=True)
    return not_done(f"The database {facts['name']} is still there.")


async def move_database(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge ALTER DATABASE … SET TABLESPACE."""
    row = await row_of(conn, "database", facts)
    if row is not None and row[2] == facts["tablespace"]:
        return done(f"The database {facts['name']} is in tablespace {row[2]}.")
    return not_done(f"The database {facts['name']} is not in tablespace {facts['tablespace']}.")


async def create_tablespace(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge CREATE TABLESPACE."""
    if await row_of(conn, "tablespace", facts) is not None:
        return done(f"The tablespace {facts['name']} was created.")
    return not_done(
        f"There is no tablespace {facts['name']}. If it fails again, its LOCATION can contain a folder of "
        "the first attempt: check it."
    )


async def drop_tablespace(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge DROP TABLESPACE."""
    if await row_of(conn, "tablespace", facts) is None:
        return done(f"The tablespace {facts['name']} was dropped.")
    return not_done(f"The tablespace {facts['name']} is still there.")


async def alter_system(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge ALTER SYSTEM by postgresql.auto.conf, if this role can read it."""
    allowed = await row_of(conn, "may_read_file_settings", {})
    if facts["name"] and allowed is not None and allowed[0]:
        row = await row_of(conn, "file_setting", facts)
        if row is not None and row[0] == facts["value"]:
            return done(f"postgresql.auto.conf has the new value of {facts['name']}.")
        return not_done(f"postgresql.auto.conf does not have the new value of {facts['name']}.")
    return repeatable("ALTER SYSTEM can run again: it writes the same value.")
