"""The Run pane is a log that stays: times, clocks, progress, what was not started, and how it opens again."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest

from koonj.runner.run import events, lock_events
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event
from koonj.runner.run.planned import Plan, PlannedMigration
from koonj.sql.transactions import Mode
from koonj.tui.render.run_lines import Line, log_lines, progress
from koonj.tui.state import run
from koonj.tui.state.run import RunStage, RunView, fold
from koonj.tui.workers import watcher
from support.screen import Project, Screen

KEY = 11
"""Advisory lock that the test holds, so that a statement of a migration waits for it."""
START = 1_000.0


def at(seconds: float) -> datetime:
    """Return a moment some seconds after the start of the run."""
    return datetime.fromtimestamp(START + seconds, UTC)


def text(lines: list[Line]) -> list[str]:
    return ["".join(part for part, _ in line).rstrip() for line in lines]


def planned(*names: str) -> Plan:
    migrations = tuple(
        PlannedMigration(name, Direction.APPLY, True, Mode.ONE_TRANSACTION, "", ()) for name in names
    )
    return Plan("local", Direction.APPLY, False, "PostgreSQL", migrations)


def started(name: str, index: int, of: int, when: float, *, in_transaction: bool = True) -> Event:
    return events.MigrationStarted(name, Direction.APPLY, index, of, 2, in_transaction, at=at(when))


def finished(name: str, when: float) -> Event:
    return events.MigrationFinished(name, Direction.APPLY, 0.5, 2, at=at(when))


def view(*seen: Event) -> RunView:
    return fold(RunView("local", Direction.APPLY, START), seen)


# What a run shows


def test_clock_of_the_run_starts_at_the_yes_and_that_of_a_statement_with_the_statement() -> None:
    seen = view(
        events.PlanMade(planned("001_a.sql"), at=at(1)),
        events.Question("q", events.QuestionKind.YES, "Apply?", "yes", at=at(2)),
    )
    assert text(progress(seen, START + 60, 80)) == [" applying on local", " waiting for your answer"]
    seen = fold(
        seen,
        [
            lock_events.LockAcquired(0.0, at=at(100)),
            started("001_a.sql", 1, 1, 100),
            events.StatementStarted("001_a.sql", 1, 2, 3, "create table a", at=at(110)),
        ],
    )
    assert text(progress(seen, START + 117, 80)) == [
        " applying on local  migration 1 of 1  001_a.sql  0:17",
        " statement 1 of 2 for 0:07, line 3: create table a",
    ]


def test_several_migrations_have_a_bar_with_what_is_done_and_what_is_left() -> None:
    seen = view(
        events.PlanMade(planned("001_a.sql", "002_b.sql", "003_c.sql", "004_d.sql"), at=at(0)),
        lock_events.LockAcquired(0.0, at=at(0)),
        started("001_a.sql", 1, 4, 0),
        finished("001_a.sql", 1),
        started("002_b.sql", 2, 4, 1),
    )
    assert text(progress(seen, START + 1, 80))[1] == f" [{'#' * 7}{'-' * 23}] applied 1 of 4, 3 left"


def test_every_line_of_the_log_has_its_time() -> None:
    seen = view(
        lock_events.LockAcquired(0.0, at=at(0)),
        started("001_a.sql", 1, 1, 0),
        events.Notice("001_a.sql", "NOTICE", "word " * 40, at=at(5)),
        finished("001_a.sql", 9),
    )
    lines = [line for entry in seen.log for line in text(log_lines(entry, 60))]
    times = [f" {at(when).astimezone():%H:%M:%S}" for when in (5, 9)]
    assert [line[:9] for line in lines if line[:9].strip()] == times
    assert all(len(line) <= 60 for line in lines)
    assert len(lines) > len(times)  # the notice is wrapped, below its own text


@pytest.mark.parametrize(
    ("in_transaction", "seconds", "shown"),
    [
        (True, 0.99, []),
        (True, 1.0, ["  1 of 2 CREATE INDEX, 1.00 s"]),
        (False, 0.99, ["  1 of 2 CREATE INDEX, 0.99 s, committed"]),
    ],
)
def test_a_statement_has_a_line_if_it_is_slow_or_commits(
    in_transaction: bool,
    seconds: float,
    shown: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run, "SLOW", 1.0)
    seen = view(
        started("001_a.sql", 1, 1, 0, in_transaction=in_transaction),
        events.StatementFinished("001_a.sql", 1, 2, "CREATE INDEX", seconds, at=at(1)),
    )
    assert [entry.text for entry in seen.log] == shown


def test_closed_result_takes_one_line_and_keeps_the_log() -> None:
    seen = view(
        started("001_a.sql", 1, 1, 0),
        events.Notice("001_a.sql", "NOTICE", "word"),
        events.RunFinished(events.RunResult.DONE, "Applied 1 migration."),
    )
    assert seen.stage is RunStage.DONE
    closed = seen.close()
    assert (closed.stage, closed.log) == (RunStage.REST, seen.log)


# On the screen, with a server


@pytest.fixture
def waiting(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Three migrations; the second one waits for the lock `KEY`."""
    monkeypatch.setattr(watcher, "FOLLOW_INTERVAL", 0.1)
    project.table(1)
    project.write(
        "002_wait.sql",
        f"""
        -- koonj: lock_timeout 1min
        BEGIN;
        CREATE TABLE t2 (id int);
        SELECT pg_advisory_xact_lock({KEY});
        COMMIT;

        -- Rollback:
        -- SELECT pg_advisory_xact_lock({KEY});
        -- DROP TABLE t2;
        """,
    )
    project.table(3)
    return project


