"""The Run pane is a log that stays: times, clocks, progress, what was not started, and how it opens again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from textwrap import indent

import psycopg
import pytest

from koonj.humanize import end_time, now
from koonj.postgres.advisory_lock import LockHolder
from koonj.postgres.blockers import Blocker, BlockerKind
from koonj.postgres.run_name import RunName
from koonj.runner.run import events, lock_events
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event
from koonj.runner.run.failure import AwaitedLock
from koonj.runner.run.planned import Plan, PlannedMigration
from koonj.sql.transactions import Mode
from koonj.tui.render.run_lines import Line, log_lines, progress
from koonj.tui.state import run_events
from koonj.tui.state.messages import TargetAnswered
from koonj.tui.state.run import RunStage, RunView
from koonj.tui.state.run_events import fold
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.workers import watcher
from support import gate
from support.screen import Project, Screen

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
    ("width", "shown"),
    [
        (80, f" {at(9).astimezone():%H:%M:%S} ✓ applied 014_add_embedding_model.sql, 2 statements, 0.50 s"),
        (50, " ✓ 014_add_embedding_model   2 statements  0.50 s"),
        (36, " ✓ 014_add_e…  2 statements  0.50 s"),
    ],
)
def test_the_end_of_a_migration_is_one_line(width: int, shown: str) -> None:
    (entry,) = view(finished("014_add_embedding_model.sql", 9)).log
    assert text(log_lines(entry, width)) == [shown]


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
    monkeypatch.setattr(run_events, "SLOW", 1.0)
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
def waiting(project: Project, database: str, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Three migrations; the second one and its rollback wait at a gate, which is open."""
    monkeypatch.setattr(watcher, "FOLLOW_INTERVAL", 0.1)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(gate.CLOSE)
        connection.execute(gate.OPEN_ALL)
    project.table(1)
    down = indent(f"{gate.wait_at()}\nDROP TABLE t2;\n", "-- ")
    up = f"BEGIN;\nCREATE TABLE t2 (id int);\n{gate.wait_at()}\nCOMMIT;\n"
    project.write("002_wait.sql", f"{up}\n-- Rollback:\n{down}")
    project.table(3)
    return project


