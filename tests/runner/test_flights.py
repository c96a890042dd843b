"""Tests of flights: migrations that are sent together commit one after the other, and each is reported exactly."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from time import monotonic
from typing import Any

import psycopg
import pytest

from koonj.postgres.flight import Flight, Landed, Message
from koonj.runner.apply import flight_queue
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import (
    MigrationFinished,
    MigrationStarted,
    Notice,
    RunResult,
    StatementFinished,
    StatementStarted,
)
from koonj.runner.run.request import Extent
from support import gate
from support.counting_proxy import counting_proxy
from support.project import PATIENCE, Project, events_of_kind, open_gate_after, run_finished

NONE = "-- Rollback: none: test\n"
LONG = "x" * 70


def _write(project: Project, *bodies: str) -> list[str]:
    names = [f"{number:03d}_m.sql" for number in range(1, len(bodies) + 1)]
    for name, body in zip(names, bodies, strict=True):
        project.write(name, f"{body}\n{NONE}")
    return names


@pytest.mark.usefixtures("no_watch")
async def test_migrations_cost_few_round_trips_together(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight_queue, "SLOW", 600.0)
    project.table(1)
    await project.apply()
    trips = {}
    for number in (1, 15, 40):
        last = max((int(name[:3]) for name in await project.states()), default=0)
        for new in range(last + 1, last + 1 + number):
            project.table(new)
        real = project.target
        with counting_proxy(real.dsn, client=asyncio.get_running_loop()) as proxy:
            project.target = replace(real, dsn=proxy.dsn)
            end = run_finished(await project.apply())
            project.target = real
            assert len(end.committed) == number
            trips[number] = proxy.round_trips
    assert trips[15] <= trips[1] + 1, trips
    assert trips[40] <= trips[1] + 6, trips


async def test_events_are_in_the_order_of_the_server(project: Project) -> None:
    first, second = _write(
        project,
        "DO $$ BEGIN RAISE NOTICE 'one'; END $$;\nSELECT 1;\nDO $$ BEGIN RAISE NOTICE 'three'; END $$;",
        "DO $$ BEGIN RAISE NOTICE 'other'; END $$;",
    )
    kinds = (MigrationStarted, StatementStarted, Notice, StatementFinished, MigrationFinished)
    told = [
        (type(event).__name__, event.name, getattr(event, "index", None) or getattr(event, "message", None))
        for event in await project.apply()
        if isinstance(event, kinds)
    ]
    assert told == [
        ("MigrationStarted", first, 1),
        ("StatementStarted", first, 1),
        ("Notice", first, "one"),
        ("StatementFinished", first, 1),
        ("StatementStarted", first, 2),
        ("StatementFinished", first, 2),
        ("StatementStarted", first, 3),
        ("Notice", first, "three"),
        ("StatementFinished", first, 3),
        ("MigrationFinished", first, None),
        ("MigrationStarted", second, 2),
        ("StatementStarted", second, 1),
        ("Notice", second, "other"),
        ("StatementFinished", second, 1),
        ("MigrationFinished", second, None),
    ]


async def test_notice_of_a_long_name_belongs_to_its_statement(project: Project) -> None:
    """The server cuts the name when it reads the statement, before it begins it."""
    (name,) = _write(project, f"CREATE TABLE a ();\nCREATE TABLE {LONG} ();\nCREATE TABLE b ();")
    events = await project.apply()
    place = next(k for k, event in enumerate(events) if isinstance(event, Notice))
    begun = [event.index for event in events[:place] if isinstance(event, StatementStarted)]
    ended = [event.index for event in events[:place] if isinstance(event, StatementFinished)]
    assert (begun, ended) == ([1, 2], [1])
    assert [event.name for event in events_of_kind(events, Notice)] == [name]


async def test_first_statement_is_reported_when_it_begins(project: Project) -> None:
    project.sql(gate.CLOSE)
    names = _write(project, "SELECT 1;", gate.wait_at(1), f"/* {LONG} */ {gate.wait_at(2)}")
    begun = []
    async with asyncio.timeout(PATIENCE):  # a statement that is reported later waits for ever
        async for event in project.start(Direction.APPLY, extent=Extent.ALL).events():
            if isinstance(event, StatementStarted):
                begun.append(event.name)
                project.sql(gate.open_one(len(begun) - 1))
    assert begun == names


async def test_slow_statement_has_its_own_time(project: Project) -> None:
    project.sql(gate.CLOSE)
    _write(project, f"SELECT 1;\n{gate.wait_at()}\nSELECT 2;", "SELECT 3;")
    whole, events = await open_gate_after(project, 2, 0.3)
    started = {(e.name, e.index): e.at for e in events_of_kind(events, StatementStarted)}
    ended = {(e.name, e.index): e for e in events_of_kind(events, StatementFinished)}
    assert ended["001_m.sql", 2].seconds >= 0.3
    assert (ended["001_m.sql", 2].at - started["001_m.sql", 2]).total_seconds() >= 0.29  # other clocks
    assert sum(event.seconds for event in ended.values()) <= whole  # no time is counted twice


async def test_failure_in_a_flight_skips_all_that_was_sent_behind_it(project: Project) -> None:
    names = _write(
        project,
        "CREATE TABLE a ();",
        "CREATE TABLE b ();\n\nSELECT 1 / 0 AS x;\nCREATE TABLE c ();",
        "CREATE TABLE d ();",
        "CREATE TABLE e ();",
    )
    end = run_finished(await project.apply())
    assert (end.result, end.committed, end.not_run) == (RunResult.FAILED, (names[0],), tuple(names[2:]))
    assert end.failure is not None
    assert (end.failure.name, end.failure.statement, end.failure.line) == (names[1], 2, 3)
    assert project.tables() == {"a"}
    assert list((await project.states()).values()) == ["applied", "failed", "pending", "pending"]


async def test_position_of_an_error_is_that_in_the_file(project: Project) -> None:
    _write(project, "CREATE TABLE a ();\nSELECT\n  missing FROM a;")
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert (failure.line, failure.column, failure.sqlstate) == (3, 3, "42703")


async def test_a_deferred_constraint_fails_at_the_end_of_its_file(project: Project) -> None:
    names = _write(
        project,
        "CREATE TABLE a (id int PRIMARY KEY, up int REFERENCES a DEFERRABLE INITIALLY DEFERRED);",
        "BEGIN;\nINSERT INTO a VALUES (1, 2);\nCOMMIT;",
        "CREATE TABLE b ();",
    )
    end = run_finished(await project.apply())
    assert end.failure is not None
    assert (end.failure.name, end.failure.sqlstate, end.failure.line) == (names[1], "23503", 3)
    assert end.committed == (names[0],)
    assert project.tables() == {"a"}


async def test_nothing_of_a_file_is_left_in_the_session_for_the_next_one(project: Project) -> None:
    _write(
        project,
        "CREATE SCHEMA s;\nSET search_path TO s;\nCREATE TEMP TABLE t ();\nPREPARE p AS SELECT 1;\n"
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1;\nSET statement_timeout TO 1;\nSET role TO pg_monitor;\nRESET role;\n"
        "SET statement_timeout TO '1min';\nLISTEN news;\nSET my.value TO 'kept';",
        "CREATE TABLE found AS SELECT current_schema() AS schema, current_setting('statement_timeout') AS timeout,"
        " nullif(current_setting('my.value', true), '') AS value, current_user = session_user AS role,"
        " (SELECT count(*) FROM pg_prepared_statements) AS prepared, (SELECT count(*) FROM pg_cursors WHERE name <> '') AS cursors,"
        " (SELECT count(*) FROM pg_listening_channels()) AS channels, to_regclass('pg_temp.t') AS temp;",
    )
    await project.apply()
    assert project.sql("SELECT * FROM found") == [("public", "0", None, True, 0, 0, 0, None)]


async def test_isolation_level_of_a_file_is_kept_behind_another_one(project: Project) -> None:
    look = "CREATE TABLE {} AS SELECT current_setting('transaction_isolation') AS level;"
    _write(
        project,
        look.format("a"),
        f"BEGIN ISOLATION LEVEL SERIALIZABLE;\n{look.format('b')}\nCOMMIT;",
        f"BEGIN;\nSET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\n{look.format('c')}\nCOMMIT;",
        look.format("d"),
    )
    assert run_finished(await project.apply()).result is RunResult.DONE
    levels = [project.sql(f"SELECT level FROM {table}")[0][0] for table in "abcd"]
    assert levels == ["read committed", "serializable", "repeatable read", "read committed"]


@pytest.mark.parametrize(
    "body",
    [
        "CREATE TABLE a (n int);\nCOPY a FROM stdin;\n1\n2\n\\.",
        "CREATE TABLE a (n int)\\; INSERT INTO a VALUES (1), (2);",
        "SET client_encoding TO 'UTF8';\nCREATE TABLE a (n int);\nINSERT INTO a VALUES (1), (2);",
    ],
    ids=["copy in", "joined", "client_encoding"],
)
async def test_files_that_cannot_fly_run_between_those_that_can(project: Project, body: str) -> None:
    names = _write(project, "CREATE TABLE x ();", body, "CREATE TABLE y ();")
    events = await project.apply()
    assert run_finished(events).committed == tuple(names), run_finished(events)
    assert [(e.name, e.index) for e in events_of_kind(events, MigrationStarted)] == list(
        zip(names, (1, 2, 3), strict=True)
    )
    assert project.sql("SELECT n FROM a ORDER BY n") == [(1,), (2,)]


async def test_a_file_that_keeps_its_own_row_out_of_the_history_fails(project: Project) -> None:
    names = _write(
        project,
        "CREATE TABLE a ();",
        "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';\n"
        "CREATE TRIGGER skip BEFORE INSERT ON koonj.history FOR EACH ROW EXECUTE FUNCTION skip();",
        "CREATE TABLE b ();",
    )
    end = run_finished(await project.apply())
    assert (end.result, end.committed) == (RunResult.FAILED, (names[0],))
    assert end.failure is not None
    assert "accepted no row" in end.failure.message
    assert project.tables() == {"a"}
    assert project.sql("SELECT count(*) FROM pg_trigger WHERE tgname = 'skip'") == [(0,)]


async def test_a_file_that_releases_the_lock_runs_and_the_next_ones_too(project: Project) -> None:
    names = _write(
        project,
        "CREATE TABLE a ();",
        "SELECT pg_advisory_unlock_all();\nCREATE TABLE b ();",
        "CREATE TABLE c ();",
    )
    events = await project.apply()
    assert run_finished(events).committed == tuple(names)
    assert [event.name for event in events_of_kind(events, MigrationStarted)] == names
    assert [entry.outcome.value for entry in await project.entries()] == ["done"] * 3
    assert not events_of_kind(events, Notice)


async def test_text_is_not_stored_in_an_encoding_that_hidden_code_has_set(project: Project) -> None:
    hidden = "set_config('client' || '_encoding', 'LATIN1', false)"
    names = _write(project, "CREATE TABLE x ();", f"SELECT {hidden};\nCREATE TABLE a AS SELECT 'é' AS v;")
    end = run_finished(await project.apply())
    assert end.failure is not None
    assert (end.committed, end.failure.name, end.failure.statement) == ((names[0],), names[1], 2)
    assert "client_encoding is LATIN1" in end.failure.message
    assert project.tables() == {"x"}


async def test_quotes_that_hidden_code_changes_hide_no_commit(project: Project) -> None:
    hidden = "set_config('standard_conforming' || '_strings', 'off', false)"
    text = "CREATE TABLE a AS SELECT 'x\\' AS v, '; COMMIT; CREATE TABLE b (); --' AS w;"
    _write(project, f"SELECT {hidden};\n{text}\nSELECT 1 / 0;")
    assert run_finished(await project.apply()).failure is not None
    assert project.tables() == set()


async def test_each_migration_starts_when_the_one_before_it_has_ended(project: Project) -> None:
    _write(project, "SELECT pg_sleep(0.2);", "CREATE TABLE a ();", "CREATE TABLE b ();")
    await project.apply()
    times = project.sql("SELECT started, finished FROM koonj.history ORDER BY id")
    assert all(start <= end for start, end in times)
    assert all(before[1] <= after[0] for before, after in pairwise(times))


async def _bursts(project: Project) -> list[int]:
    """Apply, and return how many migrations were sent in each round trip."""
    real = project.target
    with counting_proxy(real.dsn, client=asyncio.get_running_loop()) as proxy:
        project.target = replace(real, dsn=proxy.dsn)
        await project.apply()
        project.target = real
        sent = [sum(text.startswith("CREATE TABLE t") for text in texts) for texts in proxy.asked]
    return [number for number in sent if number]


async def test_behind_a_slow_migration_they_go_one_at_a_time(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight_queue, "MOST", 4)
    monkeypatch.setattr(flight_queue, "SLOW", 0.0)
    _write(project, *[f"CREATE TABLE t{number} ();" for number in range(8)])
    assert await _bursts(project) == [4, 1, 1, 1, 1]


async def test_each_one_is_reported_as_started_when_they_go_one_at_a_time(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight_queue, "MOST", 2)
    monkeypatch.setattr(flight_queue, "SLOW", 0.0)
    names = _write(project, *["SELECT pg_sleep(0.3);"] * 5)
    kinds = (MigrationStarted, StatementStarted, MigrationFinished)
    start = monotonic()
    seen = [event for event in await project.apply() if isinstance(event, kinds)]
    whole = monotonic() - start
    assert [(type(event), event.name) for event in seen] == [(k, name) for name in names for k in kinds]
    took = [event.seconds for event in seen if isinstance(event, MigrationFinished)]
    assert sum(took) <= whole  # each one has its own time, not the time since the first


async def test_large_files_are_not_all_sent_at_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    send = Flight.send

    def record(flight: Flight[Any, Any], message: Message[Any]) -> None:
        send(flight, message)
        sizes.append(flight.unanswered_bytes)

    monkeypatch.setattr(flight_queue, "MOST_BYTES", 50_000)
    monkeypatch.setattr(Flight, "send", record)
    names = _write(project, *[f"CREATE TABLE t{number} (); -- {'x' * 20_000}" for number in range(10)])
    assert run_finished(await project.apply()).committed == tuple(names)
    assert 50_000 < max(sizes) < 50_000 + 30_000


async def test_a_failed_migration_starts_when_the_one_before_it_has_ended(project: Project) -> None:
    _write(project, "SELECT pg_sleep(0.3);", "SELECT 1 / 0;")
    await project.apply()
    ((before, failed),) = project.sql(
        "SELECT a.finished, b.started FROM koonj.history AS a, koonj.history AS b"
        " WHERE a.outcome = 'done' AND b.outcome = 'failed'"
    )
    assert (before - failed).total_seconds() < 0.15


async def test_cancel_tells_exactly_what_is_committed(project: Project) -> None:
    names = _write(
        project,
        "CREATE TABLE a ();",
        "CREATE TABLE b ();\nSELECT pg_sleep(60);",
        "CREATE TABLE c ();",
        "CREATE TABLE d ();",
    )
    run = project.start(Direction.APPLY, extent=Extent.ALL)
    events = []
    async with asyncio.timeout(PATIENCE):
        async for event in run.events():
            events.append(event)
            if isinstance(event, StatementStarted) and event.summary.startswith("select pg_sleep"):
                asyncio.get_running_loop().call_later(0.05, lambda: asyncio.ensure_future(run.cancel()))
    end = run_finished(events)
    assert (end.result, end.committed, end.not_run) == (RunResult.CANCELLED, (names[0],), tuple(names[2:]))
    assert project.tables() == {"a"}
    assert list((await project.states()).values()) == ["applied", "failed", "pending", "pending"]


async def test_a_run_that_is_given_up_leaves_nothing_behind_on_the_server(project: Project) -> None:
    _write(project, "CREATE TABLE a ();\nSELECT pg_sleep(60);", "CREATE TABLE b ();")
    run = project.start(Direction.APPLY, extent=Extent.ALL)

    async def watch() -> None:
        async for event in run.events():
            if isinstance(event, StatementStarted) and event.index == 2:
                sleeping.set()

    sleeping = asyncio.Event()
    task = asyncio.create_task(watch())
    await asyncio.wait_for(sleeping.wait(), PATIENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, PATIENCE)
    own = "SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^koonj [0-9a-f]+ ' AND datname = current_database()"
    async with asyncio.timeout(PATIENCE):
        while project.sql(own) != [(0,)]:
            await asyncio.sleep(0.05)
    assert project.tables() == set()


@pytest.mark.parametrize("more", [False, True], ids=["the last flight", "more to run"])
async def test_line_lost_behind_the_last_commit_of_a_flight(
    project: Project, monkeypatch: pytest.MonkeyPatch, more: bool
) -> None:
    after = Flight.next

    async def lose(flight: Flight[Any, Any]) -> object:
        item = await after(flight)
        if isinstance(item, Landed):
            flight._conn.pgconn.finish()
            raise psycopg.OperationalError("lost")
        return item

    names = _write(project, "CREATE TABLE a ();", *(["CREATE TABLE b ();\nVACUUM a;"] * more))
    monkeypatch.setattr(Flight, "next", lose)
    end = run_finished(await project.apply())
    assert end.result is (RunResult.FAILED if more else RunResult.DONE)
    assert (end.committed, end.not_run) == ((names[0],), tuple(names[1:]))
    assert not more or "lost after the last commit" in end.message


async def test_flight_that_libpq_refuses_is_an_error_of_the_target(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example behind the last COMMIT: then no migration is on its way that could have failed."""
    after = Flight.next

    async def refuse(flight: Flight[Any, Any]) -> object:
        item = await after(flight)
        if isinstance(item, Landed):
            raise psycopg.InternalError("not possible now")
        return item

    names = _write(project, "CREATE TABLE a ();")
    monkeypatch.setattr(Flight, "next", refuse)
    end = run_finished(await project.apply())
    assert (end.result, end.committed, end.not_run) == (RunResult.FAILED, tuple(names), ())
    assert end.failure is not None
    assert (end.failure.name, end.failure.message) == ("", "local: not possible now")


