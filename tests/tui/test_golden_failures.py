"""Golden tests of runs in progress, failures, and questions before something is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from koonj import humanize
from koonj.config import Target
from koonj.postgres.blockers import LockWait, lock_wait
from koonj.postgres.progress import CommandProgress, Counter, Unit, command_progress
from koonj.runner.apply import statement_watch
from koonj.tui.screens import editor_file
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.widgets import run_pane
from koonj.tui.widgets.run_pane import RunPane
from koonj.tui.workers import watcher
from support.screen import Golden, Project, Screen

Steps = Callable[[Screen], Awaitable[None]]
SIZES = [(80, 24), (120, 36)]
KEY = 7
"""Advisory lock that the test holds, so that a statement of a migration waits for it."""


@pytest.fixture
def project(three_targets: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Three migrations: the second can wait for a lock, the third fails. One target is unreachable."""
    monkeypatch.chdir(three_targets.root)
    monkeypatch.setattr(editor_file, "LOOK", 0.05)
    # The screen reads the states again during a run, at a time that varies: not in these tests.
    monkeypatch.setattr(watcher, "FOLLOW_INTERVAL", 3600.0)
    # Who is in the way is looked up at a time that varies, too. `blocked` is about that.
    monkeypatch.setattr(statement_watch, "FIRST", 3600.0)
    three_targets.table(1)
    three_targets.write(
        "002_wait.sql",
        f"""
        -- koonj: lock_timeout 1min
        BEGIN;
        CREATE TABLE t2 (id int);
        SELECT pg_advisory_xact_lock({KEY});
        COMMIT;

        -- Rollback:
        -- DROP TABLE t2;
        """,
    )
    three_targets.write(
        "003_wrong.sql",
        """
        -- A migration with a typing error.
        BEGIN;
        INSERT INTO t1 (id, nmae) VALUES (1, 'a');
        COMMIT;

        -- Rollback: none: it is wrong
        """,
    )
    return three_targets


async def _yes_to_all(screen: Screen) -> None:
    await screen.press("A")
    await screen.expect_dialog("Apply 3 migrations to local?")
    await screen.yes()


async def _running(screen: Screen) -> None:
    await _yes_to_all(screen)
    await screen.until("statement 2 of 2")
    await screen.until("1 applied")


async def _running_zoomed(screen: Screen) -> None:
    await _running(screen)
    await screen.press("4", "plus")
    await screen.until("zoomed")


async def _leave(screen: Screen) -> None:
    await _running(screen)
    await screen.press("q")
    await screen.expect_dialog("Quit during a run?")


async def _cancelled(screen: Screen) -> None:
    await _running(screen)
    await screen.cancel_run()
    await screen.expect_run("cancelled")
    await screen.until("✗ 002 failed")


