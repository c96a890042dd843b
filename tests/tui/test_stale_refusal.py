"""A command that an old state of the target refuses: another process can have changed the target since."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from time import monotonic

import pytest

from koonj.tui.workers import watcher
from support.screen import Project, Screen, apply

NOTHING = "Nothing is pending on local."


@pytest.fixture(autouse=True)
def _no_automatic_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "TARGET_INTERVAL", 3600.0)


async def roll_back_elsewhere(project: Project) -> None:
    """Run `koonj rollback` as in another terminal."""
    target = project.targets[0]
    call = [sys.executable, "-m", "koonj", "--dsn", target.dsn, "--migrations", str(project.migrations)]
    process = await asyncio.create_subprocess_exec(
        *(*call, "rollback", "--yes"), cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    written, _ = await process.communicate()
    assert process.returncode == 0, written.decode()


def refused(screen: Screen) -> bool:
    """Return whether the refusal is shown, and the target was read since."""
    return NOTHING in screen.bottom() and screen.main.snapshot.check.since is None


async def test_first_press_opens_the_plan_after_a_rollback_in_another_terminal(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await apply(screen)
        await roll_back_elsewhere(project)
        assert screen.main.snapshot.check.counts.pending == 0
        await screen.press("a")
        await screen.expect_dialog("001_make_t1.sql")
        await screen.press("escape")


async def test_another_key_takes_the_refused_command_back(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await apply(screen)
        await roll_back_elsewhere(project)
        reading = screen.main.watcher.ask_again
        asked: list[bool] = []
        screen.main.watcher.ask_again = lambda: asked.append(True) or True  # type: ignore[func-returns-value, method-assign]
        await screen.press("a")
        assert NOTHING in screen.bottom()
        assert asked == [True]
        await screen.press("j")
        reading()
        await screen.until(lambda: screen.main.snapshot.check.counts.pending == 1)
        await screen.pilot.pause()
        assert screen.app.screen is screen.main
        assert not screen.main.control.running


async def test_later_state_does_not_start_what_was_refused_rightly(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await apply(screen)
        await screen.press("a")
        assert NOTHING in screen.bottom()
        await screen.until(lambda: not screen.main._looks_again and refused(screen))
        project.table(2)
        await screen.until(lambda: screen.main.snapshot.check.counts.pending == 1)
        await screen.pilot.pause()
        before = screen.main.snapshot.check
        screen.main.watcher.ask_all()
        await screen.until(lambda: screen.main.snapshot.check.since is None)
        await screen.until(lambda: screen.main.snapshot.check is not before)
        await screen.until(lambda: screen.main.snapshot.check.since is None)
        assert screen.app.screen is screen.main
        assert not screen.main.control.running


async def test_refusal_during_a_run_reads_nothing_again(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await apply(screen)
        screen.main.control.running = True
        screen.main.known = screen.main.snapshot.with_check("local", None, monotonic())  # it is being read
        await screen.press("a")
        assert "A run is in progress" in screen.bottom()
        assert not screen.main._looks_again
        screen.main.control.running = False
