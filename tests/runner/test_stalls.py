"""How long a migration queues for locks that are not taken before it, and how often it tries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace

import psycopg
import pytest

from koonj.runner.apply import lock_tries, statement_watch
from koonj.runner.impact.plan_wording import lock_limits
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, PlanMade, Retrying, RunResult
from koonj.runner.run.lock_events import Blocked, TimedTry, TryReason
from koonj.runner.run.lock_wait_wording import try_words, wait_words
from koonj.runner.run.request import Extent
from support.project import Project, events_of_kind, run_finished

PATIENCE = 60
NONE = "-- Rollback: none: test\n"


@pytest.fixture
def reader(project: Project) -> Iterator[psycopg.Connection]:
    """A transaction that has read table t."""
    project.sql("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    project.sql("ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0) NOT VALID")
    with psycopg.connect(project.target.dsn, application_name="report") as conn:
        conn.execute("SELECT a FROM t")
        yield conn
        conn.rollback()


async def _apply(project: Project, then: Callable[[Blocked], object], **options: object) -> list[Event]:
    events: list[Event] = []
    async with asyncio.timeout(PATIENCE):
        async for event in project.start(Direction.APPLY, extent=Extent.ALL, **options).events():
            events.append(event)
            if isinstance(event, Blocked):
                then(event)
    return events


@pytest.mark.parametrize(
    ("settings", "target", "words"),
    [
        ("", {}, "max_stall 500ms, lock_wait 10min"),
        ("", {"max_stall": "200ms", "lock_wait": "1min"}, "max_stall 200ms, lock_wait 1min"),
        ("", {"lock_timeout": "100ms"}, "lock_timeout 100ms, lock_wait 10min"),
        ("", {"lock_timeout": "0"}, "max_stall 500ms, lock_wait 10min"),
        ("-- koonj: max_stall 2s\n", {"max_stall": "200ms"}, "max_stall 2s, lock_wait 10min"),
        ("-- koonj: max_stall 1s, lock_timeout 3s\n", {}, "lock_timeout 3s, lock_wait 3s"),
        ("-- koonj: lock_timeout 0\n", {}, "no lock_timeout"),
    ],
)
async def test_the_plan_shows_the_limits(
    project: Project, settings: str, target: dict[str, str], words: str
) -> None:
    project.write("001_t.sql", f"{settings}ALTER TABLE t ADD b int;\n")
    project.target = replace(project.target, **target)  # type: ignore[arg-type]
    (plan,) = events_of_kind(await project.apply(plan_only=True), PlanMade)
    assert lock_limits(plan.plan.migrations[0]) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CREATE INDEX CONCURRENTLY i ON t (a);\n", "no lock_timeout"),
        ("ALTER TABLE t VALIDATE CONSTRAINT c;\n", "no lock_timeout"),
        ("ALTER TABLE t VALIDATE CONSTRAINT c, ADD b int;\n", "max_stall 500ms, lock_wait 10min"),
        ("DROP INDEX CONCURRENTLY i;\nALTER TABLE t ADD b int;\n", "max_stall 500ms, lock_wait 10min"),
        ("UPDATE t SET a = 2;\n", "lock_timeout 5s, lock_wait 10min"),
        ("ALTER TABLE t ADD b int;\nUPDATE t SET b = 2;\n", "max_stall 500ms, lock_wait 10min"),
    ],
)
async def test_the_limit_depends_on_who_would_wait(project: Project, text: str, words: str) -> None:
    project.write("001_t.sql", text)
    (plan,) = events_of_kind(await project.apply(plan_only=True), PlanMade)
    assert lock_limits(plan.plan.migrations[0]) == words


ALTER = "ALTER TABLE t ADD b int;\n"
_WAYS = {
    "flight": ALTER,
    "copy": f"CREATE TABLE u (a int);\nCOPY u FROM stdin;\n1\n\\.\n{ALTER}",
    "block": f"SELECT 1;\nVACUUM u0;\nBEGIN;\n{ALTER}COMMIT;\n",
    "separate": f"VACUUM u0;\n{ALTER}",
    "refused": "VACUUM FULL t;\n",
}


@pytest.mark.parametrize("way", _WAYS)
async def test_a_lock_that_is_not_known_is_tried_again_until_it_is_free(
    project: Project, reader: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(lock_tries, "SHARE", 1)
    project.sql("CREATE TABLE u0 (a int)")
    project.target = replace(project.target, max_stall="600ms")
    project.write("001_change.sql", _WAYS[way] + NONE)

    def release(event: Blocked) -> None:
        if event.lock.tries > 1:
            reader.rollback()

    events = await _apply(project, release)
    assert run_finished(events).result is RunResult.DONE
    blocked = events_of_kind(events, Blocked)
    assert {(event.queues, event.budget) for event in blocked} == {(0.6, 600)}
    assert "queueing for at most 0.60 s at a time, " in wait_words(blocked[-1], 0)
    assert blocked[-1].lock.tries >= 2
    assert blocked[-1].lock.longest >= 0.6
    assert len({event.statement for event in blocked}) == 1
    again = events_of_kind(events, TimedTry)
    assert [event.number for event in again] == list(range(2, len(again) + 2))
    assert {(event.seconds, event.reason) for event in again} == {(0.6, TryReason.AGAIN)}
    assert try_words(again[0]) == "try 2 queues for at most 0.60 s; what was rolled back runs again"
    assert not events_of_kind(events, Retrying)
    assert len(project.sql("SELECT FROM koonj.history WHERE outcome = 'done'")) == 1
    assert not project.sql("SELECT FROM pg_stat_activity WHERE application_name = 'koonj watch'")


async def test_a_batch_is_tried_again_as_a_whole(
    project: Project, reader: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_tries, "SHARE", 1)
    project.target = replace(project.target, max_stall="600ms")
    project.write("001_u.sql", f"CREATE TABLE u (a int);\n{NONE}")
    project.write("002_change.sql", ALTER + NONE)
    seen: list[set[str]] = []

    def release(event: Blocked) -> None:
        if event.lock.tries > 1:
            seen.append(project.tables())
            reader.rollback()

    events = await _apply(project, release, batch=True)
    assert run_finished(events).committed == ("001_u.sql", "002_change.sql")
    assert seen[0] == {"t"}
    assert {event.reason for event in events_of_kind(events, TimedTry)} == {TryReason.AGAIN}


@pytest.mark.parametrize("way", _WAYS)
async def test_lock_wait_limits_the_tries_of_a_statement(
    project: Project, reader: psycopg.Connection, way: str
) -> None:
    project.sql("CREATE TABLE u0 (a int)")
    project.target = replace(project.target, max_stall="30ms", lock_wait="400ms")
    project.write("001_change.sql", _WAYS[way] + NONE)
    failure = run_finished(await _apply(project, lambda _: None)).failure
    assert failure is not None
    assert failure.sqlstate == "55P03"
    assert project.sql("SELECT outcome FROM koonj.history ORDER BY id DESC LIMIT 1") == [("failed",)]


@pytest.mark.parametrize(
    "text",
    [
        "LOCK TABLE t IN ACCESS EXCLUSIVE MODE NOWAIT;\n",
        "DO $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '55P03'; END $$;\n",
        f"SET LOCAL lock_timeout = '20ms';\n{ALTER}",
        f"-- koonj: lock_timeout 20ms\n{ALTER}",
    ],
)
async def test_a_file_that_limits_the_wait_itself_is_not_tried_again(
    project: Project, reader: psycopg.Connection, text: str
) -> None:
    project.write("001_change.sql", text + NONE)
    events = await _apply(project, lambda _: None)
    failure = run_finished(events).failure
    assert failure is not None
    assert failure.sqlstate == "55P03"
    assert not events_of_kind(events, TimedTry)


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE t ADD COLUMN n int -- lock_timeout and NOWAIT are only words\n;\n",
        "ALTER TABLE t ADD COLUMN n text DEFAULT 'SET lock_timeout = 1; LOCK TABLE t NOWAIT';\n",
        "ALTER TABLE t ADD COLUMN lock_timeout int, ADD COLUMN nowait int;\n",
    ],
)
async def test_a_word_in_a_text_does_not_limit_the_wait(
    project: Project, reader: psycopg.Connection, text: str
) -> None:
    """The statement is tried again, as without the word."""
    project.target = replace(project.target, max_stall="30ms", lock_wait="200ms")
    project.write("001_change.sql", text + NONE)
    events = await _apply(project, lambda _: None)
    failure = run_finished(events).failure
    assert failure is not None
    assert failure.sqlstate == "55P03"
    assert events_of_kind(events, TimedTry)


async def test_a_wait_between_two_tries_can_be_cancelled(
    project: Project, reader: psycopg.Connection
) -> None:
    project.target = replace(project.target, max_stall="600ms")
    for name, text in {
        "001_a.sql": "SELECT 1;\n",
        "002_b.sql": f"VACUUM t;\nBEGIN;\n{ALTER}COMMIT;\n",
    }.items():
        project.write(name, text + NONE)
    run, events = project.start(Direction.APPLY, extent=Extent.ALL), []
    async with asyncio.timeout(PATIENCE):
        async for event in run.events():
            events.append(event)
            if isinstance(event, Blocked) and event.lock.tries > 1:
                await run.cancel()
    assert run_finished(events).result is RunResult.CANCELLED
    (row,) = project.sql("SELECT statements_done FROM koonj.history WHERE name = '002_b.sql'")
    assert row == (1,)


_PATIENT = {
    "create": ("", "CREATE INDEX CONCURRENTLY i ON t (a);\n"),
    "drop": ("CREATE INDEX i ON t (a);", "DROP INDEX CONCURRENTLY i;\n"),
    "reindex": ("CREATE INDEX i ON t (a);", "REINDEX INDEX CONCURRENTLY i;\n"),
    "detach": (
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY;\n",
    ),
    "validate": ("", "ALTER TABLE t VALIDATE CONSTRAINT positive;\n"),
    "validate, separate": ("", "VACUUM u0;\nALTER TABLE t VALIDATE CONSTRAINT positive;\n"),
}


@pytest.mark.parametrize("kind", _PATIENT)
async def test_concurrently_and_validate_wait_without_limit(
    project: Project, reader: psycopg.Connection, kind: str
) -> None:
    """Also if the server has limits for every session: a timeout would leave an INVALID index."""
    before, text = _PATIENT[kind]
    reader.rollback()
    project.sql(f"CREATE TABLE u0 (a int); {before}")
    (name,) = project.sql("SELECT current_database()")[0]
    for setting in ("lock_timeout", "statement_timeout"):
        project.sql(f"ALTER DATABASE \"{name}\" SET {setting} = '300ms'")
    project.target = replace(project.target, max_stall="50ms", lock_timeout="50ms", lock_wait="50ms")
    project.write("001_wait.sql", text + NONE)
    table = "p" if kind == "detach" else "t"
    reader.execute("SET lock_timeout = 0; SET statement_timeout = 0")
    reader.execute(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE".encode())
    releasing: list[asyncio.TimerHandle] = []

    def release(_: Blocked) -> None:
        # Longer than every limit that there is.
        releasing.append(asyncio.get_running_loop().call_later(0.4, reader.rollback))

    events = await _apply(project, release)
    assert run_finished(events).result is RunResult.DONE
    blocked = events_of_kind(events, Blocked)[0]
    assert (blocked.queues, blocked.budget) == (None, None)
    assert releasing


async def test_the_sessions_behind_go_on_when_they_are_too_many(
    project: Project, reader: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_watch, "MOST_BEHIND", 2)
    project.write("001_change.sql", "-- koonj: lock_timeout 50s\n" + ALTER + NONE)
    events: list[Event] = []
    waiting: list[asyncio.Task[object]] = []
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE):
        async for event in project.start(Direction.APPLY, extent=Extent.ALL).events():
            events.append(event)
            if isinstance(event, Blocked) and not waiting:
                for _ in range(3):
                    conn = await psycopg.AsyncConnection.connect(project.target.dsn)
                    await stack.enter_async_context(conn)
                    waiting.append(asyncio.create_task(conn.execute("SELECT a FROM t")))
        await asyncio.gather(*waiting)
    failure = run_finished(events).failure
    assert failure is not None
    assert failure.message == (
        "koonj cancelled the statement while it waited for a lock, because 3 sessions waited behind it"
    )
    assert failure.next_steps[0] == ("Many sessions use what this needs. When fewer do, run: koonj apply")
    (row,) = project.sql("SELECT error FROM koonj.history WHERE outcome = 'failed'")
    assert row[0].startswith(failure.message)


async def test_a_build_is_not_cancelled_for_those_behind_it(
    project: Project, reader: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_watch, "MOST_BEHIND", -1)
    monkeypatch.setattr(statement_watch, "REPEAT", 0.05)
    project.write("001_index.sql", "CREATE INDEX CONCURRENTLY i ON t (a);\n" + NONE)
    reader.execute("UPDATE t SET a = 2")

    def release(_: Blocked) -> None:
        asyncio.get_running_loop().call_later(0.3, reader.rollback)

    assert run_finished(await _apply(project, release)).result is RunResult.DONE
