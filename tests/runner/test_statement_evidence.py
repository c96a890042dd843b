"""Evidence of statements outside a transaction, against states that a server really leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.server_process import ServerProcess
from koonj.postgres.statement_intent import StatementIntent
from koonj.runner.evidence.judge import facts_before, judge
from koonj.runner.evidence.statement_evidence import Effect, StatementEvidence

DONE, HALF, NOT, UNKNOWN = Effect.DONE, Effect.HALF, Effect.NOT, Effect.UNKNOWN


@dataclass
class Target:
    """An empty database, with koonj's connection to it."""

    dsn: str
    conn: psycopg.AsyncConnection
    facts: dict[str, Any]
    sent: datetime

    async def sql(self, text: str) -> list[tuple[Any, ...]]:
        cursor = await self.conn.execute(text)
        return await cursor.fetchall() if cursor.description is not None else []

    async def prepare(self, statement: str) -> None:
        """Store the facts before `statement`, as koonj does before it sends it."""
        self.facts = await facts_before(self.conn, statement)
        [(self.sent,)] = await self.sql("SELECT clock_timestamp()")

    async def judge(self) -> StatementEvidence:
        intent = StatementIntent(1, 1, self.sent, ServerProcess(1, 1), self.facts)
        return await judge(self.conn, intent)

    async def before_and_after(self, statement: str) -> tuple[Effect, Effect]:
        """Return what is judged before the statement ran, and after it."""
        await self.prepare(statement)
        before = await self.judge()
        await self.sql(statement)
        return before.effect, (await self.judge()).effect

    async def stop_in_the_middle(self, statement: str, blocker: str) -> StatementEvidence:
        """Let `blocker`, in an open transaction, keep the statement waiting; end its session there."""
        await self.prepare(statement)
        async with await psycopg.AsyncConnection.connect(self.dsn) as holder:
            await holder.execute(blocker)
            worker = await psycopg.AsyncConnection.connect(self.dsn, autocommit=True)
            running = asyncio.create_task(worker.execute(statement))
            pid = worker.info.backend_pid
            waits = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = {pid} AND wait_event_type = 'Lock'"
            while not await self.sql(waits):
                await asyncio.sleep(0.01)
            with pytest.raises(psycopg.OperationalError):
                await running
            while await self.sql(f"SELECT FROM pg_stat_activity WHERE pid = {pid}"):
                await asyncio.sleep(0.01)
        return await self.judge()

    async def repair(self, evidence: StatementEvidence) -> Effect:
        for command in evidence.repair:
            await self.sql(command)
        return (await self.judge()).effect


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Target]:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        yield Target(dsn, conn, {}, datetime.now(UTC))


@pytest.fixture
async def target(database: str) -> AsyncIterator[Target]:
    async with connected(database) as made:
        await made.sql("CREATE SCHEMA app; SET search_path TO app, public")
        await made.sql("CREATE TABLE a (x int, y text); INSERT INTO a SELECT 1")
        yield made


@pytest.mark.parametrize("name", ["a_x", '"A x"', ""])
@pytest.mark.parametrize("table", ["a", "app.a"])
async def test_create_index_concurrently(target: Target, name: str, table: str) -> None:
    statement = f"CREATE INDEX CONCURRENTLY {name} ON {table} (x)"
    await target.sql("CREATE INDEX ON a (y)")
    assert await target.before_and_after(statement) == (NOT, DONE)


@pytest.mark.parametrize("name", ["a_x", '"A x"', ""])
async def test_half_created_index_is_named_and_can_be_repaired(target: Target, name: str) -> None:
    await target.sql("CREATE INDEX ON a (y)")
    statement = f"CREATE INDEX CONCURRENTLY {name} ON app.a (x)"
    found = await target.stop_in_the_middle(statement, "INSERT INTO app.a VALUES (2)")
    shown = {"": "app.a_x_idx", "a_x": "app.a_x", '"A x"': 'app."A x"'}[name]
    assert found.effect is HALF
    assert found.is_own
    assert found.text == f"The index {shown} is there and INVALID: the build stopped before its end."
    assert found.repair == (f"DROP INDEX CONCURRENTLY {shown}",)
    assert await target.repair(found) is NOT
    await target.sql(statement)
    assert (await target.judge()).effect is DONE


