"""A target behind a real pgbouncer, in each of its modes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from koonj.config import ScratchPlace, Target
from koonj.postgres import advisory_lock
from koonj.postgres.answer_limit import LimitedAsyncConnection
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.pooler import backend_pid, must_hold_lock, must_keep_session
from koonj.postgres.scratch.choose import open_scratch
from koonj.postgres.scratch.copy_schema import copy_schema
from koonj.postgres.scratch.interface import ScratchServer
from koonj.runner.drift.find import find_drift
from koonj.runner.run.events import PlanMade, Question, RunResult
from koonj.runner.run.request import Extent
from koonj.runner.run.run import Control
from koonj.runner.target.history import recorded_text
from support.pgbouncer import PgBouncer, needs_pgbouncer, pgbouncer
from support.project import Project, events_of_kind, run_finished

pytestmark = needs_pgbouncer

SHARED = "gives each transaction another session"


@pytest.fixture(scope="module")
def transactions(server: TemporaryServer) -> Iterator[PgBouncer]:
    """A pooler in transaction mode."""
    with pgbouncer(server, "transaction") as pooler:
        yield pooler


@pytest.fixture(scope="module")
def sessions(server: TemporaryServer) -> Iterator[PgBouncer]:
    """A pooler in session mode that resets nothing for the next client."""
    with pgbouncer(server, "session", {"server_reset_query": ""}) as pooler:
        yield pooler


@pytest.fixture
def owner(database: str) -> Iterator[str]:
    """A role that owns the test's database."""
    name = f"app_owner_{secrets.token_hex(4)}"
    with psycopg.connect(database, autocommit=True) as conn:
        role, here = sql.Identifier(name), sql.Identifier(conn.info.dbname)
        conn.execute(sql.SQL("CREATE ROLE {}").format(role))
        conn.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(here, role))
        conn.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(role))
        yield name
        conn.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(role))
        conn.execute(sql.SQL("DROP OWNED BY {}").format(role))
        conn.execute(sql.SQL("DROP ROLE {}").format(role))


def through(project: Project, pooler: PgBouncer, owner: str | None) -> Project:
    """Return the same project with its target behind the pooler."""
    dsn = pooler.dsn(project.target.dsn)
    return Project(project.path, replace(project.target, dsn=dsn, role=owner), project.connector)


@pytest.mark.parametrize("command", ["status", "history", "show", "plan", "plan a rollback"])
async def test_reads_leave_nothing_in_the_pool(
    project: Project, transactions: PgBouncer, database: str, owner: str, command: str
) -> None:
    project.table(1)
    project.table(2)
    direct = replace(project.target, role=owner)
    await Project(project.path, direct, project.connector).apply(extent=Extent.NEXT)
    pooled = through(project, transactions, owner)
    match command:
        case "status":
            status = await pooled.status()
            assert (status.applied, status.pending) == (1, 1)
            assert status.server is not None
            assert status.server.user == owner
        case "history":
            assert [entry.database_role for entry in await pooled.entries()] == [owner]
        case "show":
            assert "CREATE TABLE t1" in (await recorded_text(project.connector, pooled.target, 1) or "")
        case "plan":
            [made] = events_of_kind(await pooled.apply(plan_only=True), PlanMade)
            assert [planned.name for planned in made.plan.migrations] == ["002_make_t2.sql"]
        case _:
            [made] = events_of_kind(await pooled.roll_back(plan_only=True), PlanMade)
            assert [planned.name for planned in made.plan.migrations] == ["001_make_t1.sql"]
    assert transactions.left_behind(database) == []


@pytest.mark.slow
async def test_drift_leaves_nothing_in_the_pool(
    project: Project, transactions: PgBouncer, database: str, owner: str
) -> None:
    pooled = through(project, transactions, owner)
    report = await find_drift(
        project.connector, pooled.target, project.reader.read(), ScratchPlace(), Control()
    )
    assert report.target == "local"
    assert transactions.left_behind(database) == []


@pytest.mark.slow
async def test_copy_of_the_schema_is_refused_because_pg_dump_sets_its_session(
    project: Project, transactions: PgBouncer, sessions: PgBouncer, database: str, owner: str
) -> None:
    project.sql("CREATE TABLE there (id int)")
    scratch: ScratchServer = await asyncio.to_thread(open_scratch, ScratchPlace())
    try:
        with pytest.raises(ConnectError, match=SHARED):
            await copy_schema(project.connector, through(project, transactions, owner).target, scratch)
        assert transactions.left_behind(database) == []
        await copy_schema(project.connector, through(project, sessions, None).target, scratch)
        async with await scratch.connect() as conn:
            await conn.execute("SELECT id FROM public.there")
    finally:
        await scratch.close()


@pytest.mark.parametrize("command", ["apply", "roll back", "probe"])
async def test_transaction_mode_is_refused_before_the_question(
    project: Project, transactions: PgBouncer, database: str, owner: str, command: str
) -> None:
    project.table(1)
    project.table(2)
    await Project(project.path, replace(project.target, role=owner), project.connector).apply(
        extent=Extent.NEXT
    )
    pooled = through(project, transactions, owner)
    options = {"assume_yes": False, "probe": command == "probe"}
    run = pooled.roll_back if command == "roll back" else pooled.apply
    events = await run(**options)
    failure = run_finished(events).failure
    assert failure is not None
    assert SHARED in failure.message
    assert "pool_mode = session" in failure.next_steps[0]
    assert events_of_kind(events, Question) == []
    assert project.tables() == {"t1"}
    assert transactions.left_behind(database) == []


