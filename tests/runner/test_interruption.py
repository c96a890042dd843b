"""Interrupted runs: koonj says what is known, continues by itself where that is proved, and asks where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from koonj.migrations.history_entry import Outcome
from koonj.migrations.states import State
from koonj.postgres import history
from koonj.postgres.advisory_lock import KEY
from koonj.postgres.history import NotWrittenError
from koonj.runner.apply.interrupted_entry import SettleError
from koonj.runner.evidence.interruption import Interruption
from koonj.runner.evidence.interruption_wording import interruption_lines
from koonj.runner.run.events import (
    InterruptionSettled,
    Notice,
    PlanMade,
    RunFinished,
    RunResult,
    StatementStarted,
)
from koonj.runner.run.planned import Plan
from koonj.runner.run.run import Run
from koonj.runner.settle import (
    InterruptedMigration,
    RunningError,
    Settlement,
    confirmed_settlement,
    movable_settlement,
    read_interrupted,
    settle,
)
from support.interruption import blocked_run, interrupt
from support.losing_proxy import Loss, losing_proxy
from support.project import Project, collect_events, events_of_kind, run_finished

NONE = "-- Rollback: none: test\n"
NAME = "001_steps.sql"


@pytest.fixture
def steps(project: Project) -> Callable[[str], None]:
    """Write a migration of three statements, not in one transaction: a table, the given one, and an index."""
    project.sql("CREATE TABLE a (x int, y int); INSERT INTO a VALUES (1, 1)")

    def write(statement: str) -> None:
        project.write(
            NAME, f"CREATE TABLE first ();\n{statement};\nCREATE INDEX CONCURRENTLY last ON a (y);\n{NONE}"
        )

    return write


async def known(project: Project) -> Interruption:
    status = await project.status()
    assert status.is_known, status.error
    return status.interruptions[NAME]


async def lines(project: Project) -> list[str]:
    (status,) = (await project.status()).migrations
    return list(interruption_lines(await known(project), status, ""))


async def plan_of(project: Project) -> Plan:
    return events_of_kind(await project.apply(plan_only=True), PlanMade)[0].plan


async def refused(project: Project) -> RunFinished:
    end = run_finished(await project.apply())
    assert end.result is RunResult.REFUSED
    return end


async def continued(project: Project, *, at: int) -> list[InterruptionSettled]:
    """Apply, check that it continues at statement `at`, and return what it recorded first."""
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE, run_finished(events)
    assert [event.index for event in events_of_kind(events, StatementStarted)] == list(range(at, 4))
    assert await project.states() == {NAME: "applied"}
    assert project.sql("SELECT to_regclass('first') IS NOT NULL, to_regclass('last') IS NOT NULL") == [
        (True, True)
    ]
    return events_of_kind(events, InterruptionSettled)


async def decide(project: Project, **settlement: object) -> InterruptionSettled:
    folder = project.reader.read()
    chosen = Settlement(**settlement)  # type: ignore[arg-type]
    return await settle(project.connector, project.target, folder, NAME, chosen)


def settling(project: Project, shown: InterruptedMigration, settlement: Settlement) -> Run:
    confirmed = confirmed_settlement(project.target, project.reader.path, shown, settlement)
    return movable_settlement(confirmed).carry_out(project.connector)


async def test_index_that_was_half_built_is_repaired_by_the_next_run(
    project: Project, steps: Callable[[str], None]
) -> None:
    steps("CREATE INDEX CONCURRENTLY a_x ON a (x)")
    interrupt(project, "INSERT INTO a VALUES (2, 2)")
    (status,) = (await project.status()).migrations
    assert (status.state, status.continues) == (State.INTERRUPTED, True)
    assert status.note == "at statement 2 of 3: create index concurrently a_x on a"
    assert await lines(project) == [
        "At least 1 of 3 statements are committed. Statement 2 was sent, its session has ended, and its end is "
        "not recorded. The index public.a_x is there and INVALID: the build stopped before its end.",
        "koonj runs DROP INDEX CONCURRENTLY public.a_x, and then runs statement 2 again.",
        "To continue, run: koonj apply",
        "To run only the repair: koonj settle 1 --repair",
    ]
    (note, *_) = (await plan_of(project)).notes
    assert note.endswith("koonj runs DROP INDEX CONCURRENTLY public.a_x, and then runs statement 2 again.")
    (event,) = await continued(project, at=2)
    assert (event.done, event.reason) == (1, "repaired with DROP INDEX CONCURRENTLY public.a_x")
    assert project.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_x'::regclass") == [(True,)]


async def test_index_that_if_not_exists_would_skip_is_dropped_first(
    project: Project, steps: Callable[[str], None]
) -> None:
    steps("CREATE INDEX CONCURRENTLY IF NOT EXISTS a_x ON a (x)")
    interrupt(project, "INSERT INTO a VALUES (2, 2)")
    await continued(project, at=2)
    assert project.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_x'::regclass") == [(True,)]


async def test_invalid_index_of_somebody_else_is_dropped_only_by_the_user(
    project: Project, steps: Callable[[str], None]
) -> None:
    steps("CREATE INDEX CONCURRENTLY a_x ON a (x)")
    interrupt(project, "INSERT INTO a VALUES (2, 2)")
    there = "jsonb_set(before, '{indexes}', to_jsonb(ARRAY['a_x'::regclass::oid::int8]))"
    project.sql(f"UPDATE koonj.statement SET before = {there} WHERE index = 2")
    assert not (await project.status()).migrations[0].continues
    (conflict,) = (await refused(project)).conflicts
    assert (conflict.state, conflict.can_allow) == ("interrupted", False)
    assert conflict.message.startswith(
        "001_steps.sql was interrupted at statement 2 of 3: create index concurrently a_x on a."
    )
    assert conflict.hint == "To see what can be done, run: koonj settle 1"
    event = await decide(project, repair=True)
    assert (event.done, event.of) == (1, 3)
    assert project.sql("SELECT to_regclass('a_x')") == [(None,)]
    await continued(project, at=2)


async def test_pending_detach_is_finalized_by_the_next_run(
    project: Project, steps: Callable[[str], None]
) -> None:
    if project.sql("SELECT current_setting('server_version_num')::int < 140000") == [(True,)]:
        pytest.skip("DETACH CONCURRENTLY is there since PostgreSQL 14")
    project.sql(
        "CREATE TABLE p (x int) PARTITION BY LIST (x); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)"
    )
    steps("ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY")
    interrupt(project, "SELECT FROM p")
    (event,) = await continued(project, at=3)
    assert event.done == 2
    assert project.sql("SELECT FROM pg_inherits") == []


@pytest.mark.parametrize(
    ("statement", "blocker"),
    [
        ("DROP INDEX CONCURRENTLY a_x", "SELECT FROM a"),
        ("VACUUM a", "LOCK TABLE a IN SHARE MODE"),
        ("VACUUM FULL a", "SELECT FROM a"),
        ("INSERT INTO a VALUES (1, 1)", "LOCK TABLE a IN SHARE MODE"),
        ("BEGIN; INSERT INTO a VALUES (1, 1); COMMIT", "LOCK TABLE a IN SHARE MODE"),
        ("SET search_path TO public; INSERT INTO a VALUES (1, 1)", "LOCK TABLE a IN SHARE MODE"),
    ],
    ids=["drop index", "vacuum", "vacuum full", "statement", "block", "setting"],
)
async def test_run_continues_by_itself_when_the_target_shows_what_is_committed(
    project: Project, steps: Callable[[str], None], statement: str, blocker: str
) -> None:
    project.sql("CREATE INDEX a_x ON a (x)")
    steps(statement)
    interrupt(project, blocker)
    (status,) = (await project.status()).migrations
    assert (status.state, status.continues) == (State.INTERRUPTED, True)
    assert (await project.status()).problems == ()
    assert "To continue, run: koonj apply" in await lines(project)
    (note,) = (await plan_of(project)).notes
    assert note.startswith("001_steps.sql: ")
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE, run_finished(events)
    assert len(events_of_kind(events, InterruptionSettled)) == 1
    assert await project.states() == {NAME: "applied"}
    assert project.sql("SELECT count(*) FROM a") == [(2 if "INSERT" in statement else 1,)]


async def test_statement_that_is_done_and_not_counted_is_recorded(
    project: Project, steps: Callable[[str], None]
) -> None:
    project.sql("CREATE INDEX a_x ON a (x)")
    steps("REINDEX INDEX CONCURRENTLY a_x")
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.sql("UPDATE koonj.history SET outcome = 'started', statements_done = 1, finished = NULL")
    project.sql("UPDATE koonj.statement SET state = 'sent'; DROP INDEX last")
    assert (await lines(project))[
        1
    ] == "koonj records that statement 2 is done, and continues with statement 3."
    (event,) = await continued(project, at=3)
    assert event.done == 2
    recorded = "SELECT state, evidence LIKE '% 1 of 1 index rebuilt.' FROM koonj.statement WHERE index = 2"
    assert project.sql(recorded) == [("settled", True)]


async def test_last_statement_that_is_done_completes_the_migration(project: Project) -> None:
    project.sql("CREATE TABLE a (x int); CREATE INDEX a_x ON a (x)")
    project.write(NAME, f"CREATE TABLE first ();\nREINDEX INDEX CONCURRENTLY a_x;\n{NONE}")
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.sql("UPDATE koonj.history SET outcome = 'started', statements_done = 1, finished = NULL")
    project.sql("UPDATE koonj.statement SET state = 'sent'")
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE
    assert not events_of_kind(events, StatementStarted)
    assert await project.states() == {NAME: "applied"}


PROCEDURE = """
CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO a VALUES (2, 2);
    RAISE NOTICE 'part one';
    COMMIT;
    PERFORM pg_sleep(60) WHERE current_setting('test.slow', true) IS NULL;
    INSERT INTO a VALUES (3, 3);
