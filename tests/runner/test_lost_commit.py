"""Tests of a connection that is lost at COMMIT: what the target answers later decides what koonj says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import psycopg
import pytest

from koonj.runner.apply import settlement, statement_watch
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, MigrationFinished, RunFinished, RunResult, StatementStarted
from koonj.runner.run.run import Cancelled, Control, Run
from support.clock import Clock, clock_of_pauses
from support.losing_proxy import LosingProxy, Loss, losing_proxy
from support.project import PATIENCE, Project, events_of_kind, run_finished

BLOCKS = """
    BEGIN;
    CREATE TABLE a ();
    COMMIT;
    BEGIN;
    CREATE TABLE b ();
    COMMIT;
    -- Rollback: none: test
    """
APART = BLOCKS.replace("BEGIN;", "BEGIN;\n    SET LOCAL client_encoding TO 'UTF8';")
"""The same blocks, each of two statements, one message at a time."""
COMMIT = b"COMMIT\0"
"""The history is made in the first COMMIT of a run; a file of several steps starts its entry in the second."""

NONE = "-- Rollback: none: test\n"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(statement_watch, "FIRST", 3600)  # the proxy counts connections
    return clock_of_pauses(monkeypatch, settlement)


Losing = Callable[..., AbstractAsyncContextManager[LosingProxy]]


@pytest.fixture
def losing(project: Project, no_watch: None) -> Losing:
    """A function that lets the project's target lose its connection."""

    @asynccontextmanager
    async def lose(count: int, loss: Loss, trigger: bytes = COMMIT) -> AsyncIterator[LosingProxy]:
        real = project.target
        async with losing_proxy(real.dsn, trigger, count=count, loss=loss) as (proxy, dsn):
            project.target = replace(real, dsn=dsn)
            try:
                yield proxy
            finally:
                project.target = real

    return lose


async def _apply(project: Project) -> list[Event]:
    return await asyncio.wait_for(project.apply(), PATIENCE)


async def _outcome(project: Project) -> tuple[set[str], str, int]:
    """Return the tables, the recorded outcome and the recorded number of statements."""
    (entry,) = await project.entries()
    return project.tables(), entry.outcome.value, entry.statements_done


@pytest.mark.parametrize(
    ("blocks", "count", "loss", "expected"),
    [
        (BLOCKS, 3, Loss.ANSWERED, ({"a", "b"}, "done", 2)),
        (BLOCKS, 3, Loss.NEVER_SENT, (set(), "failed", 0)),
        (APART, 3, Loss.ANSWERED, ({"a"}, "failed", 2)),
        (APART, 3, Loss.NEVER_SENT, (set(), "failed", 0)),
        (APART, 4, Loss.ANSWERED, ({"a", "b"}, "done", 4)),
        (APART, 4, Loss.NEVER_SENT, ({"a"}, "failed", 2)),
    ],
    ids=[
        "flight committed",
        "flight not sent",
        "first block committed",
        "first block not sent",
        "last block committed",
        "last block not sent",
    ],
)
async def test_a_block_counts_exactly_when_its_lost_commit_took_effect(
    project: Project,
    losing: Losing,
    clock: Clock,
    blocks: str,
    count: int,
    loss: Loss,
    expected: tuple[set[str], str, int],
) -> None:
    project.write("001_blocks.sql", blocks)
    async with losing(count, loss):
        events = await _apply(project)
    assert await _outcome(project) == expected
    assert bool(events_of_kind(events, MigrationFinished)) is (expected[1] == "done")
    failure = run_finished(events).failure
    assert (failure is None) is (expected[1] == "done")
    if failure is not None:
        assert len(failure.committed) == expected[2]
        assert f"{expected[2]} of {failure.of} statements" in failure.target_state
        assert "unknown" not in failure.target_state


async def test_the_rest_of_a_file_runs_after_a_lost_commit(
    project: Project, losing: Losing, clock: Clock
) -> None:
    project.write("001_blocks.sql", APART)
    async with losing(3, Loss.ANSWERED):
        await _apply(project)
    events = await _apply(project)
    assert [event.index for event in events_of_kind(events, StatementStarted)] == [3, 4]
    assert project.tables() == {"a", "b"}


