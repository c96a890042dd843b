"""Errors stay visible until the user dismisses them; cancel and quit during a run."""

from __future__ import annotations

from koonj.tui.screens.quit_dialog import QuitDialog
from support.screen import Project, Screen

BROKEN = """\
-- 001_broken.sql
BEGIN;
CREATE TABLE fine (id int);
ALTER TABLE nowhere ADD COLUMN "[red]" int;
COMMIT;
-- Rollback:
-- DROP TABLE fine;
"""
SLEEP = "SELECT pg_sleep(30);\n-- Rollback: none: it sleeps\n"


async def start(screen: Screen, key: str = "a") -> None:
    """Confirm a run of the next migration, or with `A` of all."""
    await screen.press(key)
    await screen.expect_dialog()
    await screen.press("y")


async def test_error_shows_all_details_and_stays(project: Project) -> None:
    path = project.write("001_broken.sql", BROKEN)
    project.table(2)
    async with project.open((120, 40)) as screen:
        await start(screen, "A")
        await screen.expect_run("failed")
        run = screen.run()
        assert "statement 2 of 2" in run
        assert f"{path.name}:4" in run.replace("\n   ", "")
        assert 'ALTER TABLE nowhere ADD COLUMN "[red]" int;' in run
        assert not [line for line in run.splitlines() if line.strip() == "^"], "the server names no place"
        assert "42P01" in run
        assert 'relation "nowhere" does not exist' in run
        assert "committed" in run
        assert "state" in run
        assert "next" in run
        await screen.until("✗ failed")
        await screen.press("j", "k", "R")
        assert "42P01" in screen.run()
        await screen.press("escape")
        assert len(screen.pane("4")) == 1


async def test_cancel_stops_the_statement_on_the_server(project: Project) -> None:
    project.write("001_sleep.sql", SLEEP)
    async with project.open() as screen:
        await start(screen)
        await screen.until("statement 1 of 1")
        assert "applying on local  migration 1 of 1  001_sleep.sql" in screen.run()
        await screen.cancel_run("ctrl+c")
        await screen.expect_run("cancelled")


async def test_elapsed_time_updates_while_a_statement_runs(project: Project) -> None:
    project.write("001_sleep.sql", SLEEP)
    async with project.open() as screen:
        await start(screen)
        await screen.until("001_sleep.sql  0:01")
        await screen.cancel_run()
        await screen.expect_run("cancelled")


async def test_quit_asks_during_a_run(project: Project) -> None:
    project.write("001_sleep.sql", SLEEP)
    async with project.open() as screen:
        await start(screen)
        await screen.until("statement 1 of 1")
        await screen.press("q")
        await screen.expect_dialog("Quit during a run?")
        await screen.press("escape")
        assert not isinstance(screen.app.screen, QuitDialog)
        assert screen.main.control.running
        await screen.press("q")
        await screen.expect_dialog("Quit during a run?")
        await screen.press_to_exit("c")
        assert screen.app.return_code == 0


async def test_target_cannot_be_changed_during_a_run(three_targets: Project) -> None:
    three_targets.write("001_sleep.sql", SLEEP)
    async with three_targets.open() as screen:
        await start(screen)
        await screen.until("statement 1 of 1")
        await screen.press("t", "j", "enter")
        assert "You can choose another target after it has finished." in screen.bottom()
        assert "► local" in screen.top()
        await screen.press("A")
        assert "A run is in progress" in screen.bottom()
        await screen.cancel_run()
        await screen.expect_run("cancelled")
