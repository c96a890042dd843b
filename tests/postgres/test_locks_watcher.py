"""Observing statements outside a transaction: stable results, and no side effects."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import psycopg
import pytest
from psycopg import AsyncConnection

from koonj.postgres.locks.trace import Scan, StatementTrace
from koonj.postgres.locks.watcher import LockWatcher
from koonj.sql.script import Script
from koonj.sql.statements import Statement

SCHEMA = """
CREATE TABLE a (id integer PRIMARY KEY, name text, n integer);
CREATE INDEX a_name ON a (name);
CREATE TABLE "Other" ("Key" integer);
CREATE INDEX "Other_Key" ON "Other" ("Key");
CREATE PROCEDURE steps() LANGUAGE plpgsql AS $$
BEGIN
    UPDATE a SET n = 1;
    COMMIT;
    TRUNCATE a;
    COMMIT;
    ALTER TABLE a ADD COLUMN x uuid DEFAULT gen_random_uuid();
END $$;
"""
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
Run = Callable[..., Awaitable[StatementTrace]]


def _statement(text: str) -> Statement:
    (statement,) = Script.of_body(text + ";").statements
    return statement


@pytest.fixture
def run(database: str) -> Run:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SCHEMA)

    async def connect() -> AsyncConnection:
        return await AsyncConnection.connect(database, autocommit=True)

    async def watched(text: str, *before: str, alone: bool = True) -> StatementTrace:
        statement = _statement(text)
        async with await connect() as conn:
            for setting in before:
                await conn.execute(setting.encode())
            async with LockWatcher(connect, conn, statement, alone=alone) as watch:
                async with asyncio.timeout(20):
                    await conn.execute(text.encode())
            return watch.trace(StatementTrace(2, 7, statement.summary, in_transaction=False, seconds=0.5))

    return watched


def _locks(trace: StatementTrace) -> dict[str, str]:
    return {lock.relation: lock.mode.value for lock in trace.locks}


async def test_locks_of_create_index_concurrently_are_observed(run: Run) -> None:
    trace = await run("CREATE INDEX CONCURRENTLY ON a (n)")
    assert _locks(trace) == {"public.a": "SHARE UPDATE EXCLUSIVE"}
    assert [(change.relation, change.change, change.valid) for change in trace.relations] == [
        ("public.a_n_idx", "created", True)
    ]
    assert (trace.index, trace.line, trace.in_transaction, trace.observed) == (2, 7, False, True)
    assert (trace.scanned, trace.scanned_by_any_session) == ((), (Scan("public.a", 2, 0),))
    assert trace.wal_bytes is not None
    assert trace.wal_bytes > 0


async def test_wal_is_unknown_when_other_sessions_write(run: Run) -> None:
    assert (await run("VACUUM a", alone=False)).wal_bytes is None


async def test_quoted_names_are_found(run: Run) -> None:
    trace = await run('DROP INDEX CONCURRENTLY "Other_Key"')
    assert _locks(trace) == {
        'public."Other"': "SHARE UPDATE EXCLUSIVE",
        'public."Other_Key"': "SHARE UPDATE EXCLUSIVE",
    }


async def test_all_transactions_of_a_procedure_are_observed(run: Run) -> None:
    trace = await run("CALL steps()")
    assert _locks(trace) == {
        "public.a": "ACCESS EXCLUSIVE",
        "public.a_name": "ACCESS EXCLUSIVE",
        "public.a_pkey": "ACCESS EXCLUSIVE",
    }
    assert [change.column for change in trace.columns] == ["x"]


async def test_locks_are_observed_when_the_session_is_serializable(run: Run) -> None:
    trace = await run("CALL steps()", "SET default_transaction_isolation TO serializable")
    assert _locks(trace)["public.a"] == "ACCESS EXCLUSIVE"


async def test_event_trigger_that_rejects_the_holders_has_no_effect(run: Run, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "CREATE MATERIALIZED VIEW m AS SELECT 1;"
            "CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';"
            "CREATE EVENT TRIGGER t ON ddl_command_start WHEN TAG IN ('COMMENT') EXECUTE FUNCTION no()"
        )
    assert (await run("VACUUM FULL m")).rewritten == ("public.m",)


async def test_short_lock_timeout_is_long_enough_while_observed(run: Run) -> None:
    trace = await run("REINDEX TABLE CONCURRENTLY a", "SET lock_timeout TO '400ms'")
    assert trace.rebuilt == ("public.a_name", "public.a_pkey")


async def test_vacuum_skip_locked_skips_no_table(run: Run) -> None:
    trace = await run("VACUUM (FULL, SKIP_LOCKED) a")
    assert trace.rewritten == ("public.a",)
    assert _locks(trace)["public.a"] == "ACCESS EXCLUSIVE"


async def test_sessions_and_locks_are_released_when_the_statement_fails(run: Run, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO a VALUES (1, 'x', 1), (2, 'x', 1)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            await run("CREATE UNIQUE INDEX CONCURRENTLY ON a (n)")
        end = time.monotonic() + 60  # the server shows a closed session a moment longer
        while (left := connection.execute(OTHERS).fetchone()) != (0,) and time.monotonic() < end:
            await asyncio.sleep(0.02)
        assert left == (0,)
        connection.execute("DROP TABLE a")


async def test_tables_above_the_limit_are_not_held(run: Run, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "DO 'BEGIN FOR i IN 1..80 LOOP EXECUTE format(''CREATE TABLE many_%s (id integer)'', i); END LOOP; END'"
        )
    assert _locks(await run("VACUUM many_70")) == {"public.many_70": "SHARE UPDATE EXCLUSIVE"}
    assert (await run("VACUUM")).relations == ()