@pytest.mark.parametrize("sent", [True, False], ids=["committed", "rolled back"])
@pytest.mark.parametrize("form", ["blocks", "blocks apart", "flight", "one by one"])
async def test_a_transaction_in_progress_is_asked_for_again(
    project: Project, losing: Losing, clock: Clock, form: str, sent: bool
) -> None:
    setting = "SET client_encoding TO 'UTF8';\n" if form == "one by one" else ""
    blocks = {"blocks": BLOCKS, "blocks apart": APART}.get(form, "")
    project.write("001_a.sql", blocks or f"{setting}CREATE TABLE a ();\n{NONE}")
    async with losing(3 if blocks else 2, Loss.HELD) as proxy:

        async def admit(number: int) -> bool:
            if number == 3:
                await proxy.release(sent=sent)
            return True

        proxy.admit = admit
        events = await _apply(project)
        assert proxy.connections == 3, "the third question has the answer"
    assert clock.now == 2 * settlement.PAUSE
    whole = sent and form != "blocks apart"
    assert project.tables() == ({"a", "b"} if whole and blocks else {"a"} if sent else set())
    assert bool(events_of_kind(events, MigrationFinished)) is whole
    if blocks:
        assert await _outcome(project) == (project.tables(), "done" if whole else "failed", 2 * sent)
    else:
        assert await project.states() == {"001_a.sql": "applied" if sent else "pending"}


async def test_a_target_that_answers_after_59_seconds_is_still_asked(
    project: Project, losing: Losing, clock: Clock
) -> None:
    project.write("001_a.sql", f"CREATE TABLE a ();\n{NONE}")
    async with losing(2, Loss.ANSWERED) as proxy:

        async def admit(_: int) -> bool:
            return clock.now >= 59

        proxy.admit = admit
        events = await _apply(project)
    assert events_of_kind(events, MigrationFinished)
    assert await project.states() == {"001_a.sql": "applied"}


async def _refuse(_: int) -> bool:
    return False


@pytest.mark.parametrize("loss", [Loss.ANSWERED, Loss.NEVER_SENT])
async def test_a_target_that_stays_away_leaves_the_outcome_unknown(
    project: Project, losing: Losing, clock: Clock, loss: Loss
) -> None:
    project.write("001_a.sql", f"CREATE TABLE a ();\n{NONE}")
    async with losing(2, loss) as proxy:
        proxy.admit = _refuse
        end = run_finished(await _apply(project))
    assert 60 <= clock.now <= 61
    assert end.result is RunResult.FAILED
    assert end.failure is not None
    assert end.failure.target_state.startswith("Unknown. The connection was lost during COMMIT of 001_a.sql")
    assert await project.states() == {"001_a.sql": "applied" if loss is Loss.ANSWERED else "pending"}


async def test_a_block_whose_commit_stays_unknown_is_interrupted(
    project: Project, losing: Losing, clock: Clock
) -> None:
    project.write("001_blocks.sql", BLOCKS)
    async with losing(3, Loss.NEVER_SENT) as proxy:
        proxy.admit = _refuse
        end = run_finished(await _apply(project))
    assert end.failure is not None
    assert end.failure.target_state == (
        "At least 0 of 2 statements of 001_blocks.sql are committed. It is unknown whether more is: the target "
        "does not respond."
    )
    assert end.failure.next_steps[0].endswith("run: koonj settle 1")
    assert await project.states() == {"001_blocks.sql": "interrupted"}
    assert await _outcome(project) == (set(), "started", 0)
    assert run_finished(await _apply(project)).result is RunResult.DONE, "nothing is in doubt"


