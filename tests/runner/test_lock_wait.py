"""Tests of a run that waits for the koonj lock, with a clock that only its pauses move."""

import asyncio
from collections.abc import Callable, Iterator

import psycopg
import pytest

from koonj.postgres import advisory_lock
from koonj.postgres.advisory_lock import KEY, LockHolder
from koonj.runner.apply import lock
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunResult
from koonj.runner.run.lock_events import LockAcquired, WaitingForLock
from support.clock import Clock, clock_of_pauses
from support.project import Project, collect_events, events_of_kind, run_finished


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clock_of_pauses(monkeypatch, lock)


class Session:
    """A session that can hold the koonj lock."""

    def __init__(self, dsn: str) -> None:
        self._conn = psycopg.connect(dsn, autocommit=True)
        self.pid = self._conn.info.backend_pid

    def take(self) -> None:
        row = self._conn.execute("SELECT pg_try_advisory_lock(%s)", (KEY,)).fetchone()
        assert row == (True,)

    def give_back(self) -> None:
        self._conn.execute("SELECT pg_advisory_unlock(%s)", (KEY,))

    def close(self) -> None:
        self._conn.close()


@pytest.fixture
def sessions(project: Project) -> Iterator[list[Session]]:
    """Two sessions, of which the first one holds the lock. The project has one migration."""
    project.table(1)
    made = [Session(project.target.dsn) for _ in range(2)]
    made[0].take()
    yield made
    for session in made:
        session.close()


BeforeQuestion = Callable[[Callable[[int], None]], None]


@pytest.fixture
def before_question(monkeypatch: pytest.MonkeyPatch) -> BeforeQuestion:
    """Let a function run before each question for the holder, with its number: the lock was tried just before."""
    ask = advisory_lock.holder

    def install(act: Callable[[int], None]) -> None:
        number = 0

        async def holder(conn: psycopg.AsyncConnection) -> LockHolder | None:
            nonlocal number
            number += 1
            act(number)
            return await ask(conn)

        monkeypatch.setattr(advisory_lock, "holder", holder)

    return install


async def test_a_lock_that_was_given_back_just_now_is_taken(
    project: Project, clock: Clock, sessions: list[Session], before_question: BeforeQuestion
) -> None:
    def act(number: int) -> None:
        if number == 1:
            sessions[0].give_back()

    before_question(act)
    events = await asyncio.wait_for(project.apply(wait=0), 60)
    assert run_finished(events).result is RunResult.DONE
    assert not events_of_kind(events, WaitingForLock)
    assert clock.now <= 0.1, "it is tried again at once"


async def test_a_new_holder_is_told_at_once(
    project: Project, clock: Clock, sessions: list[Session], before_question: BeforeQuestion
) -> None:
    def act(number: int) -> None:
        if number == 3:
            sessions[0].give_back()
            sessions[1].take()
        if number == 5:
            sessions[1].give_back()

    before_question(act)
    events = await asyncio.wait_for(project.apply(), 60)
    assert run_finished(events).result is RunResult.DONE
    told = [
        (event.holder.pid, event.seconds) for event in events_of_kind(events, WaitingForLock) if event.holder
    ]
    assert told == [(sessions[0].pid, 0), (sessions[1].pid, 2 * lock.POLL)]
    (acquired,) = events_of_kind(events, LockAcquired)
    assert 4 * lock.POLL <= acquired.seconds == clock.now


async def test_the_same_holder_is_told_every_five_seconds_until_the_wait_is_over(
    project: Project, clock: Clock, sessions: list[Session]
) -> None:
    end_events = await asyncio.wait_for(project.apply(wait=12), 60)
    told = [event.seconds for event in events_of_kind(end_events, WaitingForLock)]
    assert told == [0, 5, 10]
    end = run_finished(end_events)
    assert end.result is RunResult.LOCKED
    assert end.message.startswith("Gave up after 12")
    assert f"pid {sessions[0].pid}" in end.message
    assert clock.now == 12
    assert set(clock.pauses) == {lock.POLL}


async def test_a_run_without_a_limit_waits_on(
    project: Project, clock: Clock, sessions: list[Session]
) -> None:
    run = project.start(Direction.APPLY, wait=None)
    waiting = asyncio.create_task(collect_events(run))
    while clock.now < 30:
        await asyncio.sleep(0)
    assert not waiting.done()
    sessions[0].give_back()
    assert run_finished(await asyncio.wait_for(waiting, 60)).result is RunResult.DONE


async def test_a_cancel_ends_the_wait(project: Project, clock: Clock, sessions: list[Session]) -> None:
    run = project.start(Direction.APPLY)
    events = []
    async for event in run.events():
        events.append(event)
        if isinstance(event, WaitingForLock):
            await run.cancel()
    assert run_finished(events).result is RunResult.CANCELLED
    assert project.sql("SELECT to_regnamespace('koonj') IS NULL") == [(True,)]
