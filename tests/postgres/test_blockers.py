"""Who is in the way of a session that waits for a lock, and who waits behind it: with real sessions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import psycopg
import pytest
from psycopg import AsyncConnection, sql

from koonj.postgres.blockers import Blocker, BlockerKind, LockWait, lock_wait
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.target_conditions import target_conditions
from koonj.postgres.target_rights import RightsAsked

PATIENCE = 60.0
"""Seconds for anything that a test waits for."""

Open = Callable[..., Awaitable[AsyncConnection]]


@pytest.fixture
async def open_session(database: str) -> AsyncIterator[Open]:
    """A function that opens another session, with its application name; ended at the end."""
    async with AsyncExitStack() as stack:

        async def connect(name: str = "", **more: str) -> AsyncConnection:
            conn = await AsyncConnection.connect(
                **{"conninfo": database, "application_name": name, **more},  # type: ignore[arg-type]
                autocommit=True,
            )
            stack.push_async_callback(conn.close)
            return conn

        yield connect


@pytest.fixture
async def watch(open_session: Open) -> AsyncConnection:
    conn = await open_session("koonj watch")
    await conn.execute("CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1)")
    return conn


class Waiting:
    """A statement that waits; cancelled at the end."""

    def __init__(self, conn: AsyncConnection, statement: str) -> None:
        self.pid = conn.info.backend_pid
        self._conn = conn
        self._task = asyncio.create_task(conn.execute(statement.encode()))

    async def end(self) -> None:
        await self._conn.cancel_safe()
        await asyncio.wait((self._task,))
        self._task.exception()


@pytest.fixture
async def wait_with() -> AsyncIterator[Callable[[AsyncConnection, str], Waiting]]:
    made: list[Waiting] = []

    def begin(conn: AsyncConnection, statement: str) -> Waiting:
        made.append(Waiting(conn, statement))
        return made[-1]

    yield begin
    for waiting in reversed(made):
        await waiting.end()


Wait = Callable[[AsyncConnection, str], Waiting]


async def _until(
    watch: AsyncConnection, pid: int, found: Callable[[LockWait], bool] = lambda _: True
) -> LockWait:
    async with asyncio.timeout(PATIENCE):
        while (wait := await lock_wait(watch, pid)) is None or not found(wait):
            await asyncio.sleep(0.01)
    return wait


async def test_a_session_that_waits_for_nobody_is_not_blocked(
    watch: AsyncConnection, open_session: Open
) -> None:
    conn = await open_session()
    assert await lock_wait(watch, conn.info.backend_pid) is None
    assert await lock_wait(watch, 0) is None


async def test_an_idle_transaction_is_named_with_its_lock_and_last_statement(
    watch: AsyncConnection, open_session: Open, wait_with: Wait
) -> None:
    reader = await open_session("report")
    await reader.execute("BEGIN")
    await reader.execute("\n  SELECT count(*)\nFROM t")
    migration = wait_with(await open_session("koonj"), "ALTER TABLE t ADD b int")
    wait = await _until(watch, migration.pid)
    assert (wait.relation, wait.mode, wait.object) == ("public.t", "ACCESS EXCLUSIVE", "relation")
    (blocker,) = wait.blockers
    assert (blocker.kind, blocker.depth, blocker.pid) == (BlockerKind.SESSION, 1, reader.info.backend_pid)
    assert (blocker.behind, blocker.application) == (migration.pid, "report")
    assert (blocker.user, blocker.address) == (reader.info.user, "local")
    assert (blocker.state, blocker.mode, blocker.granted) == ("idle in transaction", "ACCESS SHARE", True)
    assert blocker.query == "SELECT count(*)"
    assert blocker.xact_seconds is not None
    assert blocker.xact_seconds >= 0
    assert blocker.state_seconds is not None
    assert not blocker.hidden
    assert (wait.queue, wait.longest) == (0, 0.0)


async def test_sessions_that_wait_behind_are_counted(
    watch: AsyncConnection, open_session: Open, wait_with: Wait
) -> None:
    reader = await open_session()
    await reader.execute("BEGIN")
    await reader.execute("SELECT FROM t")
    before = wait_with(await open_session(), "LOCK TABLE t IN ACCESS EXCLUSIVE MODE")  # not in a transaction
    await before.end()
    migration = wait_with(await open_session(), "ALTER TABLE t ADD b int")
    await _until(watch, migration.pid)
    for _ in range(3):
        wait_with(await open_session(), "SELECT FROM t")
    wait = await _until(watch, migration.pid, lambda wait: wait.queue >= 3)
    assert wait.queue == 3
    assert wait.longest > 0
    assert len(wait.blockers) == 1


async def test_a_session_that_waits_before_the_migration_is_not_behind_it(
    watch: AsyncConnection, open_session: Open, wait_with: Wait
) -> None:
    holder = await open_session()
    await holder.execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
    earlier = wait_with(await open_session("earlier"), "SELECT FROM t")
    await _until(watch, earlier.pid)
    migration = wait_with(await open_session(), "ALTER TABLE t ADD b int")
    wait = await _until(watch, migration.pid)
    assert wait.queue == 0 or watch.info.server_version < 140000
    found = {blocker.pid: blocker for blocker in wait.blockers}
    assert found[holder.info.backend_pid].granted
    assert not found[earlier.pid].granted, "it waits itself, with a mode that conflicts"
    assert found[earlier.pid].mode == "ACCESS SHARE"
    behind = await _until(watch, earlier.pid)
    assert (behind.queue, [b.pid for b in behind.blockers]) == (1, [holder.info.backend_pid])


async def test_a_chain_is_followed_to_its_end(
    watch: AsyncConnection, open_session: Open, wait_with: Wait
) -> None:
    root, middle = await open_session("root"), await open_session("middle")
    await watch.execute("CREATE TABLE u (a int)")
    await root.execute("BEGIN; LOCK TABLE u IN SHARE MODE")
    await middle.execute("BEGIN")
    await middle.execute("INSERT INTO t VALUES (2, 2)")
    waiting = wait_with(middle, "INSERT INTO u VALUES (1)")
    migration = wait_with(await open_session(), "ALTER TABLE t ADD b int")
    wait = await _until(watch, migration.pid, lambda wait: len(wait.blockers) == 2)
    first, second = wait.blockers
    assert (first.depth, first.pid, first.behind, first.mode) == (
        1,
        waiting.pid,
        migration.pid,
        "ROW EXCLUSIVE",
    )
    assert (second.depth, second.pid, second.behind, second.mode) == (
        2,
        root.info.backend_pid,
        waiting.pid,
        "SHARE",
    )
    assert (first.state, second.state) == ("active", "idle in transaction")


async def test_a_chain_ends_after_four_steps(
    watch: AsyncConnection, open_session: Open, wait_with: Wait
) -> None:
    sessions = [await open_session(f"s{number}") for number in range(6)]
    for number, conn in enumerate(sessions):
        await conn.execute(f"BEGIN; SELECT pg_advisory_lock({number})".encode())
    for number in range(1, 6):
        wait_with(sessions[number], f"SELECT pg_advisory_lock({number - 1})")
        await _until(watch, sessions[number].info.backend_pid)
    wait = await _until(watch, sessions[5].info.backend_pid, lambda wait: len(wait.blockers) >= 4)
    assert [(b.depth, b.application) for b in wait.blockers] == [(1, "s4"), (2, "s3"), (3, "s2"), (4, "s1")]
    assert (wait.relation, wait.mode, wait.object) == ("", "", "advisory")


async def test_a_cycle_ends(watch: AsyncConnection, open_session: Open, wait_with: Wait) -> None:
    one, other = await open_session(), await open_session()
    for conn, number in ((one, 1), (other, 2)):
        await conn.execute(f"SET deadlock_timeout = '1h'; SELECT pg_advisory_lock({number})".encode())
    wait_with(one, "SELECT pg_advisory_lock(2)")
    wait_with(other, "SELECT pg_advisory_lock(1)")
    wait = await _until(watch, one.info.backend_pid)
    assert [blocker.pid for blocker in wait.blockers] == [other.info.backend_pid]


async def test_a_row_names_its_table(watch: AsyncConnection, open_session: Open, wait_with: Wait) -> None:
    writer = await open_session()
    await writer.execute("BEGIN")
    await writer.execute("UPDATE t SET a = 2")
    migration = wait_with(await open_session(), "UPDATE t SET a = 3")
    wait = await _until(watch, migration.pid)
    assert (wait.relation, wait.mode, wait.object) == ("public.t", "", "transactionid")
    assert [blocker.pid for blocker in wait.blockers] == [writer.info.backend_pid]


@pytest.mark.parametrize("statement", ["ALTER TABLE t ADD b int", "UPDATE t SET a = 3"])
async def test_a_prepared_transaction_is_named(
    watch: AsyncConnection, open_session: Open, wait_with: Wait, statement: str
) -> None:
    other = await open_session()
    await other.execute("CREATE TABLE elsewhere (a int); BEGIN; INSERT INTO elsewhere VALUES (1)")
    await other.execute("PREPARE TRANSACTION 'unrelated'")
    await other.execute("BEGIN; UPDATE t SET a = 2")
    await other.execute("PREPARE TRANSACTION 'order-4711'")
    try:
        migration = wait_with(await open_session(), statement)
        (blocker,) = (await _until(watch, migration.pid)).blockers
        assert (blocker.kind, blocker.pid, blocker.gid) == (BlockerKind.PREPARED, None, "order-4711")
        assert blocker.user == other.info.user
        assert blocker.xact_seconds is not None
        assert not blocker.hidden
    finally:
        await other.execute("ROLLBACK PREPARED 'order-4711'")
        await other.execute("ROLLBACK PREPARED 'unrelated'")


async def test_a_session_of_koonj_is_marked(
    watch: AsyncConnection, open_session: Open, wait_with: Wait
) -> None:
    other = await open_session("koonj 3f2a91c4 12/40 dev1@bastion1")
    await other.execute("BEGIN; LOCK TABLE t IN SHARE MODE")
    koonjish = await open_session("koonjoin")
    await koonjish.execute("BEGIN; LOCK TABLE t IN SHARE MODE")
    migration = wait_with(await open_session(), "ALTER TABLE t ADD b int")
    wait = await _until(watch, migration.pid)
    kinds = {blocker.pid: blocker.kind for blocker in wait.blockers}
    assert kinds == {
        other.info.backend_pid: BlockerKind.KOONJ,
        koonjish.info.backend_pid: BlockerKind.SESSION,
    }


async def test_what_the_role_may_not_see_is_hidden(
    watch: AsyncConnection, open_session: Open, wait_with: Wait
) -> None:
    role = f"small_{watch.info.dbname}"
    await watch.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    try:
        reader = await open_session("report")
        await reader.execute("BEGIN; SELECT FROM t")
        migration = wait_with(await open_session(), "ALTER TABLE t ADD b int")
        small = await open_session("koonj watch", user=role)
        (blocker,) = (await _until(small, migration.pid)).blockers
        assert blocker == Blocker(
            kind=BlockerKind.SESSION,
            depth=1,
            pid=reader.info.backend_pid,
            behind=migration.pid,
            user=reader.info.user,
            application="report",
            mode="ACCESS SHARE",
            hidden=True,
        )
        await small.close()
    finally:
        await watch.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


async def test_nothing_outside_pg_catalog_is_called(
    watch: AsyncConnection, open_session: Open, wait_with: Wait
) -> None:
    await watch.execute("""
        CREATE FUNCTION public.pg_blocking_pids(int) RETURNS int[] LANGUAGE plpgsql
            AS 'BEGIN RAISE EXCEPTION ''called''; END';
        CREATE FUNCTION public.count() RETURNS bigint LANGUAGE plpgsql
            AS 'BEGIN RAISE EXCEPTION ''called''; END';
        CREATE FUNCTION public.same(int, int) RETURNS bool LANGUAGE plpgsql
            AS 'BEGIN RAISE EXCEPTION ''called''; END';
        CREATE OPERATOR public.= (FUNCTION = public.same, LEFTARG = int, RIGHTARG = int);
        SET search_path = public, pg_catalog
    """)
    reader = await open_session()
    await reader.execute("BEGIN; SELECT FROM t")
    migration = wait_with(await open_session(), "ALTER TABLE t ADD b int")
    wait = await _until(watch, migration.pid)
    assert len(wait.blockers) == 1
    row = await (await watch.execute("SHOW search_path")).fetchone()
    assert row == ("public, pg_catalog",)


async def test_looking_leaves_no_snapshot(watch: AsyncConnection) -> None:
    await lock_wait(watch, 0)
    assert watch.info.transaction_status is psycopg.pq.TransactionStatus.IDLE


@pytest.fixture
def busy_server(binaries: Binaries) -> Iterator[TemporaryServer]:
    """A server whose autovacuum starts each second, and does not step aside."""
    settings = {"autovacuum": "on", "autovacuum_naptime": "1s", "deadlock_timeout": "1h"}
    with TemporaryServer(binaries, settings=settings) as running:
        yield running


_AFTER_ONE_ROW = "autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0"

_BURN = """
CREATE TEMP TABLE burnt (i int);
DO $$ BEGIN
    FOR i IN 1 .. 100100 LOOP
        BEGIN INSERT INTO burnt VALUES (i); EXCEPTION WHEN division_by_zero THEN NULL; END;
    END LOOP;
