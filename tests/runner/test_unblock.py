"""A blocking session is ended, or its statement cancelled: by the run that waits, with a record of who and why."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from koonj.config import Target
from koonj.postgres.blockers import Blocker, BlockerKind
from koonj.postgres.blocking_sessions import BlockingSession, Ending, Right
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.apply import lock, statement_watch, unblock
from koonj.runner.apply.unblock import UnblockError
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, RunResult
from koonj.runner.run.lock_events import Blocked, BlockerEnded, BlockerNotEnded, Unblocked, WaitingForLock
from koonj.runner.run.run import Control, Run
from koonj.runner.run.unblock_request import UnblockRequest, request_for
from koonj.runner.run.unblock_wording import as_blocker, why_not
from koonj.runner.target.obstruction import read_blocking_sessions, read_obstruction
from support.project import Project, events_of_kind, run_finished

PATIENCE = 60.0
WHO = "dev1@bastion1 pts/3"
RUN = "00000000-0000-0000-0000-000000000001"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement_watch, "FIRST", 0.02)
    monkeypatch.setattr(statement_watch, "REPEAT", 0.02)
    monkeypatch.setattr(lock, "POLL", 0.02)
    monkeypatch.setattr(lock, "REPEAT", 0.05)


@pytest.fixture
def reader(project: Project) -> Iterator[psycopg.Connection]:
    """A transaction that has read table t."""
    with closing(psycopg.connect(project.target.dsn, application_name="report", autocommit=True)) as conn:
        conn.execute("CREATE TABLE t (a int)")
        conn.execute("BEGIN")
        conn.execute("SELECT a FROM t")
        yield conn


async def _session(project: Project, *blockers: Blocker, target: Target | None = None) -> BlockingSession:
    """Return the last of `blockers` as the server shows it to the target's role."""
    return (await read_blocking_sessions(project.connector, target or project.target, blockers))[-1]


def _blocker(conn: psycopg.Connection) -> Blocker:
    return Blocker(BlockerKind.SESSION, 1, conn.info.backend_pid)


async def _follow(project: Project, run: Run, how: Ending) -> list[Event]:
    """Follow the run, and do what a user does as soon as it says who is in the way."""
    events: list[Event] = []
    asked: list[asyncio.Task[None]] = []
    async with asyncio.timeout(PATIENCE):
        async for event in run.events():
            events.append(event)
            if isinstance(event, Blocked) and not asked:
                session = await _session(project, *event.lock.blockers)
                request = request_for(session, how, "the report can wait", WHO, event.name)
                asked.append(asyncio.create_task(run.unblock(request)))
    await asyncio.gather(*asked)
    return events


async def test_an_idle_session_is_ended_and_the_run_continues(
    project: Project, reader: psycopg.Connection
) -> None:
    project.write("001_change.sql", "-- koonj: lock_timeout 30s\nALTER TABLE t ADD b int;\n")
    events = await _follow(project, project.start(Direction.APPLY), Ending.END)
    assert run_finished(events).result is RunResult.DONE
    (ended,) = events_of_kind(events, BlockerEnded)
    pid = reader.info.backend_pid
    assert (ended.pid, ended.how, ended.who, ended.reason) == (pid, Ending.END, WHO, "the report can wait")
    assert ended.took_effect
    assert ended.session.startswith(f"pid {pid} report, idle in transaction ")
    with pytest.raises(psycopg.OperationalError, match="administrator command"):
        reader.execute("SELECT 1")


async def test_the_act_is_recorded_with_who_why_and_which_session(
    project: Project, reader: psycopg.Connection
) -> None:
    project.write("001_change.sql", "-- koonj: lock_timeout 30s\nALTER TABLE t ADD b int;\n")
    run = project.start(Direction.APPLY)
    await _follow(project, run, Ending.END)
    (row,) = project.sql(
        "SELECT name, outcome, allowed, reason, script, os_user <> '', run_id::text FROM koonj.history "
        "WHERE action = 'allow'"
    )
    pid = reader.info.backend_pid
    name, outcome, allowed, reason, script, has_user, run_id = row
    assert (name, outcome, allowed, has_user) == ("001_change.sql", "done", "unblock", True)
    assert run_id == run.id
    assert reason.startswith(f"ended pid {pid} report, idle in transaction ")
    assert reason.endswith(": the report can wait")
    assert script == f"SELECT pg_terminate_backend({pid});  -- last: SELECT a FROM t"
    assert "SELECT a" not in reason, "everybody can read a reason, and a statement can contain data"