async def test_large_files_and_results_pass_in_one_flight(project: Project) -> None:
    """Client and server must not wait for each other with full buffers."""
    text = "x" * 300_000
    names = _write(
        project, *[f"CREATE TABLE t{n} AS SELECT '{text}' AS v;\nSELECT * FROM t{n};" for n in range(8)]
    )
    end = run_finished(await asyncio.wait_for(project.apply(), 60))
    assert end.committed == tuple(names)


async def test_a_session_that_ends_in_a_flight_leaves_what_the_history_says(project: Project) -> None:
    names = _write(
        project, "CREATE TABLE a ();", "CREATE TABLE b ();\nSELECT pg_sleep(60);", "CREATE TABLE c ();"
    )
    run = project.start(Direction.APPLY, extent=Extent.ALL)
    events = []
    async with asyncio.timeout(30):
        async for event in run.events():
            events.append(event)
            if isinstance(event, StatementStarted) and event.summary.startswith("select pg_sleep"):
                with psycopg.connect(project.target.dsn, autocommit=True) as other:
                    other.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE application_name ~ '^koonj [0-9a-f]+ ' AND datname = current_database()"
                    )
    end = run_finished(events)
    assert (end.result, end.committed, end.not_run) == (RunResult.FAILED, (names[0],), (names[2],))
    assert end.failure is not None
    assert (end.failure.name, end.failure.statement) == (names[1], 2)
    assert "This run committed no part of 002_m.sql" in end.failure.target_state
    assert project.tables() == {"a"}
