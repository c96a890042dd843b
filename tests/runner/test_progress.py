"""A run reports how far its long statement is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from koonj.postgres.progress import CommandProgress, Counter, Unit
from koonj.runner.apply import progress_report, statement_watch
from koonj.runner.apply.progress_report import ProgressReport
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Progress, RunResult
from koonj.runner.run.progress_wording import progress_words
from support.clock import Clock
from support.project import Project, events_of_kind, run_finished


@pytest.mark.parametrize("concurrently", ["", "CONCURRENTLY "])
async def test_an_index_build_is_reported(
    project: Project, monkeypatch: pytest.MonkeyPatch, concurrently: str
) -> None:
    monkeypatch.setattr(statement_watch, "FIRST", 0.02)
    monkeypatch.setattr(statement_watch, "REPEAT", 0.02)
    project.write(
        "001_table.sql",
        """
        CREATE TABLE t (a int, filler text DEFAULT repeat('x', 1000));
        INSERT INTO t SELECT i FROM generate_series(1, 100) AS i;
        CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_sleep(0.005); RETURN $1; END';
        """,
    )
    project.write("002_index.sql", f"CREATE INDEX {concurrently}i ON t (slow(a));\n")
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE
    found = [e for e in events_of_kind(events, Progress) if e.phase == "building index: scanning table"]
    assert len(found) >= 2
    assert {(e.name, e.statement, e.relation) for e in found} == {("002_index.sql", 1, "public.t")}
    assert found[0].command == f"CREATE INDEX {concurrently}".strip()
    done = [e.done for e in found if e.done is not None and e.done != e.total]
    assert done == sorted(set(done))


async def test_a_parallel_build_counts_what_all_its_workers_have_read(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_watch, "FIRST", 0.02)
    monkeypatch.setattr(statement_watch, "REPEAT", 0.02)
    project.sql(
        """
        CREATE TABLE t (a int, filler text DEFAULT repeat('x', 1000)) WITH (parallel_workers = 2);
        INSERT INTO t SELECT i FROM generate_series(1, 300) AS i;
        CREATE FUNCTION slow(int) RETURNS int IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_sleep(CASE WHEN $1 < 200 THEN 0.001 ELSE 1 END); RETURN $1; END';
        """
    )
    settings = "SET maintenance_work_mem = '256MB';\nSET max_parallel_maintenance_workers = 2;\n"
    project.write("001_index.sql", f"{settings}CREATE INDEX i ON t (slow(a));\n-- Rollback: none: test\n")
    run, shares = project.start(Direction.APPLY, assume_yes=True), [0.0]
    workers: list[Any] = []
    async with asyncio.timeout(60):
        async for event in run.events():
            if isinstance(event, Progress) and event.done is not None and event.total:
                shares.append(event.done / event.total)
                if shares[-1] > 0.5 and not workers:
                    workers = project.sql("SELECT pid FROM pg_stat_activity WHERE leader_pid IS NOT NULL")
                    await run.cancel()
    assert len(workers) == 2, "the leader reads a third of the table"
    assert shares == sorted(shares)


def _found(done: int | None, total: int | None = 200, phase: str = "scanning heap") -> CommandProgress:
    counter = None if done is None else Counter(done, total, Unit.ROWS)
    return CommandProgress("VACUUM", "public.t", phase, counter)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress_report, "monotonic", lambda: clock.now)
    return clock


def test_an_event_is_sent_for_a_percent_a_phase_or_ten_seconds(clock: Clock) -> None:
    report = ProgressReport()

    def next_after(seconds: float, found: CommandProgress) -> Progress | None:
        clock.now += seconds
        return report.next("001_a.sql", 1, found)

    assert next_after(0, _found(0)) is not None
    assert next_after(1, _found(1)) is None
    assert next_after(1, _found(2)) is not None, "one percent more"
    assert next_after(1, _found(3)) is None
    assert next_after(9, _found(2)) is None, "nothing was done"
    assert next_after(1, _found(3, phase="vacuuming heap")) is not None
    assert next_after(9.9, _found(4, None, "vacuuming heap")) is not None, "the total is gone"
    assert next_after(9.9, _found(5, None, "vacuuming heap")) is None
    assert next_after(0.2, _found(6, None, "vacuuming heap")) is not None


def test_the_rate_is_that_of_the_phase(clock: Clock) -> None:
    report = ProgressReport()
    first = report.next("001_a.sql", 1, _found(200))
    assert first is not None
    assert first.rate is None
    report.next("001_a.sql", 1, _found(20))  # the server counted from the end at first
    clock.now += 4
    event = report.next("001_a.sql", 1, _found(100))
    assert event is not None
    assert (event.rate, event.seconds_left) == (20, 5)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            Progress("a", 1, "VACUUM", "public.t", "scanning heap", 1024, 2048, Unit.BYTES, 512.0, None),
            "scanning heap [##########----------] 50 %, 1 kB of 2 kB, 512 bytes/s, about 0:02 left",
        ),
        (
            Progress("a", 1, "COPY FROM", "public.t", "", 1500, None, Unit.ROWS, 20.0, None),
            "COPY FROM public.t, 1,500 rows so far, 20 rows/s",
        ),
        (
            Progress("a", 1, "CREATE INDEX", "public.t", "waiting", 1, 3, Unit.SESSIONS, None, 4711),
            "waiting [######--------------] 33 %, 1 of 3 sessions, waits for pid 4711",
        ),
        (
            Progress("a", 1, "CREATE INDEX", "public.t", "sorting", None, None, None, None, None),
            "sorting",
        ),
    ],
    ids=["bytes", "copy", "waits", "no counter"],
)
def test_words(event: Progress, words: str) -> None:
    assert progress_words(event) == words