async def test_a_running_statement_is_cancelled_and_its_session_stays(
    project: Project, reader: psycopg.Connection
) -> None:
    project.write("001_change.sql", "-- koonj: lock_timeout 30s\nALTER TABLE t ADD b int;\n")
    reader.rollback()
    failed = threading.Event()

    def work() -> None:
        try:
            reader.execute("SELECT pg_sleep(60) FROM (SELECT count(*) FROM t) AS c")
        except psycopg.errors.QueryCanceled:
            failed.set()

    working = threading.Thread(target=work)
    working.start()
    while not project.sql("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"):
        await asyncio.sleep(0.01)
    events = await _follow(project, project.start(Direction.APPLY), Ending.CANCEL)
    await asyncio.to_thread(working.join, PATIENCE)
    assert run_finished(events).result is RunResult.DONE
    (ended,) = events_of_kind(events, BlockerEnded)
    assert (ended.how, ended.took_effect) == (Ending.CANCEL, True)
    assert failed.is_set()
    assert reader.execute("SELECT 1").fetchone() == (1,)
    ((reason,),) = project.sql("SELECT reason FROM koonj.history WHERE action = 'allow'")
    assert reason.startswith("cancelled the statement of pid ")


@pytest.mark.parametrize("is_gone", [False, True])
async def test_a_run_that_tries_without_queueing_says_at_once_what_was_done(
    project: Project, monkeypatch: pytest.MonkeyPatch, *, is_gone: bool
) -> None:
    monkeypatch.setenv("KOONJ_REHEARSE", "1")
    project.write("001_t.sql", "CREATE TABLE t (a int);\n-- Rollback:\n-- DROP TABLE t;\n")
    await project.apply(measure=True)
    project.write("002_b.sql", "ALTER TABLE t ADD b int;\n-- Rollback:\n-- ALTER TABLE t DROP b;\n")
    events, tasks = list[Event](), list[asyncio.Task[None]]()
    with closing(psycopg.connect(project.target.dsn)) as holder:
        holder.execute("SELECT FROM t")
        request = await _made(project, holder)
        if is_gone:
            request = replace(request, process=replace(request.process, started=1))
        run = project.start(Direction.APPLY, measure=True)
        async with asyncio.timeout(PATIENCE):
            async for event in run.events():
                events.append(event)
                if isinstance(event, Blocked) and not tasks:
                    assert event.tries
                    tasks.append(asyncio.create_task(run.unblock(request)))
                elif isinstance(event, BlockerNotEnded):
                    holder.rollback()
    await asyncio.gather(*tasks)
    assert len(events_of_kind(events, BlockerNotEnded if is_gone else BlockerEnded)) == 1
    assert run_finished(events).result is RunResult.DONE


async def _made(project: Project, conn: psycopg.Connection, how: Ending = Ending.END) -> UnblockRequest:
    return request_for(await _session(project, _blocker(conn)), how, "why", WHO)


@pytest.mark.parametrize("how", Ending)
async def test_a_pid_that_is_used_again_is_not_hit(
    project: Project, reader: psycopg.Connection, how: Ending
) -> None:
    request = await _made(project, reader)
    started = (request.process.started or 0) - 1
    other = replace(request, how=how, process=replace(request.process, started=started))
    with pytest.raises(UnblockError, match="has ended already") as raised:
        await unblock.unblock(project.connector, project.target, other, RUN)
    assert "Nothing was done." in raised.value.message
    assert reader.execute("SELECT 1").fetchone() == (1,)
    assert not project.sql("SELECT FROM koonj.history"), "nothing was done, so nothing is recorded"


async def test_nothing_is_done_that_cannot_be_recorded(project: Project, reader: psycopg.Connection) -> None:
    project.table(1)
    await project.apply()
    project.sql("ALTER TABLE koonj.history ADD CHECK (reason IS NULL)")
    request = await _made(project, reader)
    with pytest.raises(UnblockError, match=r"could not be done and recorded together: new row .* violates"):
        await unblock.unblock(project.connector, project.target, request, RUN)
    assert reader.execute("SELECT 1").fetchone() == (1,)