END $$
"""


@pytest.mark.parametrize("urgent", [False, True], ids=["ordinary", "wraparound"])
async def test_an_autovacuum_is_named(busy_server: TemporaryServer, *, urgent: bool) -> None:
    async with (
        await AsyncConnection.connect(busy_server.dsn(), autocommit=True) as watch,
        await AsyncConnection.connect(busy_server.dsn(), autocommit=True) as migration,
    ):
        slow = "autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1"
        why = "autovacuum_enabled = off, autovacuum_freeze_max_age = 100000" if urgent else _AFTER_ONE_ROW
        await watch.execute(f"CREATE TABLE t (a int) WITH ({slow}, {why})".encode())
        await watch.execute("INSERT INTO t SELECT generate_series(1, 100000)")
        if urgent:
            await watch.execute(_BURN.encode())
        else:
            await watch.execute("DELETE FROM t WHERE a % 2 = 0")
        async with asyncio.timeout(PATIENCE):
            while not await _autovacuums(watch):
                await asyncio.sleep(0.05)
        waiting = Waiting(migration, "ALTER TABLE t ADD b int")
        try:
            (blocker,) = (await _until(watch, waiting.pid)).blockers
        finally:
            await waiting.end()
        kind = BlockerKind.AUTOVACUUM_WRAPAROUND if urgent else BlockerKind.AUTOVACUUM
        assert (blocker.kind, blocker.mode) == (kind, "SHARE UPDATE EXCLUSIVE")
        assert (blocker.user, blocker.hidden) == (None, False)
        assert blocker.query is not None
        assert blocker.query.startswith("autovacuum: VACUUM")
        found = (await target_conditions(watch, RightsAsked(), ("public.t", "public.other"))).urgent_vacuums
        assert [(one.relation, one.pid) for one in found] == ([("public.t", blocker.pid)] if urgent else [])


async def _autovacuums(conn: AsyncConnection) -> bool:
    row = await (
        await conn.execute("SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND mode ~ 'Update'")
    ).fetchone()
    return row != (0,)