WHILE_RUNNING: dict[str, Steps] = {
    "running": _running,
    "running_zoomed": _running_zoomed,
    "leave": _leave,
    "cancelled": _cancelled,
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", WHILE_RUNNING)
async def test_run_screens_match_golden(
    project: Project, golden: Golden, name: str, size: tuple[int, int]
) -> None:
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        async with project.open(size) as screen:
            await WHILE_RUNNING[name](screen)
            await golden(screen, f"{name}_{size[0]}")
            other.execute("SELECT pg_advisory_unlock_all()")
            await screen.press("escape")
            await screen.until(lambda: not screen.main.control.running)


def _stop_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time pass on the screen, so that what grows there stays as the server said it."""
    begun = humanize.now()
    monkeypatch.setattr(run_pane, "now", lambda: begun)


async def _the_same_each_time(conn: psycopg.AsyncConnection, pid: int) -> LockWait | None:
    """Return what is in the way, with numbers that do not vary."""
    found = await lock_wait(conn, pid)
    if found is None:
        return None
    numbers = {blocker.pid: 16835 + place for place, blocker in enumerate(found.blockers)}
    blockers = tuple(
        replace(b, pid=numbers[b.pid], behind=numbers.get(b.behind), user="dev1", xact_seconds=192.0)
        for b in found.blockers
    )
    return replace(found, seconds=12.0, longest=4.0 if found.queue else 0.0, blockers=blockers)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_blocked_run_matches_golden(
    project: Project, golden: Golden, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(statement_watch, "FIRST", 0.02)
    monkeypatch.setattr(statement_watch, "lock_wait", _the_same_each_time)
    _stop_clock(monkeypatch)
    project.write("002_wait.sql", "-- koonj: lock_timeout 1min\nALTER TABLE t1 ADD b int;\n")
    dsn = project.targets[0].dsn
    with (
        psycopg.connect(dsn, application_name="report") as reader,
        psycopg.connect(dsn, application_name="import") as writer,
    ):
        async with project.open(size) as screen:
            await screen.press("a")
            await screen.expect_dialog("Apply 1 migration to local?")
            await screen.yes()
            await screen.expect_run("done")
            writer.execute("CREATE TABLE other (a int)")
            writer.commit()
            reader.execute("LOCK TABLE other")
            writer.execute("SELECT count(*) FROM t1")
            waiting = asyncio.create_task(asyncio.to_thread(writer.execute, "SELECT FROM other"))
            waits = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'other'::regclass"
            await screen.until(lambda: bool(reader.execute(waits).fetchall()))
            await screen.press("a")
            await screen.expect_dialog("Apply 1 migration to local?")
            await screen.yes()
            await screen.until("blocked by pid 16836")
            await _newest_line(screen)
            await golden(screen, f"blocked_{size[0]}")
            reader.rollback()
            await waiting
            writer.rollback()
            await screen.expect_run("done")


async def _halfway(conn: psycopg.AsyncConnection, pid: int) -> CommandProgress | None:
    """Return the progress, with numbers that do not vary."""
    found = await command_progress(conn, pid)
    return None if found is None else replace(found, counter=Counter(12 * 2**30, 27 * 2**30, Unit.BYTES))


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_progress_matches_golden(
    project: Project, golden: Golden, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(statement_watch, "FIRST", 0.02)
    monkeypatch.setattr(statement_watch, "command_progress", _halfway)
    project.write(
        "002_wait.sql",
        f"""
        -- koonj: lock_timeout 1min
        BEGIN;
        CREATE FUNCTION wait(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared({KEY});
            RETURN $1;
        END $$;
        INSERT INTO t1 VALUES (1);
        CREATE INDEX t1_wait_idx ON t1 (wait(id));
        COMMIT;
        """,
    )
    monkeypatch.setattr(statement_watch, "lock_wait", _nobody)
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        async with project.open(size) as screen:
            await screen.press("A")
            await screen.expect_dialog("Apply 3 migrations to local?")
            await screen.yes()
            await screen.until("44 %")
            await _newest_line(screen)
            await golden(screen, f"progress_{size[0]}")
            other.execute("SELECT pg_advisory_unlock_all()")
            await screen.expect_run("failed")


async def _newest_line(screen: Screen) -> None:
    """Wait until the Run pane has scrolled to its newest line, and the state of the first migration is read."""
    pane = screen.main.query_one(RunPane)
    await screen.until(lambda: "1 applied" in screen.top() and pane.top == pane.last_top)


async def _nobody(_conn: psycopg.AsyncConnection, _pid: int) -> None:
    """Report that nobody is in the way of the index build."""


@pytest.mark.parametrize("size", [*SIZES, (40, 12)], ids=str)
async def test_failed_statement_matches_golden(
    project: Project, golden: Golden, size: tuple[int, int]
) -> None:
    async with project.open(size) as screen:
        await _yes_to_all(screen)
        await screen.expect_run("failed")
        await screen.until("✗ 003 failed")
        await golden(screen, f"wrong_{size[0]}")


async def _unreachable(screen: Screen) -> None:
    await screen.press("t", "G", "enter", "1", "a")
    await screen.until("? unknown")
    await screen.until("production cannot be reached")


async def _rollback(screen: Screen) -> None:
    await screen.press("2", "v")
    await screen.until("DROP TABLE t1")


async def _folder_problem(screen: Screen) -> None:
    (screen.folder / "004-no snake.sql").write_text("SELECT 1;\n")
    await screen.press("R")
    await screen.until("004-no snake.sql")
    await screen.until(lambda: all(c.status and c.since is None for c in screen.main.snapshot.checks))


async def _nothing_found(screen: Screen) -> None:
    await screen.press("slash")
    await screen.type("zebra")
    await screen.until("None of 3")


async def _new(screen: Screen) -> None:
    await screen.press("n")
    await screen.until("Tables")
    await screen.type("/create_index")
    await screen.until("─ Create an index c")


async def _commands(screen: Screen) -> None:
    await screen.press("colon")
    await screen.until("apply-next")


async def _editor(screen: Screen) -> None:
    await screen.press("i")
    await screen.until("No problems")


async def _saved(screen: Screen) -> None:
    await _editor(screen)
    await screen.type("-- mine")
    await screen.press("enter", "ctrl+s")
    await screen.until("Saved.")


def _replace(file: Path, text: str) -> None:
    """Write a file in one step, so that the editor never reads half of it."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


async def _changed_on_disk(screen: Screen) -> None:
    await _editor(screen)
    await screen.type("-- mine")
    # The editor has the text now. Without it, it would load the other program's text and ask nothing.
    await screen.until("-- mine-- 001_make_t1.sql")
    _replace(screen.folder / "001_make_t1.sql", "SELECT 'theirs';\n")
    await screen.until("changed on disk")
    await screen.press("ctrl+s")
    await screen.expect_dialog("Changed on disk")


NO_RUN: dict[str, Steps] = {
    "unreachable": _unreachable,
    "rollback": _rollback,
    "folder_problem": _folder_problem,
    "nothing_found": _nothing_found,
    "new_index": _new,
    "commands_all": _commands,
    "editor_clean": _editor,
    "editor_saved": _saved,
    "changed_on_disk": _changed_on_disk,
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", NO_RUN)
async def test_screens_match_golden(
    project: Project, golden: Golden, name: str, size: tuple[int, int]
) -> None:
    async with project.open(size) as screen:
        await NO_RUN[name](screen)
        await golden(screen, f"{name}_{size[0]}")


@pytest.mark.parametrize("name", ["changed_on_disk", "unreachable"])
async def test_screen_without_colour_has_same_text(project: Project, golden: Golden, name: str) -> None:
    async with project.open((80, 24), Terminal(colour=False)) as screen:
        await NO_RUN[name](screen)
        await golden(screen, f"{name}_80")


async def test_failure_without_colour_has_same_text(project: Project, golden: Golden) -> None:
    async with project.open((80, 24), Terminal(colour=False)) as screen:
        await _yes_to_all(screen)
        await screen.expect_run("failed")
        await screen.until("✗ 003 failed")
        await golden(screen, "wrong_80")


async def test_ascii_screens_match_golden(project: Project, golden: Golden) -> None:
    async with project.open((80, 24), Terminal(ascii_only=True)) as screen:
        for steps, name in ((_rollback, "rollback"), (_commands, "commands_all")):
            await steps(screen)
            assert screen.text().isascii()
            await golden(screen, f"{name}_80_ascii")
            await screen.press("escape")
        await _yes_to_all(screen)
        await screen.expect_run("failed")
        await screen.until("x 003 failed")
        assert screen.text().isascii()
        await golden(screen, "wrong_80_ascii")


async def test_empty_folder_and_unreachable_target_match_golden(project: Project, golden: Golden) -> None:
    for file in project.migrations.iterdir():
        file.unlink()
    project.targets = (Target("local", "host=127.0.0.1 port=1 user=nobody dbname=none"),)
    async with project.open((80, 24)) as screen:
        await golden(screen, "nothing_80")
