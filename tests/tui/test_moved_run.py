"""A run that was confirmed on the screen continues in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from koonj.config import Password, Target
from koonj.postgres.run_name import SHORT_ID
from koonj.runner.process.journal_reader import KnownRun
from koonj.runner.run.events import RunFinished
from koonj.tui.screens.dialog import Dialog
from koonj.tui.state.run import RunView
from koonj.tui.workers import past_runs
from koonj.tui.workers.run_process import RunProcess, RunProcessError
from koonj.tui.workers.watched_run import watched_run
from support.moved_screen import Gate, apply_all, gate, processes
from support.pilot import PATIENCE
from support.screen import Project, apply
from tui.conftest import short_dsn


@pytest.fixture(autouse=True)
def _own_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(home))


@pytest.fixture
def at_gate(project: Project) -> Iterator[Gate]:
    """A gate in the migration 001; the migration 002 makes a table."""
    with gate(project) as made:
        made.write(1)
        project.table(2)
        yield made


async def test_run_has_a_process_of_its_own_and_is_followed(tables: Project) -> None:
    async with tables.open(moves_runs=True) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        (waiting,) = processes()
        await screen.yes()
        await screen.expect_run("done")
        assert "applied 003_make_t3.sql, 1 statement" in screen.run()
        assert "done: Applied 3 migrations." in screen.run()
        assert not processes()
    (run,) = Gate.runs_of(tables)
    assert (run.head.pid, run.head.committed, run.is_seen) == (waiting, 3, True)


async def test_protected_target_is_confirmed_once(protected: Project) -> None:
    protected.table(1)
    async with protected.open(moves_runs=True) as screen:
        await screen.press("a")
        await screen.expect_dialog("PROTECTED")
        await screen.type("production")
        await screen.press("enter")
        await screen.expect_run("done")
    assert Gate.runs_of(protected)[0].head.committed == 1


@pytest.mark.parametrize("keys", [("escape",), ("n",), ("ctrl+c",)])
async def test_process_ends_if_the_answer_is_no(tables: Project, keys: tuple[str, ...]) -> None:
    async with tables.open(moves_runs=True) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        assert len(processes()) == 1
        await screen.press(*keys)
        await screen.expect_run("not confirmed")
        await screen.until(lambda: not processes())
    assert not Gate.runs_of(tables)


async def test_process_ends_with_a_screen_that_is_closed_before_the_answer(tables: Project) -> None:
    async with tables.open(moves_runs=True) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        assert len(processes()) == 1
    assert not processes()
    assert not Gate.runs_of(tables)


async def test_process_that_gets_nothing_or_a_part_changes_nothing() -> None:
    ends = []
    for part in (b"", b'{"environ": {}}\n', b"confirmed"):
        process = RunProcess()._process
        _, _ = await asyncio.to_thread(process.communicate, part)
        ends.append(process.returncode)
    assert ends == [3, 3, 3]


async def test_plan_that_changed_before_the_yes_is_refused(tables: Project) -> None:
    async with tables.open(moves_runs=True) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        tables.table(4)
        await screen.yes()
        await screen.expect_run("The files or the target changed after the plan was shown")
    assert Gate.runs_of(tables)[0].head.committed == 0


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (("/nowhere/koonj",), "Cannot start a process: No such file or directory."),
        ((sys.executable, "-c", "pass"), "Its own process has ended early."),
    ],
)
async def test_run_stays_in_this_process_if_no_other_can_be_started(
    tables: Project, program: tuple[str, ...], reason: str
) -> None:
    async with tables.open((120, 30), moves_runs=True, run_program=program) as screen:
        await apply_all(screen, "done: Applied 3 migrations.")
        await screen.press("4", "plus")
        text = f"WARNING: The run stays in this process, and ends with it. {reason}"
        assert text in " ".join(screen.run().split())
        await screen.expect_run("done")
    assert not Gate.runs_of(tables)


async def test_run_stays_in_this_process_if_there_is_no_journal(
    tables: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    monkeypatch.setenv("TMPDIR", str(blocked))
    async with tables.open((120, 30), moves_runs=True) as screen:
        await apply_all(screen, "done: Applied 3 migrations.")
        await screen.press("4", "plus")
        text = f"The run stays in this process, and ends with it. Cannot create {blocked}"
        assert text in " ".join(screen.run().split())
        await screen.expect_run("done")
        assert not processes()


async def test_run_that_was_left_is_followed_by_the_next_screen(project: Project, at_gate: Gate) -> None:
    async with project.open(moves_runs=True) as screen:
        await apply_all(screen)
        (run,) = at_gate.runs()
        await screen.press("q")
        short = run.id[:SHORT_ID]
        await screen.expect_dialog("l: The run continues in its own process.", f"koonj attach {short}")
        assert "l leave it running and quit  c cancel it and quit  Esc stay" in screen.text()
        await screen.press_to_exit("l")
        assert screen.app.backend.following is not None
        assert screen.app.backend.following.survives
    assert at_gate.runs()[0].is_in_progress
    async with project.open(moves_runs=True) as screen:
        await screen.until("applying on local  migration 1 of 2  001_gate.sql")
        assert "c cancel" in screen.run()
        at_gate.open()
        await screen.expect_run("done")
        assert "done: Applied 2 migrations." in screen.run()
        assert "2 applied" in screen.top()


async def test_quit_dialog_can_be_left_and_cancels(project: Project, at_gate: Gate) -> None:
    async with project.open(moves_runs=True) as screen:
        await apply_all(screen)
        await screen.press("q")
        await screen.expect_dialog("c: 001_gate.sql runs in one transaction.")
        await screen.press("escape")
        assert not isinstance(screen.app.screen, Dialog)
        assert at_gate.runs()[0].is_in_progress
        await screen.press("q")
        await screen.expect_dialog()
        await screen.press_to_exit("c")
    run = at_gate.wait_for_end()
    assert run.head.result == "cancelled"


async def test_result_that_nobody_saw_is_told_once_and_the_log_can_be_opened_again(
    project: Project, at_gate: Gate
) -> None:
    async with project.open(moves_runs=True) as screen:
        await apply_all(screen)
    at_gate.open()
    assert at_gate.wait_for_end().head.result == "done"
    async with project.open(moves_runs=True) as screen:
        await screen.until("This run ended while nobody watched it.")
        assert "applied 001_gate.sql, 2 statements" in screen.run()
        assert "done: Applied 2 migrations." in screen.run()
    async with project.open(moves_runs=True) as screen:
        await screen.until("Applied 2 migrations.")
        assert "nobody watched" not in screen.text()
        assert "applied 001_gate.sql" not in screen.run()
        await screen.press("4")
        await screen.until("applied 001_gate.sql, 2 statements")
        await screen.press("escape", "4")
        assert "applied 001_gate.sql, 2 statements" in screen.run()


async def test_result_that_nobody_saw_is_told_although_the_user_asks_for_the_log_meanwhile(
    project: Project, at_gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with project.open(moves_runs=True) as screen:
        await apply_all(screen)
    at_gate.open()
    at_gate.wait_for_end()
    read, was_read, go_on = past_runs.read_view, threading.Event(), threading.Event()

    def read_slowly(run: KnownRun, also_seen: list[KnownRun] | None = None) -> RunView:
        view = read(run, also_seen)
        was_read.set()
        go_on.wait(PATIENCE)
        return view

    monkeypatch.setattr(past_runs, "read_view", read_slowly)
    async with project.open(moves_runs=True) as screen:
        await screen.until(was_read.is_set)
        await screen.press("4")
        go_on.set()
        await screen.until("This run ended while nobody watched it.")
        assert "applied 001_gate.sql, 2 statements" in screen.run()


async def test_run_that_ends_on_the_screen_is_not_told_again(tables: Project) -> None:
    async with tables.open(moves_runs=True) as screen:
        await apply(screen)
    async with tables.open(moves_runs=True) as screen:
        await screen.until("done: Applied 3 migrations.")
        assert "nobody watched" not in screen.text()
        await screen.press("r")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("Rolled back 1 migration")
        await screen.press("escape", "4")
        await screen.pilot.pause(0.3)
        assert "rolled back 003_make_t3.sql" in screen.run(), "the older log does not replace the newer one"


async def test_run_that_ended_before_it_could_be_followed_has_one_end(tables: Project) -> None:
    async with tables.open(moves_runs=True) as screen:
        await apply(screen)
    (known,) = Gate.runs_of(tables)
    events = [event async for event in watched_run(known).events()]
    assert [type(event) for event in events].count(RunFinished) == 1
    assert isinstance(events[-1], RunFinished)


async def test_killed_process_is_told_and_the_target_read(project: Project, at_gate: Gate) -> None:
    async with project.open((120, 30), moves_runs=True) as screen:
        await apply_all(screen)
        pid = at_gate.runs()[0].head.pid
        os.kill(pid, signal.SIGKILL)
        await screen.until(lambda: f"(pid {pid}) ended without a result" in " ".join(screen.run().split()))
        assert "To see what the target contains" in screen.run()
        await screen.until(lambda: not screen.main.control.running)
        await screen.until("0 applied")


async def test_c_asks_and_cancels_the_run_of_the_other_process(project: Project, at_gate: Gate) -> None:
    async with project.open(moves_runs=True) as screen:
        await apply_all(screen)
        await screen.press("c")
        await screen.expect_dialog(
            "001_gate.sql runs in one transaction. Cancelling rolls it back:",
            "nothing of this migration stays.",
            "1 migration will not be started.",
        )
        await screen.press("escape")
        assert at_gate.runs()[0].is_in_progress
        await screen.cancel_run()
        await screen.expect_run("cancelled")
        await screen.press("4", "plus")
        assert " cancels the run" in screen.run()
        assert "not started 002_make_t2.sql" in screen.run()
    assert at_gate.runs()[0].head.result == "cancelled"


async def test_target_of_a_run_that_is_followed_is_chosen(
    project: Project, at_gate: Gate, make_database: Callable[[], str]
) -> None:
    async with project.open(moves_runs=True) as screen:
        await apply_all(screen)
        assert "applying" in screen.row("001")
    other = Project(project.root, Target("staging", short_dsn(make_database())), *project.targets)
    async with other.open(moves_runs=True) as screen:
        await screen.until("applying on local  migration 1 of 2  001_gate.sql")
        await screen.until("► local")
        assert "koonj has chosen the target local, because the run is on it." in screen.bottom()
        await screen.until(lambda: "applying" in screen.row("001"))
        at_gate.open()
        await screen.expect_run("done")
        assert "Run  ended" in screen.run()
        await screen.press("escape", "3", "k", "enter")
        await screen.until("► staging")
        await screen.until(lambda: " on local  ✓ " in screen.text())
        await screen.press("4")
        assert "Run on local  ended" in screen.text()
        await screen.until(lambda: screen.row("001").endswith("◦ pending"))


async def test_run_of_a_target_that_the_screen_does_not_know_names_it(
    project: Project, at_gate: Gate, make_database: Callable[[], str]
) -> None:
    async with project.open(moves_runs=True) as screen:
        await apply_all(screen)
    other = Project(project.root, Target("staging", short_dsn(make_database())))
    async with other.open(moves_runs=True) as screen:
        await screen.until("applying on local  migration 1 of 2  001_gate.sql")
        assert "► staging" in screen.top()
        assert "Run on local  in progress" in screen.text()
        assert screen.row("001").endswith("◦ pending")
        at_gate.open()
        await screen.expect_run("done")


async def test_question_closes_when_the_run_ends(project: Project, at_gate: Gate) -> None:
    async with project.open(moves_runs=True) as screen:
        await apply_all(screen)
        await screen.press("c")
        await screen.expect_dialog("Cancel the run?")
        at_gate.open()
        await screen.expect_run("done")
        assert not isinstance(screen.app.screen, Dialog)


async def test_run_of_another_terminal_is_announced_and_followed(project: Project, at_gate: Gate) -> None:
    async with project.open(moves_runs=True) as screen, project.open(moves_runs=True) as other:
        await apply_all(other)
        await screen.press("R")
        await screen.until("runs koonj in this folder. To follow the run, press 4.")
        await screen.press("4")
        await screen.until("applying on local  migration 1 of 2  001_gate.sql")
        at_gate.open()
        await screen.expect_run("done")
        await other.expect_run("done")


async def test_stopped_run_is_named_and_how_it_continues(project: Project, at_gate: Gate) -> None:
    async with project.open((120, 30), moves_runs=True) as screen, project.open(moves_runs=True) as other:
        await apply_all(other)
        pid = at_gate.runs()[0].head.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            await screen.press("R")
            await screen.until("run does nothing")
            await screen.until(f"its process {pid} on this machine is stopped by a signal")
        finally:
            os.kill(pid, signal.SIGCONT)
        at_gate.open()
        await other.expect_run("done")


async def test_secrets_are_in_no_argument_environment_or_journal(
    project: Project, at_gate: Gate, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (target,) = project.targets
    password = Password("command", f"echo >> {tmp_path}/asked; printf battery-staple")
    project.targets = (Target("local", f"{target.dsn} password=hunter2", password=password),)
    monkeypatch.setenv("PGSSLPASSWORD", "correct-horse")
    async with project.open(moves_runs=True) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        (waiting,) = processes()
        await screen.yes()
        await screen.until("statement 2 of 2")
        (run,) = at_gate.runs()
        assert run.head.pid == waiting
        process = Path(f"/proc/{waiting}")
        seen = [(process / name).read_bytes() for name in ("cmdline", "environ")]
        seen += [path.read_bytes() for path in home.rglob("*.jsonl")]
        assert len(seen) == 3
        for secret in (b"hunter2", b"correct-horse", b"battery-staple"):
            assert not any(secret in text for text in seen)
        at_gate.open()
        await screen.expect_run("done")
    assert (tmp_path / "asked").read_text() == "\n"  # once: the process has it from the screen


async def test_process_that_does_not_answer_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koonj.tui.workers.run_process.ANSWER_SECONDS", 0.05)
    process = RunProcess((sys.executable, "-c", "import time; time.sleep(60)"))
    with pytest.raises(RunProcessError, match="ended early"):
        await process.hand_over(iter((b"confirmed\n",)))
    assert process._process.returncode == -signal.SIGKILL