async def test_index_of_the_same_name_in_another_schema_proves_nothing(target: Target) -> None:
    await target.prepare("CREATE INDEX CONCURRENTLY a_x ON a (x)")
    await target.sql("CREATE TABLE public.a (x int); CREATE INDEX a_x ON public.a (x)")
    assert (await target.judge()).effect is NOT


async def test_invalid_index_that_if_not_exists_skips_is_half_done(target: Target) -> None:
    await target.stop_in_the_middle(
        "CREATE INDEX CONCURRENTLY a_x ON app.a (x)", "INSERT INTO app.a VALUES (2)"
    )
    before, after = await target.before_and_after("CREATE INDEX CONCURRENTLY IF NOT EXISTS a_x ON a (x)")
    assert (before, after) == (HALF, HALF)
    assert (await target.judge()).needs_decision, "another statement left it"


async def test_drop_index_concurrently(target: Target) -> None:
    await target.sql("CREATE INDEX a_x ON a (x)")
    assert await target.before_and_after("DROP INDEX CONCURRENTLY a_x") == (NOT, DONE)


async def test_half_dropped_index_can_be_dropped_again(target: Target) -> None:
    await target.sql("CREATE INDEX a_x ON a (x)")
    statement = "DROP INDEX CONCURRENTLY app.a_x"
    found = await target.stop_in_the_middle(statement, "SELECT FROM app.a")
    assert (found.effect, found.needs_decision, found.repair) == (HALF, False, ())
    await target.sql(statement)
    assert (await target.judge()).effect is DONE


async def test_drop_of_an_index_that_was_invalid_before_is_not_taken_for_half_done(target: Target) -> None:
    await target.stop_in_the_middle(
        "CREATE INDEX CONCURRENTLY a_x ON app.a (x)", "INSERT INTO app.a VALUES (2)"
    )
    assert await target.before_and_after("DROP INDEX CONCURRENTLY a_x") == (NOT, DONE)


async def test_drop_of_an_index_that_does_not_exist_can_run_again(target: Target) -> None:
    before, after = await target.before_and_after("DROP INDEX CONCURRENTLY IF EXISTS nothing")
    assert (before, after) == (NOT, NOT)


@pytest.mark.parametrize("of", ["INDEX CONCURRENTLY a_x", "TABLE CONCURRENTLY a"])
async def test_reindex_concurrently(target: Target, of: str) -> None:
    await target.sql("CREATE INDEX a_x ON a (x); CREATE INDEX a_y ON a (y)")
    assert await target.before_and_after(f"REINDEX {of}") == (NOT, DONE)


@pytest.mark.parametrize("of", ["INDEX CONCURRENTLY p_x", "TABLE CONCURRENTLY p"])
async def test_reindex_concurrently_of_partitions(target: Target, of: str) -> None:
    await target.sql("CREATE TABLE p (x int) PARTITION BY LIST (x)")
    await target.sql(
        "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p DEFAULT"
    )
    await target.sql("CREATE INDEX p_x ON p (x)")
    assert await target.before_and_after(f"REINDEX {of}") == (NOT, DONE)
    assert "2 of 2 indexes" in (await target.judge()).text


@pytest.mark.parametrize("of", ["INDEX CONCURRENTLY app.a_x", "TABLE CONCURRENTLY app.a"])
async def test_half_rebuilt_index_can_be_repaired(target: Target, of: str) -> None:
    await target.sql("CREATE INDEX a_x ON a (x)")
    statement = f"REINDEX {of}"
    found = await target.stop_in_the_middle(statement, "INSERT INTO app.a VALUES (2)")
    assert found.effect is HALF
    assert "left app.a_x_ccnew" in found.text
    assert found.repair[0] == "DROP INDEX CONCURRENTLY app.a_x_ccnew"
    assert not found.done_after_repair
    assert await target.repair(found) is NOT
    await target.sql(statement)
    assert (await target.judge()).effect is DONE
    assert await target.sql("SELECT FROM pg_index WHERE NOT indisvalid") == []


