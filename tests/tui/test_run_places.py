"""Each line of the Run log that is about a migration leads to it: with Enter, and with a click."""

from __future__ import annotations

import asyncio
import subprocess
from datetime import UTC, datetime

import pytest

from koonj.runner.run import events, lock_events
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event
from koonj.runner.run.failure import AwaitedLock
from koonj.tui.screens.editor import Editor
from koonj.tui.screens.history_entry import EntryScreen
from koonj.tui.state.file_place import FileLine
from koonj.tui.state.run import RunView
from koonj.tui.state.run_events import fold
from koonj.tui.widgets.entry_panes import EntryLog
from koonj.tui.widgets.run_pane import RunPane
from support.command import KOONJ
from support.screen import Project, Screen

SEVERAL = """\
CREATE TABLE a (id int);

CREATE INDEX CONCURRENTLY i ON a (id);

SELECT 1 / 0;
-- Rollback: none: a test
"""


async def fail(screen: Screen) -> RunPane:
    """Apply all, wait for the failure, and give the Run pane the focus."""
    await screen.press("A")
    await screen.expect_dialog()
    await screen.yes()
    await screen.expect_run("failed")
    await screen.press("4")
    pane = screen.main.query_one(RunPane)
    await screen.until(lambda: pane.place_here == FileLine("002_several.sql", 5))
    return pane


def line_of(pane: RunPane, text: str) -> int:
    """Return the index of the line of the run that contains `text`."""
    width = pane.size.width
    return next(i for i in range(pane.count()) if text in pane.draw(i, width).text)


@pytest.fixture
def several(project: Project) -> Project:
    project.table(1)
    project.write("002_several.sql", SEVERAL)
    return project


async def test_enter_on_a_line_of_the_log_leads_to_its_statement(several: Project) -> None:
    async with several.open((120, 36)) as screen:
        pane = await fail(screen)
        pane.go_to(line_of(pane, "2 of 3 CREATE INDEX"))
        await screen.pilot.pause()
        assert pane.place_here == FileLine("002_several.sql", 3)
        assert any(line.startswith("›") and "CREATE INDEX" in line for line in screen.pane("4"))
        await screen.press("enter")
        assert screen.main.pane is screen.main.preview
        await screen.until("3›CREATE INDEX CONCURRENTLY")
        assert "5!SELECT 1 / 0;" in screen.preview()
        await screen.press("i")
        await screen.until(lambda: isinstance(screen.app.screen, Editor))
        assert isinstance(screen.app.screen, Editor)
        assert screen.app.screen.text.cursor_location == (2, 0)


async def test_enter_on_an_applied_migration_shows_its_file(several: Project) -> None:
    async with several.open((120, 36)) as screen:
        pane = await fail(screen)
        pane.go_to(line_of(pane, "applied 001_make_t1.sql"))
        await screen.press("enter")
        await screen.until("CREATE TABLE t1")
        assert screen.row("001 make_t1").startswith("›")


async def test_enter_on_a_line_of_the_result_leads_to_the_failure(several: Project) -> None:
    async with several.open((120, 36)) as screen:
        pane = await fail(screen)
        await screen.press("1", "g", "4")
        pane.go_to(line_of(pane, "ERROR 22012"))
        await screen.press("enter", "i")
        await screen.until(lambda: isinstance(screen.app.screen, Editor))
        assert isinstance(screen.app.screen, Editor)
        assert screen.app.screen.text.cursor_location == (4, 0)


async def test_click_on_a_line_of_the_log_leads_to_its_statement(several: Project) -> None:
    async with several.open((120, 36)) as screen:
        pane = await fail(screen)
        pane.go_to(0)
        await screen.pilot.pause()
        index = line_of(pane, "1 of 3 CREATE TABLE")
        y = next(y for y in range(pane.size.height) if pane.line_at(y) == index)
        await screen.pilot.click(RunPane, offset=(20, y))
        await screen.until("1›CREATE TABLE a")
        assert screen.main.pane is screen.main.preview