async def _apply_all(screen: Screen) -> None:
    await screen.press("A")
    await screen.expect_dialog("Apply 3 migrations to local?")
    await screen.yes()


async def test_list_says_applying_and_knows_what_is_applied_already(waiting: Project, database: str) -> None:
    with psycopg.connect(database) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (KEY,))
        async with waiting.open() as screen:
            await _apply_all(screen)
            await screen.until(lambda: "▸ applying" in screen.row("002"))
            await screen.until(lambda: "✓ applied" in screen.row("001"))
            assert "◦ pending" in screen.row("003")
            await screen.until("applied 1 of 3, 2 left")
            await screen.press("j")
            assert "▸ applying" in screen.preview()
            other.rollback()
            await screen.expect_run("done")
            assert "✓ applied" in screen.row("002")


async def test_list_says_rolling_back(waiting: Project, database: str) -> None:
    async with waiting.open() as screen:
        await _apply_all(screen)
        await screen.expect_run("done")
        await screen.press("r")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("rolled back 003")
        with psycopg.connect(database) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", (KEY,))
            await screen.press("r")
            await screen.expect_dialog()
            await screen.yes()
            await screen.until(lambda: "▸ rolling back" in screen.row("002"))
            other.rollback()
            await screen.expect_run("rolled back 002")


async def test_own_run_is_not_announced_as_that_of_another(waiting: Project, database: str) -> None:
    with psycopg.connect(database) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (KEY,))
        async with waiting.open() as screen:
            await _apply_all(screen)
            await screen.until("1 applied")  # read during the run
            assert "run in progress" not in screen.text()
            other.rollback()
            await screen.expect_run("done")


async def test_cancelled_run_says_what_it_did_and_what_it_did_not_start(
    waiting: Project, database: str
) -> None:
    with psycopg.connect(database) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (KEY,))
        async with waiting.open() as screen:
            await _apply_all(screen)
            await screen.until("statement 2 of 2")
            await screen.cancel_run()
            await screen.expect_run("cancelled")
            shown = screen.run()
            assert "applied 001_make_t1.sql" in shown
            assert "not started" in shown
            assert "003_make_t3.sql" in shown
            assert "Fix the cause" not in shown


async def test_closed_result_opens_again_with_its_log(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        await screen.press("escape")
        assert len(screen.pane("4")) == 1
        assert "applied 001_make_t1.sql" not in screen.run()
        assert "Applied 1 migration." in screen.run()
        await screen.press("4")
        await screen.until("applied 001_make_t1.sql")
        await screen.press("escape")
        assert screen.main.pane is screen.main.migrations


async def test_failure_of_an_earlier_run_is_marked_as_earlier_during_a_run(
    waiting: Project, database: str
) -> None:
    with psycopg.connect(database) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (KEY,))
        async with waiting.open() as screen:
            await _apply_all(screen)
            await screen.until("statement 2 of 2")
            await screen.cancel_run()
            await screen.expect_run("cancelled")
            assert screen.main.selected is not None
            assert screen.main.selected.name == "002_wait.sql"
            assert "earlier: " not in screen.preview()
            assert "failed" in screen.top()
            await screen.press("a")
            await screen.expect_dialog()
            await screen.yes()
            await screen.until("earlier: apply failed")
            await screen.until(lambda: "failed" not in screen.top())
            assert screen.main.view is not None
            notes = [entry.text for entry in screen.main.view.log]  # the pane has scrolled to its end
            assert "in an earlier run, the apply failed" in notes[0], notes
            other.rollback()
            await screen.expect_run("done")
            assert "earlier: " not in screen.preview()