END $$
"""


async def test_call_that_commits_in_parts_is_decided_by_the_user(
    project: Project, steps: Callable[[str], None]
) -> None:
    project.sql(PROCEDURE)
    steps("CALL fill()")
    interrupt(project)
    assert project.sql("SELECT x FROM a") == [(1,), (2,)]
    assert await lines(project) == [
        "At least 1 of 3 statements are committed. Statement 2 was sent, its session has ended, and its end is "
        "not recorded. It commits in parts: some can be committed.",
        "To run statement 2 again, if it continues where it stopped: koonj settle 1 --again 2",
        "To continue after statement 2: koonj settle 1 --done 2 --reason '…'",
    ]
    await refused(project)
    with pytest.raises(SettleError, match="does not show that statement 2 is done"):
        await decide(project, done=2)
    with pytest.raises(SettleError, match="Only statement 2 is in doubt"):
        await decide(project, again=3)
    with pytest.raises(SettleError, match="nothing to repair"):
        await decide(project, repair=True)
    await decide(project, done=2, reason="filled by hand")
    assert project.sql("SELECT reason FROM koonj.statement WHERE index = 2") == [
        ("statement 2 is done: filled by hand",)
    ]
    (decision,) = [entry for entry in await project.entries() if entry.action == "allow"]
    assert decision.allowed == "interrupted"
    assert "filled by hand" in (decision.reason or "")
    await continued(project, at=3)
    with pytest.raises(SettleError, match="is applied: there is nothing to settle"):
        await decide(project, done=2)


async def test_decision_that_differs_from_what_was_shown_changes_nothing(
    project: Project, steps: Callable[[str], None]
) -> None:
    project.sql(PROCEDURE)
    steps("CALL fill()")
    interrupt(project)
    folder = project.reader.read()
    shown = await read_interrupted(project.connector, project.target, folder, NAME)
    assert shown.interruption is not None
    other = replace(shown, interruption=replace(shown.interruption, evidence=None))
    events = await collect_events(settling(project, other, Settlement(again=2)))
    end = run_finished(events)
    assert (end.result, events_of_kind(events, InterruptionSettled)) == (RunResult.FAILED, [])
    assert "what is known of it has changed since it was shown" in end.message
    run = settling(project, shown, Settlement(again=2))
    await run.cancel()
    assert run_finished(await collect_events(run)).result is RunResult.CANCELLED
    assert [entry.action for entry in await project.entries()] == ["apply"]
    run = settling(project, shown, Settlement(again=2))
    end = run_finished(await collect_events(run))
    assert end == RunFinished(
        result=RunResult.DONE, message="Recorded. The next apply continues with statement 2.", at=end.at
    )


async def test_repair_that_waits_can_be_cancelled(project: Project, steps: Callable[[str], None]) -> None:
    steps("CREATE INDEX CONCURRENTLY a_x ON a (x)")
    interrupt(project, "INSERT INTO a VALUES (2, 2)")
    folder = project.reader.read()
    shown = await read_interrupted(project.connector, project.target, folder, NAME)
    run = settling(project, shown, Settlement(repair=True))
    with psycopg.connect(project.target.dsn) as reader:
        reader.execute("SELECT FROM a")
        events = asyncio.ensure_future(collect_events(run))
        waiting = (
            "SELECT pid FROM pg_stat_activity WHERE query LIKE 'DROP INDEX%' AND wait_event_type = 'Lock'"
        )
        while not project.sql(waiting):
            assert not events.done(), events.result()
            await asyncio.sleep(0.02)
        await run.cancel()
        assert run_finished(await asyncio.wait_for(events, 60)).result is RunResult.CANCELLED
    assert (await project.states())[NAME] == "interrupted"
    run = settling(project, shown, Settlement(repair=True))
    assert run_finished(await collect_events(run)).result is RunResult.DONE
    await continued(project, at=2)


async def test_call_can_run_again(project: Project, steps: Callable[[str], None]) -> None:
    project.sql(PROCEDURE)
    steps("CALL fill()")
    interrupt(project)
    await decide(project, again=2)
    [(database,)] = project.sql("SELECT current_database()")
    project.sql(f"ALTER DATABASE {database} SET test.slow = 'no'")
    assert (await project.states())[NAME] == "failed"
    await continued(project, at=2)
    assert project.sql("SELECT x FROM a") == [(1,), (2,), (2,), (3,)]


async def test_statement_that_commits_is_sent_again_outside_a_transaction(
    project: Project, steps: Callable[[str], None]
) -> None:
    """What it did before its first COMMIT was rolled back, and its messages are reported once."""
    project.sql(PROCEDURE)
    [(database,)] = project.sql("SELECT current_database()")
    project.sql(f"ALTER DATABASE {database} SET test.slow = 'no'")
    steps("CALL fill()")
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE
    assert [event.message for event in events_of_kind(events, Notice)] == ["part one"]
    assert [event.index for event in events_of_kind(events, StatementStarted)] == [1, 2, 3]
    assert project.sql("SELECT x FROM a") == [(1,), (2,), (3,)]
    assert project.sql("SELECT index, state FROM koonj.statement ORDER BY index") == [
        (0, "sent"),
        (2, "done"),
        (3, "done"),
    ]


async def test_migration_is_running_as_long_as_its_runner_lives(
    project: Project, steps: Callable[[str], None]
) -> None:
    steps("CREATE INDEX CONCURRENTLY a_x ON a (x)")
    with blocked_run(project, "INSERT INTO a VALUES (2, 2)") as (process, pid):
        (status,) = (await project.status()).migrations
        assert status.state is State.RUNNING
        assert (await project.status()).problems == ()
        assert (await lines(project))[0] == f"Statement 2 of 3 is at work on the server (pid {pid})."
        (conflict,) = (await refused(project)).conflicts
        assert (conflict.state, conflict.can_allow) == ("running", False)
        assert "001_steps.sql is running now" in conflict.message
        assert f"pid {pid}" in conflict.message
        with pytest.raises(RunningError, match="a run is in progress"):
            await decide(project, repair=True)
        process.kill()
        process.wait()
        if project.sql("SELECT FROM pg_stat_activity WHERE pid = %s", pid):
            assert (await project.states())[NAME] in ("running", "interrupted"), (
                "the server notices it in a second"
            )


async def test_late_writer_writes_nothing_into_the_entry_of_another_run(
    project: Project, steps: Callable[[str], None]
) -> None:
    """The session of a run ends; before it connects again, another run has completed the migration."""
    steps("VACUUM a")
    real = project.target
    async with losing_proxy(real.dsn, b"UPDATE koonj.history", count=2, loss=Loss.NEVER_SENT) as (proxy, dsn):
        late = Project(project.path, real.__class__("local", dsn), project.connector)

        async def overtake(_: int) -> bool:
            if proxy.connections == 1:
                assert run_finished(await project.apply()).result is RunResult.DONE
            return True

        proxy.admit = overtake
        failure = run_finished(await late.apply()).failure
    assert failure is not None
    assert "Another run has dealt with it since" in failure.target_state
    assert "apply done, 3 of 3 statements committed" in failure.target_state
    assert await project.states() == {NAME: "applied"}
    outcomes = [(entry.outcome.value, entry.error) for entry in await project.entries()]
    assert outcomes == [("failed", "interrupted"), ("done", None)]


async def test_run_that_lost_the_lock_to_another_session_records_nothing(
    project: Project, steps: Callable[[str], None]
) -> None:
    steps("VACUUM a")
    real = project.target
    with psycopg.connect(real.dsn, autocommit=True) as other:
        async with losing_proxy(real.dsn, b"UPDATE koonj.history", count=2, loss=Loss.NEVER_SENT) as (
            proxy,
            dsn,
        ):
            late = Project(project.path, real.__class__("local", dsn), project.connector)

            async def take_the_lock(_: int) -> bool:
                while proxy.connections == 1 and not await advisory_lock_taken(other):
                    await asyncio.sleep(0.01)
                return True

            proxy.admit = take_the_lock
            failure = run_finished(await late.apply()).failure
    assert failure is not None
    assert "Another run holds the koonj lock now" in failure.target_state
    assert failure.target_state.startswith("At least 1 of 3 statements")
    (entry,) = await project.entries()
    assert entry.outcome.value == "started"


async def advisory_lock_taken(other: psycopg.Connection) -> bool:
    row = other.execute("SELECT pg_try_advisory_lock(%s)", (KEY,)).fetchone()
    return row == (True,)


async def test_entry_with_an_end_is_not_written_again(project: Project, steps: Callable[[str], None]) -> None:
    """A run that gave the koonj lock away, and whose entry another run has settled, counts nothing more."""
    steps("VACUUM a")
    await project.apply()
    async with await project.connector.connect(project.target, name="test") as conn:
        with pytest.raises(NotWrittenError):
            await history.finish(conn, 1, Outcome.FAILED, 0)
        with pytest.raises(NotWrittenError):
            await history.advance(conn, 1, 2)
    assert await project.states() == {NAME: "applied"}


async def test_interrupted_rollback_continues(project: Project) -> None:
    project.write(
        NAME,
        "CREATE TABLE a (x int);\nCREATE INDEX a_x ON a (x);\n"
        "-- Rollback:\n-- DROP INDEX CONCURRENTLY a_x;\n-- DROP TABLE a;\n",
    )
    assert run_finished(await project.apply()).result is RunResult.DONE
    interrupt(project, "SELECT FROM a", "rollback")
    assert (await lines(project))[-1] == "To continue, run: koonj rollback"
    assert run_finished(await project.roll_back()).result is RunResult.DONE
    assert await project.states() == {NAME: "pending"}


async def test_entry_of_an_older_koonj_is_decided_by_the_user(
    project: Project, steps: Callable[[str], None]
) -> None:
    steps("VACUUM a")
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.sql("UPDATE koonj.history SET outcome = 'started', statements_done = 1, finished = NULL")
    project.sql("DROP TABLE koonj.statement; DROP INDEX last")
    assert "an older version of koonj ran it" in (await lines(project))[0]
    await refused(project)
    await decide(project, again=2)
    await continued(project, at=2)


async def test_entry_whose_statements_are_all_counted_is_complete(
    project: Project, steps: Callable[[str], None]
) -> None:
    steps("VACUUM a")
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.sql("UPDATE koonj.history SET outcome = 'started', finished = NULL; DROP TABLE koonj.statement")
    assert (await lines(project))[1] == "koonj has nothing more to run of it."
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert await project.states() == {NAME: "applied"}


async def test_migration_without_an_interruption_has_nothing_to_settle(project: Project) -> None:
    name = project.table(1)
    found = await read_interrupted(project.connector, project.target, project.reader.read(), name)
    assert found.interruption is None
    with pytest.raises(SettleError, match="has no file"):
        await read_interrupted(project.connector, project.target, project.reader.read(), "009_x.sql")