async def test_new_lines_move_the_cursor_only_while_it_is_on_the_last_one(several: Project) -> None:
    async with several.open((120, 36)) as screen:
        pane = await fail(screen)
        assert pane.view is not None
        running = RunView("local", Direction.APPLY, 0.0)
        pane.view = first = fold(running, [_notice(n) for n in range(30)])
        await screen.until(lambda: pane.cursor == 29)
        pane.go(-5)
        pane.view = second = fold(first, [_notice(30)])
        await screen.until(lambda: pane.count() == 31)
        await screen.pilot.pause()
        assert pane.cursor == 24
        await screen.press("G")
        pane.view = fold(second, [_notice(31)])
        await screen.until(lambda: pane.cursor == 31)


async def test_enter_in_an_old_entry_of_the_history_leads_to_where_it_failed(project: Project) -> None:
    project.write("001_fails.sql", "SELECT 1;\nSELECT 2 FROM nowhere;\n-- Rollback: none: a test\n")
    options = ("--dsn", project.targets[0].dsn, "--migrations", str(project.migrations))
    await asyncio.to_thread(subprocess.run, (*KOONJ, "apply", "--yes", *options), check=False, timeout=60)
    project.table(2)
    async with project.open((120, 36)) as screen:
        for keys in (("enter",), ("tab", "g", "enter")):
            screen.main.migrations.select("002_make_t2.sql")
            await screen.press("1", "H")
            await screen.until("001_fails.sql")
            await screen.press("enter")
            await screen.until(lambda: isinstance(screen.app.screen, EntryScreen))
            await screen.until(lambda: screen.app.screen.query_one(EntryLog).count() > 0)
            await screen.press(*keys)
            await screen.until(lambda: screen.app.screen is screen.main)
            await screen.until("2›SELECT 2 FROM nowhere;")
            assert screen.row("001 fails").startswith("›")


def _notice(number: int) -> events.Notice:
    return events.Notice("001_a.sql", "NOTICE", f"number {number}")


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


LOCK = AwaitedLock("public.t", "ACCESS EXCLUSIVE", "relation", 1.0, ())
STATEMENT = events.StatementStarted("001_a.sql", 2, 3, 7, "alter table t", at=at(1))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (events.Notice("001_a.sql", "NOTICE", "hello", at=at(2)), 7),
        (events.Retrying("001_a.sql", 2, 5, "55P03", "timeout", 1.0, at=at(2)), 7),
        (lock_events.Blocked("001_a.sql", 2, 4.0, LOCK, at=at(2)), 7),
        (lock_events.Unblocked("001_a.sql", 2, 1.0, at=at(2)), 7),
        (lock_events.TimedTry("001_a.sql", 2, 1.0, lock_events.TryReason.AGAIN, at=at(2)), 7),
        (
            events.Progress(
                "001_a.sql", 2, "CREATE INDEX", "t", "building", 1, 2, None, None, None, at=at(2)
            ),
            7,
        ),
        (events.StatementFinished("001_a.sql", 2, 3, "ALTER TABLE", 9000.0, at=at(2)), 7),
        (events.Cancelling(at=at(2)), 7),
        (events.MigrationFinished("002_b.sql", Direction.APPLY, 1.0, 1, at=at(2)), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_line_of_the_log_has_the_place_of_its_statement(event: Event, line: int | None) -> None:
    view = fold(RunView("local", Direction.APPLY, 0.0), [STATEMENT, event])
    name = "001_a.sql" if line else "002_b.sql"
    assert view.log
    assert {entry.place for entry in view.log} == {FileLine(name, line)}


def test_line_about_the_whole_run_has_no_place() -> None:
    view = fold(RunView("local", Direction.APPLY, 0.0), [events.CancelAsked("dev1", at=at(2))])
    assert [entry.place for entry in view.log] == [None]