async def test_what_the_target_cannot_store_is_recorded_as_question_marks(
    project: Project, server: TemporaryServer
) -> None:
    [(name,)] = project.sql("SELECT current_database()")
    dsn = make_conninfo(project.target.dsn, dbname=f"{name}_latin")
    project.sql(
        f"CREATE DATABASE {name}_latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    try:
        with closing(psycopg.connect(dsn)) as conn:
            conn.execute("SELECT 'ü' AS x")
            target = replace(project.target, dsn=dsn)
            session = await _session(project, _blocker(conn), target=target)
            request = request_for(session, Ending.END, "größer als 5 €, \udcff", WHO)
            await unblock.unblock(project.connector, target, request, RUN)
        with psycopg.connect(dsn, autocommit=True) as conn:
            ((reason, script),) = conn.execute("SELECT reason, script FROM koonj.history").fetchall()
        assert reason.endswith(": größer als 5 ?, ?")
        assert script.endswith("-- last: SELECT 'ü' AS x")
    finally:
        project.sql(f"DROP DATABASE {name}_latin WITH (FORCE)")


async def test_a_run_that_cannot_do_it_says_so_and_waits_on(
    project: Project, reader: psycopg.Connection
) -> None:
    project.write("001_change.sql", "-- koonj: lock_timeout 30s\nALTER TABLE t ADD b int;\n")
    request = await _made(project, reader)
    gone = replace(request, process=replace(request.process, started=1))
    run, events = project.start(Direction.APPLY), list[Event]()
    async with asyncio.timeout(PATIENCE):
        async for event in run.events():
            events.append(event)
            if isinstance(event, Blocked):
                task = asyncio.create_task(run.unblock(gone))
            elif isinstance(event, BlockerNotEnded):
                reader.rollback()
    await task
    (told,) = events_of_kind(events, BlockerNotEnded)
    assert (told.pid, told.who) == (reader.info.backend_pid, WHO)
    assert "has ended already" in told.message
    assert run_finished(events).result is RunResult.DONE


# What cannot be done


@pytest.fixture
def weak(project: Project, server: TemporaryServer) -> Iterator[Callable[[str], Target]]:
    """Make a target with a role that is no superuser, after running `sql` with {role} for its name."""
    [(database,)] = project.sql("SELECT current_database()")
    names: list[str] = []

    def make(sql: str = "") -> Target:
        names.append(f"weak_{database}_{len(names)}")
        project.sql(f"CREATE ROLE {names[-1]}")
        if sql:
            project.sql(sql.format(role=names[-1]))
        return replace(project.target, role=names[-1])

    yield make
    for name in reversed(names):
        project.sql(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


async def test_the_session_of_a_superuser_is_not_offered(
    project: Project, reader: psycopg.Connection, weak: Callable[[str], Target]
) -> None:
    target = weak("GRANT pg_signal_backend, pg_read_all_stats TO {role}")
    session = await _session(project, _blocker(reader), target=target)
    assert (session.right, session.endings) == (Right.SUPERUSER, ())
    assert why_not(session) == "Only a superuser can end the session of a superuser."


@pytest.mark.parametrize(
    ("grant", "right", "endings"),
    [
        ("", Right.OTHER_ROLE, ()),
        ("GRANT pg_read_all_stats TO {role}", Right.OTHER_ROLE, ()),
        ("GRANT pg_signal_backend TO {role}", Right.GRANTED, ()),
        ("GRANT pg_signal_backend, pg_read_all_stats TO {role}", Right.GRANTED, (Ending.END,)),
        ("GRANT {other} TO {role}", Right.GRANTED, (Ending.END,)),
    ],
)
async def test_the_session_of_another_role_needs_a_right(
    project: Project,
    weak: Callable[[str], Target],
    grant: str,
    right: Right,
    endings: tuple[Ending, ...],
) -> None:
    other = weak("ALTER ROLE {role} LOGIN").role
    target = weak(grant.replace("{other}", other or ""))
    with psycopg.connect(project.target.dsn, user=other) as conn:
        conn.execute("SELECT 1")
        session = await _session(project, _blocker(conn), target=target)
        assert (session.right, session.endings) == (right, endings)
        reason = why_not(session) or ""
        if right is Right.OTHER_ROLE:
            assert reason == f"It is a session of role {other}. To end it, your role needs pg_signal_backend."
        assert ("pg_read_all_stats" in reason) == (right is Right.GRANTED and not endings)
        if endings:
            request = request_for(session, Ending.END, "why", WHO)
            project.sql(f"GRANT CREATE ON DATABASE {conn.info.dbname} TO {target.role}")
            await unblock.unblock(project.connector, target, request, RUN)
            with pytest.raises(psycopg.OperationalError):
                conn.execute("SELECT 1")


async def test_a_prepared_transaction_shows_its_command(project: Project) -> None:
    blocker = Blocker(BlockerKind.PREPARED, 1, None, gid="order '4711'")
    session = await _session(project, blocker)
    assert session.endings == ()
    text = "koonj does not end a prepared transaction. To roll it back: ROLLBACK PREPARED 'order ''4711''';"
    assert why_not(session) == text


async def test_a_session_that_has_ended_is_not_offered(project: Project, reader: psycopg.Connection) -> None:
    blocker = _blocker(reader)
    reader.close()
    while project.sql(f"SELECT FROM pg_stat_activity WHERE pid = {blocker.pid}"):
        await asyncio.sleep(0.01)
    assert why_not(await _session(project, blocker)) == "It has ended in the meantime."


def test_an_autovacuum_can_only_be_cancelled() -> None:
    for kind in (BlockerKind.AUTOVACUUM, BlockerKind.AUTOVACUUM_WRAPAROUND):
        blocker = Blocker(kind, 1, 77, state="active")
        assert BlockingSession(blocker, 1, Right.GRANTED).endings == (Ending.CANCEL,)
        weak = BlockingSession(blocker, 1, Right.SERVER_PROCESS)
        assert why_not(weak) == "It is a process of the server: only a superuser can cancel what it does."


# The holder of the koonj lock


async def test_the_holder_of_the_koonj_lock_is_ended_and_the_run_starts(
    project: Project, connector: object
) -> None:
    project.table(1)
    with psycopg.connect(project.target.dsn, application_name="koonj 3f2a91c4 12/40 dev1@x") as holder:
        assert holder.execute("SELECT pg_try_advisory_lock(x'6b6f6f6e6a'::bigint)").fetchone() == (True,)
        holder.commit()
        found = await read_obstruction(project.connector, project.target)
        assert found.holder is not None
        assert found.holder.silent_seconds is not None
        (session,) = found.sessions
        assert (session.blocker.kind, session.endings) == (BlockerKind.KOONJ, (Ending.END,))
        run, events, tasks = (
            project.start(Direction.APPLY, wait=20.0),
            list[Event](),
            list[asyncio.Task[None]](),
        )
        async with asyncio.timeout(PATIENCE):
            async for event in run.events():
                events.append(event)
                if isinstance(event, WaitingForLock) and not tasks:
                    assert event.holder is not None
                    session = await _session(project, as_blocker(event.holder))
                    tasks.append(
                        asyncio.create_task(
                            run.unblock(request_for(session, Ending.END, "its host is gone", WHO))
                        )
                    )
        await asyncio.gather(*tasks)
    assert run_finished(events).result is RunResult.DONE
    assert len(events_of_kind(events, BlockerEnded)) == 1
    assert project.sql("SELECT name FROM koonj.history WHERE action = 'allow'") == [("",)]


async def test_a_run_that_waits_for_the_koonj_lock_says_at_once_what_was_not_done(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "REPEAT", 60.0)
    project.table(1)
    events, tasks = list[Event](), list[asyncio.Task[None]]()
    with closing(psycopg.connect(project.target.dsn, autocommit=True)) as holder:
        holder.execute("SELECT pg_try_advisory_lock(x'6b6f6f6e6a'::bigint)")
        request = await _made(project, holder)
        gone = replace(request, process=replace(request.process, started=1))
        run = project.start(Direction.APPLY, wait=50.0)
        async with asyncio.timeout(PATIENCE):
            async for event in run.events():
                events.append(event)
                if isinstance(event, WaitingForLock):
                    tasks.append(asyncio.create_task(run.unblock(gone)))
                elif isinstance(event, BlockerNotEnded):
                    holder.execute("SELECT pg_advisory_unlock_all()")
    await asyncio.gather(*tasks)
    assert run_finished(events).result is RunResult.DONE


async def test_a_run_that_released_its_lock_is_not_stopped_by_the_record_of_an_end(
    project: Project, reader: psycopg.Connection
) -> None:
    request = await _made(project, reader)
    project.write("001_release.sql", "SELECT pg_advisory_unlock_all();\nSELECT pg_sleep(0.2);\nVACUUM;\n")
    run, events = project.start(Direction.APPLY), list[Event]()
    async for event in run.events():
        events.append(event)
        if type(event).__name__ == "MigrationStarted":
            await unblock.unblock(project.connector, project.target, request, RUN)
    assert run_finished(events).result is RunResult.DONE


def test_what_was_done_while_the_statement_ended_is_still_reported() -> None:
    control, unread = Control(), list[Event]()
    ended = BlockerEnded(1, Ending.END, WHO, "pid 1", "the report can wait", took_effect=True)
    waiting = BlockerNotEnded(2, Ending.END, WHO, "Nothing was done to pid 2.")
    stale = Unblocked("001_change.sql", 1, 2.0)
    with control.listening(unread.append, lambda: unread):
        for event in (ended, stale, waiting):
            assert control.report(event)
    assert list(control.kept_events()) == [ended, waiting]
