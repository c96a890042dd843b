"""A batch: migrations in one transaction, with their history entries. All are applied, or none."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koonj.config import Target
from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.catalog.read import read_catalog
from koonj.postgres.connector import Connector
from koonj.runner.apply import settlement
from koonj.runner.apply.flight_queue import MOST
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import (
    Event,
    MigrationFailed,
    MigrationFinished,
    MigrationStarted,
    MigrationUncommitted,
    Notice,
    PlanMade,
    Retrying,
    RunFinished,
    RunResult,
    StatementStarted,
)
from koonj.runner.run.lock_events import Blocked
from koonj.runner.run.request import Extent
from koonj.runner.run.run import Run
from support.clock import Clock, clock_of_pauses
from support.losing_proxy import Loss, losing_proxy
from support.project import Project, events_of_kind, run_finished

PATIENCE = 60.0
NONE = "-- Rollback: none: test\n"
ALONE = "SET client_encoding TO 'UTF8';\n"
"""A statement that makes koonj send all messages of the batch one at a time."""
NAMES = [f"{n:03d}_make_t{n}.sql" for n in range(1, 6)]
TABLES = {f"t{n}" for n in range(1, 6)}

both_ways = pytest.mark.parametrize("first", ["", ALONE], ids=["flight", "one by one"])


def _write(project: Project, first: str = "", **texts: str) -> None:
    """Write five migrations that each make a table; `t3="…"` replaces the text of the third one."""
    for n in range(1, 6):
        body = texts.get(f"t{n}", f"CREATE TABLE t{n} (id int PRIMARY KEY);\n")
        down = f"-- Rollback:\n-- BEGIN;\n-- DROP TABLE t{n};\n-- COMMIT;\n"
        project.write(NAMES[n - 1], f"BEGIN;\n{first if n == 1 else ''}{body}COMMIT;\n\n{down}")


async def _apply(project: Project, **options: object) -> list[Event]:
    return await asyncio.wait_for(project.apply(batch=True, **options), PATIENCE)


def _rows(project: Project) -> list[tuple[str, str]]:
    if project.sql("SELECT to_regclass('koonj.history')") == [(None,)]:
        return []
    return project.sql("SELECT name, outcome FROM koonj.history ORDER BY id")


def _names(events: list[Event], kind: type[MigrationFinished | MigrationUncommitted]) -> list[str]:
    return [event.name for event in events_of_kind(events, kind)]


@both_ways
async def test_all_are_applied_in_one_transaction(project: Project, first: str) -> None:
    _write(project, first)
    events = await _apply(project)
    assert project.tables() == TABLES
    assert _names(events, MigrationUncommitted) == _names(events, MigrationFinished) == NAMES
    kinds = [type(event) for event in events if isinstance(event, MigrationFinished | MigrationUncommitted)]
    assert kinds == [MigrationUncommitted] * 5 + [MigrationFinished] * 5, "none is applied before the end"
    end = run_finished(events)
    assert (end.result, end.message, end.committed) == (RunResult.DONE, "Applied 5 migrations.", tuple(NAMES))
    assert (end.rolled_back, end.not_run) == ((), ())
    entries = await project.entries()
    assert [entry.name for entry in entries] == NAMES
    assert len({entry.transaction_id for entry in entries}) == 1
    times = [moment for entry in entries for moment in (entry.started, entry.finished)]
    assert times == sorted(times, key=str), "each begins when the one before it has ended"
    assert set(await project.states()) == set(NAMES)
    assert set((await project.states()).values()) == {"applied"}


async def test_history_has_the_time_of_each(project: Project) -> None:
    _write(project, t2="SELECT pg_sleep(0.2);\n")
    await _apply(project)
    entries = await project.entries()
    assert entries[1].finished is not None
    assert entries[1].finished - entries[1].started >= timedelta(seconds=0.2)
    assert entries[2].started == entries[1].finished, "the third one did not begin with the transaction"


@both_ways
async def test_they_are_rolled_back_like_others(project: Project, first: str) -> None:
    _write(project, first)
    await _apply(project)
    await project.roll_back()
    assert project.tables() == TABLES - {"t5"}
    await project.roll_back(extent=Extent.UP_TO, number=2)
    assert project.tables() == {"t1", "t2"}
    await _apply(project)
    assert project.tables() == TABLES


@both_ways
async def test_third_of_five_fails_and_nothing_is_applied(project: Project, first: str) -> None:
    _write(project, first, t3="CREATE TABLE t3 ();\nSELECT 1 / 0;\n")
    events = await _apply(project)
    assert project.tables() == set()
    assert not events_of_kind(events, MigrationFinished)
    end = run_finished(events)
    assert (end.result, end.committed) == (RunResult.FAILED, ())
    assert (end.rolled_back, end.not_run) == (tuple(NAMES[:2]), tuple(NAMES[3:]))
    (failed,) = events_of_kind(events, MigrationFailed)
    failure = failed.failure
    assert (failure.name, failure.statement, failure.of, failure.line) == (NAMES[2], 2, 2, 3)
    assert failure.committed == ()
    assert failure.target_state == (
        "Nothing of the batch was applied: its one transaction was rolled back. 003_make_t3.sql is number 3 of 5."
    )
    assert failure.next_steps == ("Fix the cause, then run: koonj apply --batch 5",)
    assert _rows(project) == [(NAMES[2], "failed")], "as for a migration that fails alone"
    states = await project.states()
    assert states == dict.fromkeys(NAMES, "pending") | {NAMES[2]: "failed"}
    _write(project, first)
    assert run_finished(await _apply(project)).result is RunResult.DONE
    assert project.tables() == TABLES


async def test_new_value_of_an_enum_names_the_file_and_the_way_out(project: Project) -> None:
    project.sql("CREATE TYPE mood AS ENUM ('ok')")
    _write(
        project,
        t2="ALTER TYPE mood ADD VALUE 'glad';\n",
        t4="CREATE TABLE t4 (m mood DEFAULT 'glad');\nINSERT INTO t4 VALUES ('glad');\n",
    )
    end = run_finished(await _apply(project))
    assert end.failure is not None
    assert (end.failure.name, end.failure.sqlstate, project.tables()) == (NAMES[3], "55P04", set())
    assert end.failure.target_state.startswith("Nothing of the batch was applied")
    assert end.failure.next_steps[0] == (
        "If a migration before it in the same transaction is the cause (such as a new value of an enum), "
        "apply it outside a batch: koonj apply 5"
    )
    assert project.sql("SELECT enumlabel FROM pg_enum") == [("ok",)]
    assert run_finished(await project.apply()).result is RunResult.DONE


DEFERRED = "ALTER TABLE t1 ADD UNIQUE (id) DEFERRABLE INITIALLY DEFERRED;\n"


@pytest.mark.parametrize("known", [True, False], ids=["there before", "made in the batch"])
async def test_deferred_constraint_fails_in_the_file_that_breaks_it(project: Project, known: bool) -> None:
    if known:
        project.sql("CREATE TABLE parent (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    make = "" if known else "CREATE TABLE parent (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);\n"
    _write(
        project,
        t1=f"{make}INSERT INTO parent VALUES (1), (2), (3);\nCREATE TABLE t1 ();\n",
        t2="UPDATE parent SET id = 2 WHERE id = 1;\nUPDATE parent SET id = 9 WHERE id = 2;\nCREATE TABLE t2 ();\n",
        t3="INSERT INTO parent VALUES (9);\nCREATE TABLE t3 ();\n",
    )
    end = run_finished(await _apply(project))
    assert end.failure is not None
    assert (end.failure.name, end.failure.sqlstate) == (NAMES[1], "23505")
    _write(
        project,
        t1=f"{make}INSERT INTO parent VALUES (1), (2);\nCREATE TABLE t1 ();\n",
        t2="UPDATE parent SET id = 3 - id;\nCREATE TABLE t2 ();\n",
        t3="UPDATE parent SET id = 2 WHERE id = 1;\nUPDATE parent SET id = 1 WHERE id = 2 AND ctid = "
        "(SELECT min(ctid::text)::tid FROM parent);\nCREATE TABLE t3 ();\n",
    )
    assert run_finished(await _apply(project)).result is RunResult.DONE, "they stay deferred within each file"


REFUSED = {
    "CREATE INDEX CONCURRENTLY ON x (a);\n": (
        "002_x.sql is not one transaction, so it cannot be in a batch. Statement 1 of 1, line 1 "
        "(create index concurrently on x): PostgreSQL refuses CREATE INDEX CONCURRENTLY in a transaction."
    ),
    "BEGIN;\nSELECT 1;\nCOMMIT;\nBEGIN;\nSELECT 2;\nCOMMIT;\n": (
        "002_x.sql is not one transaction, so it cannot be in a batch. Statement 2 of 2, line 5 (select): "
        "the COMMIT before it ends the file's first transaction."
    ),
    "BEGIN ISOLATION LEVEL SERIALIZABLE;\nSELECT 1;\nCOMMIT;\n": (
        "002_x.sql cannot be in a batch: its BEGIN sets ISOLATION LEVEL SERIALIZABLE, and that would be the mode of "
        "all migrations in it."
    ),
    "SET /* x */ TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n": (
        "002_x.sql cannot be in a batch: statement 1 sets the mode of its transaction, and that would be the mode of "
        "all migrations in it."
    ),
    "SET LOCAL transaction_isolation = 'serializable';\n": (
        "002_x.sql cannot be in a batch: statement 1 sets the mode of its transaction, and that would be the mode of "
        "all migrations in it."
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.items(), ids=range(len(REFUSED)))
async def test_a_file_that_cannot_be_in_it_stops_it_before_anything_runs(
    project: Project, text: str, message: str
) -> None:
    project.table(1)
    project.write("002_x.sql", f"{text}\n{NONE}")
    project.table(3)
    end = run_finished(await _apply(project))
    assert end.result is RunResult.REFUSED
    (conflict,) = end.conflicts
    assert (conflict.name, conflict.state, conflict.message) == ("002_x.sql", "not_transactional", message)
    assert conflict.hint == ("Apply those before it: koonj apply --batch 1. Then apply it alone: koonj apply")
    assert (project.tables(), _rows(project)) == (set(), [])
    assert run_finished(await _apply(project, extent=Extent.UP_TO, number=1)).committed == (
        "001_make_t1.sql",
    )
    end = run_finished(await _apply(project))
    assert end.conflicts[0].hint == "First apply it alone: koonj apply"


async def test_settings_of_a_file_hold_for_it_alone(project: Project) -> None:
    project.sql("CREATE SCHEMA other")
    show = "DO $$ BEGIN RAISE NOTICE 'see %', current_setting('{}'); END $$;\n"
    seen = "".join(map(show.format, ("search_path", "statement_timeout", "lock_timeout", "row_security")))
    used = (
        "SET search_path TO other;\nSET LOCAL statement_timeout TO '7s';\nSET SESSION AUTHORIZATION DEFAULT;\n"
        "CREATE TEMP TABLE scratch ();\nPREPARE p AS SELECT 1;\nSAVEPOINT s;\nSELECT nextval('q');\n"
    )
    project.sql("CREATE SEQUENCE q; CREATE SEQUENCE other.q")
    project.write("001_a.sql", f"-- koonj: lock_timeout 3s\nBEGIN;\n{seen}{used}COMMIT;\n{NONE}")
    project.write(
        "002_b.sql", f"BEGIN;\n{seen}CREATE TEMP TABLE scratch ();\nPREPARE p AS SELECT 1;\nCOMMIT;\n{NONE}"
    )
    alone = await project.apply()
    project.sql("DELETE FROM koonj.history")
    together = await _apply(project)
    texts = [[event.message for event in events_of_kind(events, Notice)] for events in (alone, together)]
    assert texts[0] == texts[1]
    assert "see 3s" in texts[0]
    project.write("003_c.sql", f"BEGIN;\nSAVEPOINT s;\nCOMMIT;\n{NONE}")
    project.write("004_d.sql", f"BEGIN;\nROLLBACK TO s;\nCOMMIT;\n{NONE}")
    failure = run_finished(await _apply(project)).failure
    assert failure is not None
    assert (failure.name, failure.sqlstate) == ("004_d.sql", "3B001")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clock_of_pauses(monkeypatch, settlement)


@asynccontextmanager
async def _losing(project: Project, trigger: bytes, loss: Loss, count: int) -> AsyncIterator[None]:
    real = project.target
    async with losing_proxy(real.dsn, trigger, count=count, loss=loss) as (proxy, dsn):
        project.target = replace(real, dsn=dsn)
        try:
            yield
            assert proxy.lost
        finally:
            project.target = real


@both_ways
@pytest.mark.parametrize("loss", [Loss.ANSWERED, Loss.NEVER_SENT])
async def test_lost_commit_is_found_out_for_all(
    project: Project, clock: Clock, first: str, loss: Loss
) -> None:
    _write(project, first)
    async with _losing(project, b"COMMIT\0", loss, count=2):  # the first one makes the history
        events = await _apply(project)
    done = loss is Loss.ANSWERED
    assert project.tables() == (TABLES if done else set())
    assert _names(events, MigrationFinished) == (NAMES if done else [])
    end = run_finished(events)
    assert end.result is (RunResult.DONE if done else RunResult.FAILED)
    if not done:
        assert end.failure is not None
        assert end.failure.target_state.startswith(
            "The connection was lost. Nothing of the batch was applied"
        )
        assert _rows(project) == []


@both_ways
async def test_commit_that_stays_unknown_is_unknown_for_all(
    project: Project, clock: Clock, first: str
) -> None:
    _write(project, first)
    real = project.target
    async with losing_proxy(real.dsn, b"COMMIT\0", count=2, loss=Loss.ANSWERED) as (proxy, dsn):

        async def refuse(_: int) -> bool:
            return False

        proxy.admit = refuse
        project.target = replace(real, dsn=dsn)
        end = run_finished(await _apply(project))
    project.target = real
    assert end.failure is not None
    assert end.failure.target_state.startswith(
        "Unknown. The connection was lost, and the target does not respond. Either all 5 migrations of the batch are "
        "committed, with their history entries, or none."
    )


async def _follow(run: Run, do: Callable[[Event], object]) -> RunFinished:
    async for event in run.events():
        result = do(event)
        if asyncio.iscoroutine(result):
            await result
        last = event
    assert isinstance(last, RunFinished)
    return last


@both_ways
async def test_cancel_leaves_nothing(project: Project, first: str) -> None:
    _write(project, first, t3="SELECT pg_sleep(60);\n")
    run = project.start(Direction.APPLY, extent=Extent.ALL, batch=True)

    def cancel(event: Event) -> object:
        sleeps = isinstance(event, StatementStarted) and event.name == NAMES[2]
        return run.cancel() if sleeps else None

    end = await asyncio.wait_for(_follow(run, cancel), PATIENCE)
    assert end.result is RunResult.CANCELLED
    assert "Nothing of the batch was applied" in end.message
    assert (project.tables(), end.rolled_back) == (set(), tuple(NAMES[:2]))
    assert _rows(project) == [(NAMES[2], "failed")]


async def test_cancel_that_a_statement_survives_ends_the_batch_before_its_commit(project: Project) -> None:
    caught = "BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END"
    project.write("001_a.sql", f"BEGIN;\nDO $$ {caught} $$;\nCOMMIT;\n{NONE}")
    for number in range(2, MOST + 5):  # more than are on their way at once
        project.table(number)
    run = project.start(Direction.APPLY, extent=Extent.ALL, batch=True)

    def cancel(event: Event) -> object:
        first = isinstance(event, StatementStarted) and event.name == "001_a.sql"
        return run.cancel() if first else None

    end = await asyncio.wait_for(_follow(run, cancel), PATIENCE)
    assert end.result is RunResult.CANCELLED
    assert (project.tables(), end.committed) == (set(), ())


@both_ways
async def test_two_runs_apply_it_once(project: Project, first: str) -> None:
    _write(project, first)
    one, other = await asyncio.gather(_apply(project), _apply(project))
    ends = sorted([run_finished(one), run_finished(other)], key=lambda end: len(end.committed))
    assert [len(end.committed) for end in ends] == [0, 5]
    assert [end.result for end in ends] == [RunResult.NOTHING, RunResult.DONE]
    assert len(_rows(project)) == 5


@both_ways
async def test_killed_koonj_leaves_nothing(project: Project, first: str) -> None:
    _write(project, first, t3="SELECT pg_sleep(60);\n")
    where = ("--dsn", project.target.dsn, "--migrations", str(project.path))
    command = (sys.executable, "-m", "koonj", "apply", "--batch", "--yes", "--json", *where)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if b'"statement_started"' in line and NAMES[2].encode() in line:
                break
        process.kill()
    asleep = "FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"
    end = time.monotonic() + PATIENCE
    while project.sql(f"SELECT pg_terminate_backend(pid) {asleep}"):
        assert time.monotonic() < end
        await asyncio.sleep(0.01)
    assert (project.tables(), _rows(project)) == (set(), [])
    assert await project.states() == dict.fromkeys(NAMES, "pending")


@both_ways
async def test_retries_of_the_failed_file_repeat_all(project: Project, first: str) -> None:
    project.sql("CREATE TABLE busy ()")
    _write(project, first, t3="ALTER TABLE busy ADD a int;\nCREATE TABLE t3 ();\n")
    (project.path / NAMES[2]).write_text(
        "-- koonj: lock_timeout 50ms\n-- koonj: retries 2\n" + (project.path / NAMES[2]).read_text()
    )
    run = project.start(Direction.APPLY, extent=Extent.ALL, batch=True)
    with psycopg.connect(project.target.dsn) as other:
        other.execute("LOCK TABLE busy")
        end = await asyncio.wait_for(
            _follow(run, lambda event: other.rollback() if isinstance(event, Retrying) else None), PATIENCE
        )
    assert end.result is RunResult.DONE
    assert project.tables() == {*TABLES, "busy"}


async def test_locks_of_all_files_are_taken_first_and_nobody_waits_behind_them(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOONJ_REHEARSE", "1")
    project.write("001_t.sql", f"CREATE TABLE t (a int);\n{NONE}")
    await project.apply()
    project.write("002_new.sql", f"CREATE TABLE new (a int);\n{NONE}")
    project.write("003_new.sql", f"ALTER TABLE new ADD b int;\n{NONE}")
    project.write("004_t.sql", f"ALTER TABLE t ADD b int;\n{NONE}")
    run = project.start(Direction.APPLY, extent=Extent.ALL, batch=True, measure=True)
    started: list[MigrationStarted] = []
    with psycopg.connect(project.target.dsn) as reader:
        reader.execute("SELECT FROM t")

        def look(event: Event) -> None:
            if isinstance(event, MigrationStarted):
                started.append(event)
            if isinstance(event, Blocked) and not reader.closed:
                assert (event.lock.relation, event.lock.tries > 0) == ("public.t", True)
                assert not project.sql("SELECT FROM pg_locks WHERE NOT granted"), "it does not queue"
                assert project.sql("SELECT count(*) FROM t") == [(0,)]
                reader.close()

        end = await asyncio.wait_for(_follow(run, look), PATIENCE)
    assert end.result is RunResult.DONE
    assert [event.index for event in started] == [1, 2, 3], "each begins once"


async def test_plan_says_that_it_is_one_transaction(project: Project) -> None:
    _write(project)
    events = await _apply(project, plan_only=True)
    (made,) = events_of_kind(events, PlanMade)
    assert made.plan.batch
    assert made.plan.migrations[1].explanation == "in the transaction of the batch, 2 of 5"
    assert made.plan.notes[0].startswith("batch: 5 migrations in one transaction")
    assert project.tables() == set()


async def test_released_koonj_lock_is_taken_again(project: Project) -> None:
    _write(project, t2="SELECT pg_advisory_unlock_all();\nCREATE TABLE t2 ();\n")
    assert run_finished(await _apply(project)).result is RunResult.DONE
    assert project.tables() == TABLES


PARTS = (
    "CREATE TABLE a{n} (id int PRIMARY KEY, other int REFERENCES a{n} DEFERRABLE INITIALLY DEFERRED);\n"
    "INSERT INTO a{n} VALUES (1, 2), (2, 1);\n",
    "SET search_path TO s;\nCREATE TABLE b{n} (a int);\nCREATE VIEW v{n} AS SELECT * FROM b{n};\n",
    "CREATE TEMP TABLE x (a int);\nCREATE TABLE public.c{n} AS SELECT count(*) FROM x;\n",
    "SAVEPOINT s;\nCREATE TABLE gone{n} ();\nROLLBACK TO s;\nCREATE TABLE d{n} (id serial);\n",
    "CREATE TABLE e{n} (id int, t text);\nCOPY e{n} FROM stdin;\n1\tone\n\\.\nCREATE INDEX ON e{n} (t);\n",
    "SET LOCAL ROLE NONE;\nCREATE FUNCTION f{n}() RETURNS int LANGUAGE sql AS 'SELECT {n}';\n",
    "CREATE TYPE mood{n} AS ENUM ('a', 'b');\nCREATE TABLE g{n} (m mood{n} DEFAULT 'b');\n",
    "ALTER TABLE base ADD COLUMN c{n} int DEFAULT {n};\nUPDATE base SET c{n} = 2;\n",
    "SELECT nextval('numbers');\nCREATE TABLE h{n} AS SELECT last_value FROM numbers;\n",
)


@settings(max_examples=5)
@given(chosen=st.lists(st.sampled_from(PARTS), min_size=2, max_size=7))
def test_catalog_is_the_same_as_without_it(
    chosen: list[str], tmp_path_factory: pytest.TempPathFactory, make_database: Callable[[], str]
) -> None:
    folder = tmp_path_factory.mktemp("migrations")
    asyncio.run(_compare(chosen, folder, make_database(), make_database()))


async def _compare(chosen: list[str], folder: Path, *databases: str) -> None:
    for number, part in enumerate(chosen, start=1):
        text = f"BEGIN;\n{part.replace('{n}', str(number))}COMMIT;\n{NONE}"
        (folder / f"{number:03d}_x.sql").write_text(text)
    found: list[Catalog] = []
    async with Connector() as connector:
        for dsn, batch in zip(databases, (False, True), strict=True):
            one = Project(folder, Target("local", dsn), connector)
            one.sql(
                "CREATE SCHEMA s; CREATE TABLE base (id int); INSERT INTO base VALUES (1); CREATE SEQUENCE numbers"
            )
            assert run_finished(await one.apply(batch=batch)).result is RunResult.DONE
            async with await psycopg.AsyncConnection.connect(dsn) as conn:
                found.append(await read_catalog(conn))
    assert found[0] == found[1]