async def test_rebuilt_index_with_an_old_one_left_is_done_after_its_repair(target: Target) -> None:
    """REINDEX CONCURRENTLY drops the old index last; a reader keeps it there."""
    await target.sql("CREATE INDEX a_x ON a (x)")
    await target.prepare("REINDEX INDEX CONCURRENTLY a_x")
    await target.sql("REINDEX INDEX CONCURRENTLY a_x")
    await target.sql("CREATE INDEX a_x_ccold ON a (x)")
    await target.sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'a_x_ccold'::regclass")
    found = await target.judge()
    assert (found.effect, found.done_after_repair) == (HALF, True)
    assert await target.repair(found) is DONE


async def partition(target: Target) -> None:
    if target.conn.info.server_version < 140000:
        pytest.skip("DETACH CONCURRENTLY is there since PostgreSQL 14")
    await target.sql("CREATE TABLE p (x int) PARTITION BY LIST (x)")
    await target.sql("CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)")


async def test_detach_concurrently(target: Target) -> None:
    await partition(target)
    statement = "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY"
    assert await target.before_and_after(statement) == (NOT, DONE)


async def test_pending_detach_is_finalized(target: Target) -> None:
    await partition(target)
    statement = "ALTER TABLE app.p DETACH PARTITION app.p1 CONCURRENTLY"
    found = await target.stop_in_the_middle(statement, "SELECT FROM app.p")
    assert (found.effect, found.done_after_repair) == (HALF, True)
    assert found.repair == ("ALTER TABLE app.p DETACH PARTITION app.p1 FINALIZE",)
    assert await target.repair(found) is DONE


async def test_databases(target: Target) -> None:
    [(mine,)] = await target.sql("SELECT current_database()")
    name = f'"Other {mine}"'
    create = f"CREATE DATABASE {name}"
    assert await target.before_and_after(create) == (NOT, DONE)
    await target.prepare(create)
    assert (await target.judge()).effect is NOT, "the database was there before"
    drop = f"DROP DATABASE {name}"
    await target.prepare(drop)
    limit = f"UPDATE pg_database SET datconnlimit = {{}} WHERE datname = 'Other {mine}'"
    await target.sql(limit.format(-2))
    found = await target.judge()
    assert (found.effect, found.needs_decision) == (HALF, False)
    await target.sql(limit.format(-1))
    assert await target.before_and_after(drop) == (NOT, DONE)


async def test_tablespaces(target: Target) -> None:
    if target.conn.info.server_version < 150000:
        pytest.skip("tablespaces in place are there since PostgreSQL 15")
    await target.sql("SET allow_in_place_tablespaces = on")
    [(mine,)] = await target.sql("SELECT current_database()")
    space = f"space_{mine}"
    assert await target.before_and_after(f"CREATE TABLESPACE {space} LOCATION ''") == (NOT, DONE)
    await target.sql(f"CREATE DATABASE moved_{mine}")
    move = f"ALTER DATABASE moved_{mine} SET TABLESPACE {space}"
    assert await target.before_and_after(move) == (NOT, DONE)
    await target.sql(f"DROP DATABASE moved_{mine}")
    assert await target.before_and_after(f"DROP TABLESPACE {space}") == (NOT, DONE)


async def test_alter_system(target: Target) -> None:
    await target.sql("ALTER SYSTEM RESET log_statement_sample_rate")
    assert await target.before_and_after("ALTER SYSTEM SET log_statement_sample_rate = 0.5") == (NOT, DONE)
    before, after = await target.before_and_after("ALTER SYSTEM RESET log_statement_sample_rate")
    assert (before, after) == (UNKNOWN, UNKNOWN)
    assert not (await target.judge()).needs_decision


async def test_setting_that_the_role_cannot_read_can_be_written_again(target: Target) -> None:
    await target.prepare("ALTER SYSTEM SET log_statement_sample_rate = 0.5")
    await target.sql("SET ROLE pg_monitor")
    found = await target.judge()
    assert (found.effect, found.needs_decision) == (UNKNOWN, False)