@contextmanager
def closed_gate(database: str) -> Iterator[Callable[[], object]]:
    """Close the gate, and yield what opens it."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(gate.CLOSE_AGAIN)
        yield lambda: connection.execute(gate.OPEN_ALL)


async def _apply_all(screen: Screen) -> None:
    await screen.press("A")
    await screen.expect_dialog("Apply 3 migrations to local?")
    await screen.yes()


async def test_list_says_applying_and_knows_what_is_applied_already(waiting: Project, database: str) -> None:
    with closed_gate(database) as open_gate:
        async with waiting.open() as screen:
            await _apply_all(screen)
            await screen.until(lambda: "▸ applying" in screen.row("002"))
            await screen.until(lambda: "✓ applied" in screen.row("001"))
            assert "◦ pending" in screen.row("003")
            await screen.until("applied 1 of 3, 2 left")
            await screen.press("j")
            assert "▸ applying" in screen.preview()
            open_gate()
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
        with closed_gate(database) as open_gate:
            await screen.press("r")
            await screen.expect_dialog()
            await screen.yes()
            await screen.until(lambda: "▸ rolling back" in screen.row("002"))
            open_gate()
            await screen.expect_run("rolled back 002")


async def test_own_run_is_not_announced_as_that_of_another(waiting: Project, database: str) -> None:
    with closed_gate(database) as open_gate:
        async with waiting.open() as screen:
            await _apply_all(screen)
            await screen.until("1 applied")  # read during the run
            assert "run in progress" not in screen.text()
            open_gate()
            await screen.expect_run("done")


def test_a_lock_that_is_waited_for_has_one_line_in_the_log() -> None:
    readers = [Blocker(BlockerKind.SESSION, 1, pid, application="report", query="SELECT 1") for pid in (7, 8)]
    lock = AwaitedLock("public.t", "ACCESS EXCLUSIVE", "relation", 0.0, tuple(readers))
    assert [entry.text for entry in view(lock_events.Blocked("001_a.sql", 1, None, lock, at=at(1))).log] == [
        "waiting for ACCESS EXCLUSIVE on public.t, blocked by pid 7 report, and 1 more"
    ]


def test_line_of_a_lock_comes_again_only_for_another_lock_or_other_sessions_in_the_way() -> None:
    first, second = (Blocker(BlockerKind.SESSION, 1, pid, state_seconds=float(pid)) for pid in (7, 8))
    lock = AwaitedLock("public.t", "ACCESS EXCLUSIVE", "relation", 0.0, (first,))
    tried = replace(lock, tries=2, queue=3, seconds=2.0, blockers=(replace(first, state_seconds=9.0),))
    others, another = replace(lock, blockers=(first, second)), replace(lock, relation="public.u")

    def log(*locks: AwaitedLock) -> list[str]:
        waits = [lock_events.Blocked("001_a.sql", 1, None, one, at=at(n)) for n, one in enumerate(locks)]
        seen = view(*waits)
        assert seen.blocked is waits[-1], "the lines above the log have the newest facts"
        return [entry.text.partition(",")[0] for entry in seen.log]

    table, other_table = ("waiting for ACCESS EXCLUSIVE on public." + name for name in "tu")
    assert log(lock, tried, tried) == [table]
    assert log(lock, others, tried) == [table] * 3
    assert log(lock, another) == [table, other_table]
    after = (lock_events.Unblocked("001_a.sql", 1, 2.0), lock_events.Blocked("001_a.sql", 1, None, lock))
    assert len(view(lock_events.Blocked("001_a.sql", 1, None, lock), *after).log) == 3


@pytest.mark.parametrize("theme", ["dark", "terminal"])
async def test_collapsed_run_says_its_target_and_its_time_once(project: Project, theme: str) -> None:
    project.table(1)
    async with project.open((80, 24), Terminal(theme=theme)) as screen:
        end = events.RunFinished(events.RunResult.DONE, "Applied 1 migration.")
        screen.main.view = RunView("staging", Direction.APPLY, START, finished=end, ended=START).close()
        await screen.until("done: Applied 1")
        line = next(line for line in screen.lines() if "done: Applied 1" in line)
        assert line.count("on staging") == 1
        assert line.count(end_time(START)) == 1


async def test_session_of_the_run_that_has_just_ended_is_no_run_in_progress(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        main = screen.main
        await screen.until(lambda: main.snapshot.check.since is None)
        known = main.snapshot.check.status
        assert known is not None
        assert main.control.ended_id

        def said(run_id: str, ended: float) -> bool:
            """Return whether the session of a run is shown as a run in progress, `ended` after the last one."""
            assert main.view is not None
            main.view = replace(main.view, ended=ended)
            holder = LockHolder(77, "koonj", "local", "ada", None, RunName(run_id, None, None, "ada@bastion"))
            main.target_answered(TargetAnswered("local", replace(known, running=holder)))
            status = main.snapshot.check.status
            return status is not None and status.running is not None

        asked: list[str] = []
        monkeypatch.setattr(main.watcher, "ask", lambda target: asked.append(target.name))
        own = main.control.ended_id[:8]
        assert [said("00000000", now()), said(own, now() - 60.0), said(own, now())] == [True, True, False]
        await screen.until(lambda: asked == ["local"])


async def test_cancelled_run_says_what_it_did_and_what_it_did_not_start(
    waiting: Project, database: str
) -> None:
    with closed_gate(database):
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
    with closed_gate(database) as open_gate:
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
            open_gate()
            await screen.expect_run("done")
            assert "earlier: " not in screen.preview()
