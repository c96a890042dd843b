"""Rehearsals in the background and on request: which ones start, and how they end."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
from psycopg import connect

from koonj.config import Target
from koonj.postgres.embedded.binaries import discover
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.tui.toolkit.key_presses import KeyPresses
from koonj.tui.widgets.preview import Tab
from koonj.tui.workers import rehearsals, subprocesses
from support.recorded_rehearsals import INCOMPLETE, RecordedRehearsals, rehearsal
from support.screen import Project, apply


def requested_names(recorded: RecordedRehearsals) -> list[str]:
    """Return the names of all requested rehearsals, in all calls."""
    return [name for names in recorded.requested_names for name in names]


# Background rehearsals


async def test_pending_migrations_are_rehearsed_in_the_background(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("◉ verified")
        await screen.until("◔ incomplete")
        assert screen.row("001").endswith("◦ pending  ◉ verified")
        assert screen.row("002").endswith("◦ pending  ◔ incomplete")
        assert screen.row("003").endswith("◦ pending  ◕ lossy")
    assert recorded.requested_names == [["001_make_t1.sql", "002_make_t2.sql", "003_make_t3.sql"]]


async def test_many_migrations_are_rehearsed_by_several_processes(
    tables: Project, recorded: RecordedRehearsals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsals, "MAX_NAMES", 2)
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("◕ lossy")
    assert recorded.requested_names == [["001_make_t1.sql", "002_make_t2.sql"], ["003_make_t3.sql"]]


async def test_command_has_options_for_folder_and_priority(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    async with tables.open(rehearses=True, program=recorded.program) as screen:
        await screen.until("◉")
    options = ["rehearse", "--json", "--idle", "--migrations", str(tables.migrations)]
    assert recorded.calls[0][: len(options)] == options


async def test_edited_migration_is_rehearsed_and_applied_one_is_not(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    async with tables.open((140, 30)) as screen:
        await apply(screen)
    tables.write("002_make_t2.sql", "CREATE TABLE t2 (id bigint);\n-- Rollback:\n-- DROP TABLE t2;\n")
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("◔ incomplete")
        assert screen.row("002").endswith("✎ edited   ◔ incomplete")
        assert screen.row("001").endswith("✓ applied")
    assert recorded.requested_names == [["002_make_t2.sql"]]


async def test_verdict_stays_when_the_migration_is_applied(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("◕ lossy")
        await apply(screen)
        assert screen.row("001").endswith("✓ applied  ◉ verified")
    assert len(recorded.requested_names) == 1


async def test_migration_is_rehearsed_again_for_another_major_version(
    tmp_path: Path, database: str, recorded: RecordedRehearsals
) -> None:
    with connect(database) as connection:
        mine = connection.info.server_version // 10_000
    others = [found for found in discover() if found.major != mine]
    if not others:
        pytest.skip("PostgreSQL of one major version only is installed")
    with TemporaryServer(others[0]) as other:
        project = Project(tmp_path, Target("local", database), Target("staging", other.dsn()))
        project.table(1)
        async with project.open(rehearses=True, program=recorded.program) as screen:
            await screen.until("◉")
            await screen.press("3", "j", "enter", "1")
            await screen.until(lambda: "► staging" in screen.top())
            await screen.until(lambda: len(recorded.calls) == 2)
            await screen.pilot.pause(3 * rehearsals.PAUSE)
    asked_for = [call[call.index("--target-pg") + 1] for call in recorded.calls]
    assert asked_for == [str(mine), str(others[0].major)]


async def test_no_rehearsal_starts_before_the_target_answers(
    three_targets: Project, recorded: RecordedRehearsals
) -> None:
    three_targets.table(1)
    async with three_targets.open(rehearses=True, program=recorded.program) as screen:
        await screen.until("◉")
        await screen.press("3", "G", "enter", "1")
        await screen.until(lambda: "► production" in screen.top())
        assert "? unknown" in screen.row("001")
    assert len(recorded.calls) == 1


async def test_no_rehearsal_starts_while_keys_are_pressed(
    tables: Project, recorded: RecordedRehearsals, monkeypatch: pytest.MonkeyPatch
) -> None:
    typing, idle_seconds = True, KeyPresses.idle_seconds

    def idle_since_now(keys: KeyPresses, now: float) -> float:
        return 0.0 if typing else idle_seconds(keys, now)

    monkeypatch.setattr(KeyPresses, "idle_seconds", idle_since_now)
    async with tables.open(rehearses=True, program=recorded.program) as screen:
        await screen.press("j")
        assert idle_seconds(screen.app.key_presses, now := monotonic()) < now
        await screen.pilot.pause(3 * rehearsals.PAUSE)
        assert recorded.calls == []
        typing = False
        await screen.until("◉")


async def test_no_rehearsal_starts_when_disabled(tables: Project, recorded: RecordedRehearsals) -> None:
    async with tables.open(program=recorded.program) as screen:
        await screen.pilot.pause(3 * rehearsals.PAUSE)
        assert screen.row("001").endswith("◦ pending")
    assert recorded.calls == []


# Rehearsals on request


async def test_p_rehearses_the_selected_migration_in_any_state(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    async with tables.open((140, 30), program=recorded.program) as screen:
        await apply(screen)
        await screen.press("g", "j")
        await screen.press("p")
        await screen.until("002_make_t2.sql: incomplete. The rollback leaves the table t2 behind.")
        assert screen.bottom().startswith(" ! 002_make_t2.sql")
        await screen.press("k", "p")
        await screen.until("001_make_t1.sql: verified.")
        assert screen.bottom().startswith(" 001_make_t1.sql")
        await screen.press("j")
        assert "[Rehearsal]" in screen.pane("2")[0]
        await screen.until(lambda: "◔ incomplete" in screen.preview())
        assert screen.row("002").endswith("✓ applied  ◔ incomplete")
    assert recorded.requested_names == [["002_make_t2.sql"], ["001_make_t1.sql"]]
    assert "--again" in recorded.calls[0]


async def test_c_cancels_the_requested_rehearsal(tables: Project, recorded: RecordedRehearsals) -> None:
    recorded.pause_at("001_make_t1.sql")
    async with tables.open((140, 30), program=recorded.program) as screen:
        await screen.press("p")
        await screen.until("Rehearsing 001_make_t1.sql. To cancel, press c.")
        await screen.until("▹ rehearsing")
        await screen.press("p")
        assert "koonj is rehearsing 001_make_t1.sql. To cancel that, press c." in screen.bottom()
        await screen.press("c")
        await screen.until(" ! The rehearsal of 001_make_t1.sql was cancelled.")
        assert screen.row("001").endswith("◦ pending")
        await screen.until(lambda: recorded.terminated_calls == 1)


async def test_requested_rehearsal_runs_before_the_others(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    recorded.pause_at("001_make_t1.sql")
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("▹ rehearsing")
        await screen.press("G", "p")
        await screen.until("003_make_t3.sql: lossy.")
        recorded.resume("001_make_t1.sql")
        await screen.until("◉ verified")
        await screen.until("◔ incomplete")
    assert recorded.requested_names[1:] == [["003_make_t3.sql"], ["001_make_t1.sql", "002_make_t2.sql"]]


async def test_requested_rehearsal_shows_why_it_failed(
    project: Project, recorded: RecordedRehearsals
) -> None:
    async with project.open((140, 30), program=recorded.program) as screen:
        await screen.press("p")
        assert "No migration is selected." in screen.bottom()
        project.table(1)
        await screen.until("◦ pending")
        await apply(screen)
        (project.migrations / "001_make_t1.sql").unlink()
        await screen.until("∅ missing")
        await screen.press("p")
        assert "The file 001_make_t1.sql is missing, so it cannot be rehearsed." in screen.bottom()


# End of the process


async def test_quitting_ends_the_rehearsal_process(tables: Project, recorded: RecordedRehearsals) -> None:
    recorded.pause_at("001_make_t1.sql")
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("▹ rehearsing")
        await screen.press("q")
    assert recorded.terminated_calls == 1


async def test_ctrl_c_of_the_terminal_does_not_reach_the_process(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    """See `Subprocesses.run`: the process has a session of its own."""
    recorded.pause_at("001_make_t1.sql")
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("▹ rehearsing")
        await screen.press("ctrl+c")
        assert "Nothing is running" in screen.bottom()
        await asyncio.sleep(0.1)
        assert recorded.terminated_calls == 0


async def test_long_output_does_not_delay_keys(tables: Project, recorded: RecordedRehearsals) -> None:
    up = INCOMPLETE.apply * 5_000
    recorded.set_rehearsals(rehearsal("001_make_t1.sql", apply=up))
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        screen.main.preview.tab = Tab.REHEARSAL
        await screen.until("◉ verified")
        await screen.until("the first 500 statements")


async def test_different_major_version_of_the_scratch_server_is_shown(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    recorded.set_rehearsals(rehearsal("001_make_t1.sql", server="PostgreSQL 12.1", major=12))
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("◕ lossy")
        screen.main.preview.tab = Tab.REHEARSAL
        await screen.until("on PostgreSQL 12.1, from the folder's own files")
        await screen.until("! local is PostgreSQL")


async def test_y_copies_the_rehearsal(tables: Project, recorded: RecordedRehearsals) -> None:
    recorded.set_rehearsals(replace(INCOMPLETE, name="001_make_t1.sql", number=1))
    async with tables.open((140, 40), rehearses=True, program=recorded.program) as screen:
        await screen.until("◕ lossy")
        await screen.press("2", "v", "v", "v", "v")
        await screen.until("Differences: 3 objects")
        await screen.press("y")
        text = await screen.expect_dialog("Copy: the rehearsal of 001_make_t1.sql")
        assert "+ CREATE INDEX documents_status_idx ON public.documents" in text
        assert "ACCESS EXCLUSIVE documents" in text


async def test_process_is_killed_when_it_ignores_sigterm(
    tables: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocesses, "GRACE", 0.2)
    pid = tmp_path / "pid"
    stubborn = ("sh", "-c", f"trap '' TERM; echo $$ > {pid}; exec sleep 60")
    async with tables.open((140, 30), rehearses=True, program=stubborn) as screen:
        await screen.until(lambda: pid.exists() and bool(pid.read_text()))
        await screen.press("q")
    assert not Path("/proc", pid.read_text().strip()).exists()


def _processes(words: str) -> list[str]:
    """Return the processes with `words` in their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            if words.encode() in (folder / "cmdline").read_bytes():
                found.append(folder.name)
    return found


async def test_process_that_is_just_being_started_is_ended_too(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    children = subprocesses.Subprocesses(tmp_path, ("sh", "-c", f"read x < {fifo}"))

    async def run() -> bytes:
        async with children.run() as output:
            return await output.read()

    running = asyncio.ensure_future(run())
    await asyncio.sleep(0)
    assert not running.done()
    assert _processes(str(fifo))  # it is there, but asyncio has not connected its pipes
    await children.close()
    assert not _processes(str(fifo))
    with pytest.raises(OSError, match="the screen is closing"):
        await running


async def test_no_process_is_started_after_the_screen_has_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would end it."""
    monkeypatch.setattr(asyncio, "create_subprocess_exec", None)
    children = subprocesses.Subprocesses(tmp_path, ("true",))
    await children.close()
    with pytest.raises(OSError, match="the screen is closing"):
        async with children.run():
            pass