async def test_subscriptions(target: Target) -> None:
    [(mine,)] = await target.sql("SELECT current_database()")
    name = f"sub_{mine}"
    create = f"CREATE SUBSCRIPTION {name} CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false)"
    assert await target.before_and_after(create) == (NOT, DONE)
    await target.prepare(f"ALTER SUBSCRIPTION {name} REFRESH PUBLICATION")
    assert not (await target.judge()).needs_decision
    await target.sql(f"ALTER SUBSCRIPTION {name} SET (slot_name = NONE)")
    assert await target.before_and_after(f"DROP SUBSCRIPTION {name}") == (NOT, DONE)


@pytest.mark.parametrize(("command", "opposite"), [("COMMIT", "ROLLBACK"), ("ROLLBACK", "COMMIT")])
async def test_prepared_transactions(target: Target, command: str, opposite: str) -> None:
    [(mine,)] = await target.sql("SELECT current_database()")
    prepare = f"BEGIN; CREATE TABLE b (); PREPARE TRANSACTION 'it''s {mine}'"
    await target.sql(prepare)
    assert await target.before_and_after(f"{command} PREPARED 'it''s {mine}'") == (NOT, DONE)
    await target.sql(f"DROP TABLE IF EXISTS b; {prepare}")
    await target.prepare(f"{command} PREPARED 'it''s {mine}'")
    await target.sql(f"{opposite} PREPARED 'it''s {mine}'")
    found = await target.judge()
    assert (found.effect, found.needs_decision) == (UNKNOWN, True)


async def test_vacuum_of_one_table(target: Target) -> None:
    await target.prepare("VACUUM a")
    found = await target.judge()
    assert (found.effect, found.needs_decision) == (UNKNOWN, False)
    await target.sql("VACUUM a")
    for _ in range(200):  # before PostgreSQL 15 a separate process collects the statistics
        if (await target.judge()).effect is DONE:
            return
        await asyncio.sleep(0.02)
    pytest.fail("the statistics do not show the VACUUM")


@pytest.mark.parametrize("statement", ["VACUUM FULL a", "CLUSTER a USING a_x"])
async def test_statement_that_rewrites_one_table(target: Target, statement: str) -> None:
    await target.sql("CREATE INDEX a_x ON a (x)")
    assert await target.before_and_after(statement) == (NOT, DONE)


@pytest.mark.parametrize(
    ("statement", "decides"),
    [
        ("VACUUM", False),
        ("CLUSTER", False),
        ("REINDEX SCHEMA app", False),
        ("DISCARD ALL", False),
        ("LOCK TABLE a", False),
        ("CALL p()", True),
        ("DO $$BEGIN COMMIT; END$$", True),
        ("CHECKPOINT", True),
    ],
)
async def test_statement_without_evidence(target: Target, statement: str, decides: bool) -> None:
    await target.prepare(statement)
    found = await target.judge()
    assert (found.effect, found.needs_decision) == (UNKNOWN, decides)


async def test_name_that_cannot_be_resolved_is_left_to_the_user(target: Target) -> None:
    await target.prepare('VACUUM U&"a"')
    found = await target.judge()
    assert (found.effect, found.needs_decision) == (UNKNOWN, True)


async def test_facts_of_another_version_are_left_to_the_user(target: Target) -> None:
    target.facts = {"kind": "something_new"}
    found = await target.judge()
    assert (found.effect, found.needs_decision) == (UNKNOWN, True)
    assert "Another version" in found.text


async def test_hostile_search_path_runs_no_code(target: Target, server: TemporaryServer) -> None:
    """Names are looked up with the search_path of the file; no operator or function is."""
    await target.sql(
        "CREATE FUNCTION app.raise(name, name) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE 'evil'; END$$;"
        "CREATE OPERATOR app.= (LEFTARG = name, RIGHTARG = name, FUNCTION = app.raise);"
        "CREATE FUNCTION app.format(text, name, name) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'evil'; END$$;"
        "CREATE INDEX a_x ON a (x); SET search_path TO app, pg_catalog"
    )
    for statement in ("DROP INDEX CONCURRENTLY a_x", "REINDEX TABLE CONCURRENTLY a", "VACUUM FULL a"):
        await target.prepare(statement)
        assert (await target.judge()).effect is NOT
    await target.prepare("CREATE INDEX CONCURRENTLY a_x2 ON a (x)")
    assert (await target.judge()).effect is NOT
