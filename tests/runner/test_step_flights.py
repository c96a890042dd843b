"""Tests of flights of steps: blocks and statements that commit separately go together, each with its count."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from koonj.postgres.flight import Flight, Landed
from koonj.runner.apply import flight_queue
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import (
    Event,
    MigrationFinished,
    Notice,
    RunFinished,
    RunResult,
    StatementFinished,
    StatementStarted,
)
from koonj.runner.run.run import Run
from support import gate
from support.counting_proxy import counting_proxy
from support.project import PATIENCE, Project, events_of_kind, open_gate_after, run_finished

NONE = "-- Rollback: none: test\n"
NAME = "001_steps.sql"
LONG = "x" * 70
BLOCKS = "BEGIN;\nCREATE TABLE a ();\nCREATE TABLE b ();\nCOMMIT;\nBEGIN;\nCREATE TABLE c ();\nCOMMIT;\n"


pytestmark = pytest.mark.usefixtures("no_watch")


def _write(project: Project, text: str) -> None:
    project.write(NAME, text + NONE)


def _separate(project: Project, *statements: str) -> None:
    """Write statements that commit separately: ANALYZE and VACUUM are only allowed so, the others may be."""
    _write(project, "".join(f"{statement};\n" for statement in (*statements, "VACUUM pg_am")))


async def _recorded(project: Project) -> tuple[str, int]:
    (entry,) = await project.entries()
    return entry.outcome.value, entry.statements_done


def _order(events: list[Event]) -> list[str]:
    """Return statements and notices in the order of their events, such as ``1 begins``."""
    found = []
    for event in events:
        if isinstance(event, Notice):
            found.append(event.message.partition(" ")[0])
        elif isinstance(event, (StatementStarted, StatementFinished)):
            found.append(f"{event.index} {'begins' if isinstance(event, StatementStarted) else 'ends'}")
    return found


async def _round_trips(project: Project) -> int:
    """Apply, and return how often koonj waited for an answer."""
    real = project.target
    with counting_proxy(real.dsn, client=asyncio.get_running_loop()) as proxy:
        project.target = replace(real, dsn=proxy.dsn)
        end = run_finished(await project.apply())
        project.target = real
        assert end.result is RunResult.DONE, end
        return proxy.round_trips


@pytest.mark.parametrize("number", [1, 5])
@pytest.mark.parametrize(
    "form", ["BEGIN;\nCREATE TABLE {0} ();\nSELECT 1;\nCOMMIT;\n", "CREATE TABLE {0} ();\n"]
)
async def test_all_steps_that_can_be_transactions_cost_one_round_trip(
    project: Project, form: str, number: int
) -> None:
    project.write("000_first.sql", f"CREATE TABLE first ();\nVACUUM first;\n{NONE}")
    await project.apply()
    alone = "BEGIN;\nSELECT 1;\nCOMMIT;\n" * 2
    project.write("001_least.sql", f"{alone}{NONE}")
    least = await _round_trips(project)
    project.write("002_more.sql", f"{alone}{''.join(form.format(f't{n}') for n in range(number))}{NONE}")
    assert await _round_trips(project) == least == 14


async def test_each_statement_outside_a_transaction_costs_seven_round_trips(project: Project) -> None:
    project.write("000_first.sql", f"CREATE TABLE first ();\nVACUUM first;\n{NONE}")
    await project.apply()
    project.write("001_one.sql", f"VACUUM first;\n{NONE}")
    one = await _round_trips(project)
    project.write("002_two.sql", f"VACUUM first;\nVACUUM first;\n{NONE}")
    assert await _round_trips(project) - one == 7


async def test_events_are_in_the_order_of_the_file(project: Project) -> None:
    say = "DO $$ BEGIN RAISE NOTICE '{}'; END $$"
    _separate(project, say.format("one"), f"CREATE TABLE {LONG} ()", say.format("two"), "SELECT 1")
    events = await project.apply()
    assert _order(events) == [
        "1 begins",
        "one",
        "1 ends",
        "2 begins",
        "identifier",
        "2 ends",
        "3 begins",
        "two",
        "3 ends",
        "4 begins",
        "4 ends",
        "5 begins",
        "5 ends",
    ]
    assert [type(event) for event in events[-2:]] == [MigrationFinished, RunFinished]


async def test_messages_of_koonjs_own_statements_are_not_reported(project: Project) -> None:
    _separate(project, "SET client_min_messages TO debug5", "CREATE TABLE a ()", "RESET client_min_messages")
    events = await project.apply()
    heard = [event.message for event in events_of_kind(events, Notice)]
    assert not [text for text in heard if "koonj" in text]
    assert run_finished(events).result is RunResult.DONE


async def test_slow_statement_has_its_own_time(project: Project) -> None:
    project.sql(gate.CLOSE)
    _separate(project, "SELECT 1", gate.wait_at().removesuffix(";"), "SELECT 2")
    whole, events = await open_gate_after(project, 2, 0.3)
    started = {event.index: event.at for event in events_of_kind(events, StatementStarted)}
    ended = {event.index: event for event in events_of_kind(events, StatementFinished)}
    assert ended[2].seconds >= 0.3
    assert (ended[2].at - started[2]).total_seconds() >= 0.29  # other clocks
    assert sum(event.seconds for event in ended.values()) <= whole  # no time is counted twice


@pytest.mark.parametrize("form", ["separate", "blocks"])
async def test_position_of_an_error_is_that_in_the_file_and_the_rest_is_skipped(
    project: Project, form: str
) -> None:
    text = {
        "separate": "CREATE TABLE a ();\nVACUUM a;\nSELECT 1;\nSELECT\n  missing FROM a;\nCREATE TABLE z ();\n",
        "blocks": (
            "BEGIN;CREATE TABLE a ();COMMIT;\nBEGIN;SELECT 1;SELECT 2;COMMIT;\nBEGIN;\n\n"
            "SELECT missing FROM a;CREATE TABLE z ();\nCOMMIT;\n"
        ),
    }[form]
    _write(project, text)
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    line, column = (5, 3) if form == "separate" else (5, 8)
    assert (failure.statement, failure.line, failure.column, failure.sqlstate) == (4, line, column, "42703")
    assert "missing" in failure.source_line
    assert len(failure.committed) == 3
    assert failure.target_state.startswith("3 of ")
    assert project.tables() == {"a"}
    assert await _recorded(project) == ("failed", 3)


async def test_a_block_that_fails_is_rolled_back_as_a_whole(project: Project) -> None:
    _write(project, f"{BLOCKS}BEGIN;\nCREATE TABLE d ();\nSELECT 1 / 0;\nCOMMIT;\n")
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert (failure.statement, len(failure.committed)) == (5, 3)
    assert project.tables() == {"a", "b", "c"}
    file = project.path / NAME
    file.write_text(file.read_text().replace("1 / 0", "1"))
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE
    assert [event.index for event in events_of_kind(events, StatementStarted)] == [4, 5]


async def test_settings_of_a_step_hold_for_the_next_ones(project: Project) -> None:
    _separate(
        project,
        "CREATE SCHEMA s",
        "SET search_path TO s",
        "CREATE TABLE here ()",
        "SET statement_timeout TO '17min'",
        "CREATE TABLE public.found AS SELECT current_setting('statement_timeout') AS timeout",
    )
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT to_regclass('s.here') IS NOT NULL, timeout FROM found") == [(True, "17min")]


@pytest.mark.parametrize(
    ("statement", "sqlstate"),
    [
        ("LOCK TABLE t", "25P01"),
        ("SAVEPOINT s", "25P01"),
        ("DECLARE c CURSOR FOR SELECT 1", "25P01"),
        ("SET LOCAL search_path TO s", None),
        ("SET CONSTRAINTS ALL DEFERRED", None),
    ],
)
async def test_what_needs_a_transaction_means_what_it_means_to_psql(
    project: Project, statement: str, sqlstate: str | None
) -> None:
    """Outside a transaction these fail, or a warning says that they have no effect."""
    project.sql("CREATE TABLE t (); CREATE SCHEMA s")
    _write(project, f"CREATE TABLE a ();\n{statement};\nCREATE TABLE b ();\nVACUUM t;\n")
    events = await project.apply()
    end = run_finished(events)
    if statement.startswith("SAVEPOINT"):
        assert end.result is RunResult.REFUSED, "koonj check reports it"
    elif sqlstate:
        assert end.failure is not None
        assert (end.failure.sqlstate, end.failure.statement) == (sqlstate, 2)
        assert project.tables() == {"a", "t"}
    else:
        assert end.result is RunResult.DONE
        assert [event.sqlstate for event in events_of_kind(events, Notice)] == ["25P01"]
        assert project.tables() == {"a", "b", "t"}


@pytest.mark.parametrize(
    "step",
    [
        "BEGIN;\nCOPY n FROM stdin;\n1\n2\n\\.\nCOMMIT;\n",
        "COPY n FROM stdin;\n1\n2\n\\.\n",
        "BEGIN;\nINSERT INTO n VALUES (1)\\; INSERT INTO n VALUES (2);\nCOMMIT;\n",
        "SET client_encoding TO 'UTF8';\nINSERT INTO n VALUES (1), (2);\n",
        "PREPARE p (int) AS INSERT INTO n VALUES ($1), (2);\nEXECUTE p (1);\n",
    ],
    ids=["block with copy", "copy", "joined", "client_encoding", "parameter"],
)
async def test_steps_that_cannot_fly_run_between_those_that_can(project: Project, step: str) -> None:
    project.sql("CREATE TABLE n (n int)")
    _write(project, f"{BLOCKS}{step}BEGIN;\nCREATE TABLE z ();\nCOMMIT;\n")
    events = await project.apply()
    end = run_finished(events)
    assert end.result is RunResult.DONE, end
    indexes = [event.index for event in events_of_kind(events, StatementStarted)]
    assert indexes == list(range(1, len(indexes) + 1))
    assert project.sql("SELECT n FROM n ORDER BY n") == [(1,), (2,)]
    assert project.tables() == {"a", "b", "c", "n", "z"}


@pytest.mark.parametrize(
    "text", ["SELECT $1;\n", "SELECT $1;\nVACUUM pg_am;\n"], ids=["one transaction", "steps"]
)
async def test_parameter_without_a_value_is_an_error_of_its_statement(project: Project, text: str) -> None:
    """A flight could ask for its value, which is an error of the protocol and not of the statement."""
    _write(project, text)
    failure = run_finished(await asyncio.wait_for(project.apply(), PATIENCE)).failure
    assert failure is not None
    assert (failure.sqlstate, failure.statement, failure.line, failure.column) == ("42P02", 1, 1, 8)
    assert await project.states() == {NAME: "failed"}


@pytest.mark.parametrize("sqlstate", ["08001", "08P01", "57P03"])
@pytest.mark.parametrize("text", ["", "VACUUM pg_am;\n"], ids=["one transaction", "steps"])
async def test_error_about_another_connection_does_not_mean_that_this_one_is_lost(
    project: Project, text: str, sqlstate: str
) -> None:
    """Such as one of dblink or postgres_fdw."""
    raising = f"DO $$ BEGIN RAISE EXCEPTION 'no way there' USING ERRCODE = '{sqlstate}'; END $$;\n"
    _write(project, f"CREATE TABLE a ();\n{raising}{text}")
    failure = run_finished(await asyncio.wait_for(project.apply(), PATIENCE)).failure
    assert failure is not None
    assert (failure.sqlstate, failure.statement) == (sqlstate, 2)
    assert "lost" not in failure.target_state
    assert await project.states() == {NAME: "failed"}


async def test_text_is_not_stored_in_an_encoding_that_an_earlier_step_has_set(project: Project) -> None:
    hidden = "SELECT set_config('client' || '_encoding', 'LATIN1', false)"
    _separate(project, "CREATE TABLE x ()", hidden, "CREATE TABLE a AS SELECT 'é' AS v")
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert (failure.statement, len(failure.committed)) == (3, 2)
    assert "client_encoding is LATIN1" in failure.message
    assert project.tables() == {"x"}


async def test_index_that_a_step_takes_for_done_is_not_counted(project: Project) -> None:
    project.sql("CREATE TABLE a (x int); INSERT INTO a VALUES (1), (1)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        project.sql("CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x)")
    project.write("000_other.sql", f"CREATE TABLE b ();\n{NONE}")
    _separate(project, "SELECT 1", "DO $$ BEGIN CREATE INDEX IF NOT EXISTS a_x ON a (x); END $$")
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert (failure.statement, failure.sqlstate, len(failure.committed)) == (2, "55000", 1)
    assert "INVALID" in failure.message


async def test_row_that_is_gone_is_an_error_and_commits_nothing(project: Project) -> None:
    _separate(project, "CREATE TABLE a ()", "DELETE FROM koonj.history", "CREATE TABLE b ()")
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert "accepted no change of a row: the row was deleted" in failure.message
    assert project.tables() == {"a"}


async def test_steps_of_a_session_that_ends_are_settled_by_what_is_recorded(project: Project) -> None:
    _separate(project, "CREATE TABLE a ()", "SELECT pg_sleep(60)", "CREATE TABLE b ()")
    run = project.start(Direction.APPLY)
    events = []
    async with asyncio.timeout(PATIENCE):
        async for event in run.events():
            events.append(event)
            if isinstance(event, StatementStarted) and event.index == 2:
                project.sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name LIKE 'koonj %' AND datname = current_database()"
                )
    failure = run_finished(events).failure
    assert failure is not None
    assert (failure.statement, failure.line, failure.sqlstate) == (2, 2, "57P01")
    assert failure.target_state.startswith("1 of 4 statements")
    assert project.tables() == {"a"}
    assert await _recorded(project) == ("failed", 1)


@pytest.mark.parametrize("more", ["", "VACUUM pg_am;\n"], ids=["one transaction", "steps"])
async def test_line_that_is_lost_is_told_at_the_statement_that_ran(project: Project, more: str) -> None:
    """The server says nothing: only the answers before show which statement it was."""
    _write(project, f"CREATE TABLE a ();\nSELECT\n  pg_sleep(60);\n{more}")
    run = project.start(Direction.APPLY)
    events = []
    async with asyncio.timeout(PATIENCE):
        async for event in run.events():
            events.append(event)
            if isinstance(event, StatementStarted) and event.index == 2:
                asyncio.get_running_loop().call_later(0.05, _cut, run)
    failure = run_finished(events).failure
    assert failure is not None
    assert (failure.statement, failure.line, failure.sqlstate) == (2, 2, None)
    assert project.tables() == ({"a"} if more else set())
    assert await project.states() == {NAME: "failed" if more else "pending"}


def _cut(run: Run) -> None:
    conn = run._control._conn
    assert conn is not None
    with socket.socket(fileno=os.dup(conn.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def procedure(project: Project) -> None:
    """A procedure that commits, and fails in a transaction."""
    project.sql("CREATE TABLE n (n int)")
    project.sql(
        "CREATE PROCEDURE fill() LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO n VALUES (1); COMMIT; INSERT INTO n VALUES (2); END $$"
    )


@pytest.mark.usefixtures("procedure")
async def test_statement_that_may_commit_goes_alone(project: Project) -> None:
    """The server skips what was sent behind it when it refuses the COMMIT."""
    _separate(project, "CREATE TABLE a ()", "CALL fill()", "CALL fill()", "CREATE TABLE b ()")
    real = project.target
    with counting_proxy(real.dsn, client=asyncio.get_running_loop()) as proxy:
        project.target = replace(real, dsn=proxy.dsn)
        assert run_finished(await project.apply()).result is RunResult.DONE
        sent = [[text for text in texts if text[:4] in ("CALL", "CREA")] for texts in proxy.asked]
    project.target = real
    flights = [texts for texts in sent if texts and texts[0].endswith(("();", "()"))]
    assert flights == [["CREATE TABLE a ();"], *[["CALL fill();"]] * 4, ["CREATE TABLE b ();"]]
    assert project.sql("SELECT n FROM n ORDER BY n") == [(1,), (1,), (2,), (2,)]


@pytest.mark.usefixtures("procedure")
async def test_commit_inside_a_block_of_the_file_is_an_error(project: Project) -> None:
    _write(project, f"{BLOCKS}BEGIN;\nCALL fill();\nCOMMIT;\n")
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert (failure.sqlstate, failure.statement, len(failure.committed)) == ("2D000", 4, 3)
    assert project.sql("SELECT FROM n") == []


async def test_cancel_tells_exactly_which_steps_are_committed(project: Project) -> None:
    _write(project, f"{BLOCKS}BEGIN;\nSELECT pg_sleep(60);\nCOMMIT;\n{BLOCKS.replace('TABLE ', 'TABLE x')}")
    run = project.start(Direction.APPLY)
    events = []
    async with asyncio.timeout(PATIENCE):
        async for event in run.events():
            events.append(event)
            if isinstance(event, StatementStarted) and event.index == 4:
                asyncio.get_running_loop().call_later(0.05, lambda: asyncio.ensure_future(run.cancel()))
    end = run_finished(events)
    assert end.result is RunResult.CANCELLED
    assert end.failure is not None
    assert (end.failure.statement, len(end.failure.committed)) == (4, 3)
    assert project.tables() == {"a", "b", "c"}
    assert await _recorded(project) == ("failed", 3)


async def test_flight_of_steps_that_libpq_refuses_is_a_failure_behind_what_is_committed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = Flight.next

    async def refuse(flight: Flight[Any, Any]) -> object:
        item = await after(flight)
        if isinstance(item, Landed):
            raise psycopg.InternalError("not possible now")
        return item

    _separate(project, "CREATE TABLE a ()")
    monkeypatch.setattr(Flight, "next", refuse)
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert (failure.message, len(failure.committed)) == ("not possible now", 1)
    assert await _recorded(project) == ("failed", 1)


async def test_flight_ends_at_a_failure_although_more_is_waiting(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight_queue, "MOST", 3)
    project.write("000_fails.sql", f"SELECT 1 / 0;\n{NONE}")
    names = [project.table(number) for number in range(1, 6)]
    end = run_finished(await asyncio.wait_for(project.apply(), PATIENCE))
    assert end.failure is not None
    assert end.not_run == tuple(names)


async def test_step_is_not_counted_in_an_entry_whose_end_is_recorded(project: Project) -> None:
    """Another run, to which this one has lost the koonj lock, has settled it."""
    end = "UPDATE koonj.history SET outcome = 'failed', finished = now()"
    _separate(project, "CREATE TABLE a ()", f"DO $$ BEGIN {end}; END $$", "CREATE TABLE b ()")
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert "accepted no change of a row" in failure.message
    assert project.tables() == {"a"}


async def test_session_that_ends_in_a_check_of_koonj_is_told_with_its_first_error(project: Project) -> None:
    """The check asks pg_index for what the DO block skipped; another session locks it."""
    hold = "DO $$ BEGIN WHILE NOT pg_try_advisory_lock(7) LOOP PERFORM pg_sleep(0.01); END LOOP; END $$"
    _separate(project, "CREATE TABLE a ()", hold)
    holds = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    find = "SELECT pid FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
    run = project.start(Direction.APPLY)
    events, dsn = [], project.target.dsn
    with psycopg.connect(dsn) as other, psycopg.connect(dsn, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(7), pg_advisory_lock(8)")
        holder.execute("SELECT pg_advisory_unlock(8)")  # the next one reads no catalog
        async for event in run.events():
            events.append(event)
            if isinstance(event, StatementStarted) and event.index == 2:
                while not holder.execute(holds).fetchall():
                    await asyncio.sleep(0.01)
                other.execute("LOCK TABLE pg_catalog.pg_index")
                holder.execute("SELECT pg_advisory_unlock(7)")
            if isinstance(event, StatementFinished) and event.index == 2:
                while not (found := other.execute(find, (other.info.backend_pid,)).fetchall()):
                    await asyncio.sleep(0.01)
                other.execute("SELECT pg_terminate_backend(%s, 5000)", found[0])
                other.rollback()
    failure = run_finished(events).failure
    assert failure is not None
    assert failure.sqlstate == "57P01"
    assert failure.target_state.startswith("1 of 3 statements")


@pytest.mark.parametrize("more", ["", "VACUUM pg_am;\n"], ids=["one transaction", "steps"])
async def test_file_that_changes_how_it_is_read_is_not_sent_at_once(project: Project, more: str) -> None:
    """koonj knows it before it sends anything, so no statement runs and is reported twice."""
    block = "BEGIN;\nSET client_encoding TO 'LATIN1';\nCREATE TABLE a AS SELECT 'é' AS v;\nCOMMIT;\n"
    _write(project, f"{block}{more}")
    events = await project.apply()
    failure = run_finished(events).failure
    assert failure is not None
    assert (failure.statement, failure.message[:25]) == (2, "client_encoding is LATIN1")
    assert [event.index for event in events_of_kind(events, StatementStarted)] == [1, 2]


async def test_block_has_a_lock_timeout_although_an_index_is_built_concurrently(project: Project) -> None:
    """The file does not contain the name of the setting: then it would be left to the file."""
    look = "CREATE TABLE {} AS SELECT current_setting('lock_' || 'timeout') AS value;\n"
    block = f"BEGIN;\n{look.format('inside')}COMMIT;\n"
    _write(project, f"{look.format('outside')}{block}CREATE INDEX CONCURRENTLY i ON inside (value);\n")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT o.value, i.value FROM outside AS o, inside AS i") == [("500ms", "500ms")]