@pytest.mark.parametrize("blocks", [True, False], ids=["blocks", "one transaction"])
async def test_a_cancel_ends_the_questions_about_a_lost_commit(
    project: Project, losing: Losing, clock: Clock, blocks: bool
) -> None:
    project.write("001_a.sql", APART if blocks else f"CREATE TABLE a ();\n{NONE}")
    async with losing(3 if blocks else 2, Loss.ANSWERED) as proxy:
        run = project.start(Direction.APPLY)

        async def admit(number: int) -> bool:
            if number == 2:
                await run.cancel()
            return False

        proxy.admit = admit
        end = await asyncio.wait_for(_end_of(run), PATIENCE)
        assert proxy.connections == 2
    assert end.result is RunResult.CANCELLED
    assert end.failure is not None
    assert "nknown" in end.failure.target_state
    assert await project.states() == {"001_a.sql": "interrupted" if blocks else "applied"}


async def _end_of(run: Run) -> RunFinished:
    return run_finished([event async for event in run.events()])


@pytest.mark.parametrize(("loss", "done"), [(Loss.ANSWERED, 2), (Loss.NEVER_SENT, 1)])
async def test_a_statement_outside_a_transaction_travels_with_its_count(
    project: Project, losing: Losing, clock: Clock, loss: Loss, done: int
) -> None:
    project.write("001_steps.sql", f"CREATE TABLE a ();\nVACUUM a;\nCREATE TABLE b ();\n{NONE}")
    async with losing(2, loss, b"UPDATE koonj.history"):
        end = run_finished(await _apply(project))
    assert end.failure is not None
    assert len(end.failure.committed) == done
    assert "the connection is closed" not in end.failure.message, "the first error says why it was lost"
    recorded = (
        "failed" if done == 2 else "started"
    )  # nothing shows whether VACUUM ran: the next run repeats it
    assert await _outcome(project) == ({"a"}, recorded, done)
    assert run_finished(await _apply(project)).result is RunResult.DONE


async def test_a_failure_is_recorded_although_the_line_is_lost_at_its_entry(
    project: Project, losing: Losing
) -> None:
    project.write("001_steps.sql", f"CREATE TABLE a ();\nVACUUM a;\nSELECT 1/0;\n{NONE}")
    async with losing(4, Loss.NEVER_SENT, b"UPDATE koonj.history") as proxy:
        end = run_finished(await _apply(project))
        assert proxy.connections == 1
    assert end.failure is not None
    assert end.failure.message == "division by zero"
    assert "could not record" not in end.failure.target_state
    assert await _outcome(project) == ({"a"}, "failed", 2)


async def test_a_late_cancel_does_not_stop_the_counting(project: Project) -> None:
    """A cancel request that was meant for the statement can reach the server when koonj counts it."""
    project.table(1)
    await project.apply()
    project.write("002_steps.sql", f"VACUUM t1;\nCREATE TABLE b ();\n{NONE}")
    run = project.start(Direction.APPLY)
    blocker = await psycopg.AsyncConnection.connect(project.target.dsn)
    async with blocker:
        events = []
        async for event in run.events():
            events.append(event)
            if isinstance(event, StatementStarted) and event.index == 1:
                await blocker.execute("SELECT FROM koonj.history FOR UPDATE")
                cancelling = asyncio.create_task(_cancel_the_waiting(project, blocker))
        await cancelling
    assert run_finished(events).result is RunResult.DONE, run_finished(events)
    assert project.tables() == {"t1", "b"}


async def _cancel_the_waiting(project: Project, blocker: psycopg.AsyncConnection) -> None:
    """Cancel the session that waits for `blocker`, and release it when its transaction has ended."""
    find = "SELECT pid, xact_start FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
    while not (found := project.sql(find, blocker.info.backend_pid)):
        await asyncio.sleep(0.01)
    [(pid, start)] = found
    project.sql("SELECT pg_cancel_backend(%s)", pid)
    while project.sql("SELECT FROM pg_stat_activity WHERE (pid, xact_start) = (%s, %s)", pid, start):
        await asyncio.sleep(0.01)
    await blocker.rollback()


async def test_questions_about_a_commit_stop_at_once_when_cancelled() -> None:
    control = Control()
    await control.cancel()
    with pytest.raises(Cancelled):
        await asyncio.wait_for(control.pause(600), PATIENCE)