@pytest.mark.parametrize(
    ("settings", "clients"),
    [
        ({"default_pool_size": 1}, 1),
        ({}, 3),
        ({"server_round_robin": 1}, 1),
        ({"server_round_robin": 1}, 2),
        ({"server_round_robin": 1}, 3),
    ],
)
async def test_transaction_mode_is_recognized_however_the_pool_chooses(
    server: TemporaryServer, database: str, connector: Connector, settings: dict[str, int], clients: int
) -> None:
    with pgbouncer(server, "transaction", settings) as pooler:
        dsn = pooler.dsn(database)
        others = [await psycopg.AsyncConnection.connect(dsn, autocommit=True) for _ in range(clients)]
        for other in others:  # as many sessions of the server as clients
            await other.execute("BEGIN")
        for other in others:
            await other.execute("COMMIT")
        target = Target("t", dsn)
        async with await connector.connect(target) as conn:
            with pytest.raises(ConnectError, match=SHARED):
                await must_keep_session(connector, target, conn)
        for other in others:
            await other.close()


async def test_transaction_mode_is_recognized_while_another_client_holds_the_session(
    transactions: PgBouncer, database: str, connector: Connector
) -> None:
    target = Target("t", transactions.dsn(database))
    async with (
        await psycopg.AsyncConnection.connect(target.dsn, autocommit=True) as client,
        await connector.connect(target) as conn,
    ):

        class BusyPool(Connector):
            async def connect(self, target: Target, *, name: str = "koonj") -> LimitedAsyncConnection:
                await client.execute("BEGIN")
                return await super().connect(target, name=name)

        with pytest.raises(ConnectError, match=SHARED):
            await must_keep_session(BusyPool(), target, conn)
        await client.execute("COMMIT")
    assert transactions.left_behind(database) == []


@pytest.mark.parametrize("size", [1, 20])
async def test_session_mode_and_a_direct_connection_keep_the_session(
    server: TemporaryServer, database: str, connector: Connector, size: int
) -> None:
    with pgbouncer(server, "session", {"default_pool_size": size}) as pooler:
        target = Target("t", pooler.dsn(database))
        async with await connector.connect(target) as conn:
            assert await must_keep_session(connector, target, conn)
        direct = Target("t", database)
        async with await connector.connect(direct) as conn:
            assert not await must_keep_session(connector, direct, conn)


async def test_runs_work_in_session_mode_and_leave_nothing(
    project: Project, sessions: PgBouncer, database: str, owner: str
) -> None:
    project.table(1)
    project.write("002_index.sql", "CREATE INDEX CONCURRENTLY ON t1 (id);\nSET work_mem TO '7MB';\n")
    pooled = through(project, sessions, owner)
    probed = run_finished(await pooled.apply(extent=Extent.NEXT, probe=True))
    assert probed.result is RunResult.PROBED
    assert run_finished(await pooled.apply(assume_yes=True)).result is RunResult.DONE
    assert {entry.database_role for entry in await pooled.entries()} == {owner}
    assert sessions.left_behind(database) == []
    pooled.write("003_fails.sql", "SET work_mem TO '8MB';\nSELECT 1/0;\n")
    assert run_finished(await pooled.apply()).result is RunResult.FAILED
    assert sessions.left_behind(database) == []


async def test_lock_in_another_session_stops_the_run(
    transactions: PgBouncer, database: str, connector: Connector
) -> None:
    """The last guard, if the pool looked as if it kept the session."""
    target = Target("t", transactions.dsn(database))
    async with await connector.connect(target) as conn, await connector.connect(target) as other:
        assert await advisory_lock.try_lock(conn)
        await must_hold_lock(conn)
        await other.execute("BEGIN")
        held = await backend_pid(other)
        assert held != await backend_pid(conn)
        with pytest.raises(ConnectError, match=SHARED):
            await must_hold_lock(conn)
        assert await advisory_lock.unlock(other)
        await other.execute("COMMIT")


async def test_pool_that_gives_no_session_is_named(server: TemporaryServer, project: Project) -> None:
    settings = {"query_wait_timeout": 1, "default_pool_size": 1}
    with pgbouncer(server, "transaction", settings) as pooler:
        pooled = through(project, pooler, None)
        with psycopg.connect(pooled.target.dsn) as other:
            other.execute("SELECT 1")  # its transaction stays open
            status = await pooled.status()
    assert status.error == "The pooler of the target reported an error: query_wait_timeout."
    assert "all its connections can be in use" in (status.hint or "")


async def test_options_that_a_pooler_does_not_accept_are_named(
    project: Project, transactions: PgBouncer
) -> None:
    dsn = transactions.dsn(project.target.dsn, options="-c search_path=app")
    project.target = Target("t", dsn)
    assert "A connection pooler does not accept it" in ((await project.status()).hint or "")


async def test_statement_mode_is_named(server: TemporaryServer, project: Project) -> None:
    project.table(1)
    with pgbouncer(server, "statement") as pooler:
        status = await through(project, pooler, None).status()
        assert status.error is not None
        assert "allows no transactions" in status.error
        assert "session mode" in (status.hint or "")
        finished = run_finished(await through(project, pooler, None).apply())
        assert finished.result is RunResult.FAILED
