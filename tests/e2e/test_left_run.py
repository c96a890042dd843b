"""A run goes on without the screen that started it, and the next screen or command comes back to it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from e2e.conftest import Project
from e2e.test_run import has_exited
from koonj.runner.process.journal_reader import known_runs
from support.gate import CLOSE, OPEN_ALL, wait_at
from support.own_process import wait_until
from support.terminal_user import TerminalUser

GATE = f"BEGIN;\nCREATE TABLE t1 (id int);\n{wait_at()}\nCOMMIT;\n\n-- Rollback: none: it is a gate\n"


@pytest.fixture
def gated(project: Project, home: Path) -> Iterator[Project]:
    """A project with a migration that waits at a gate, and one that follows. No run is left at the end."""
    with psycopg.connect(project.dsn, autocommit=True) as connection:
        connection.execute(CLOSE)
    project.write("001_gate.sql", GATE)
    project.table(2)
    yield project
    for run in known_runs():
        if run.is_in_progress:
            os.kill(run.head.pid, signal.SIGKILL)
    wait_until(lambda: not any(run.alive for run in known_runs()))


def _at_gate(user: TerminalUser) -> int:
    """Apply all migrations, wait until the first one waits, and return the process of the screen."""
    user.open("0 applied  2 pending")
    user.press("A", expect="Apply 2 migrations to local?")
    user.confirm("Apply 2 migrations to local?")
    user.terminal.until("statement 2 of 2")
    return user.terminal.foreground()


def _open_gate(project: Project) -> None:
    project.sql(f"{OPEN_ALL} RETURNING number")


def _must_finish(project: Project) -> None:
    """The run must be in progress, and must finish when the gate is opened."""
    (run,) = known_runs()
    assert run.is_in_progress
    _open_gate(project)
    wait_until(lambda: not known_runs()[0].alive)
    assert known_runs()[0].head.message == "Applied 2 migrations."
    assert project.tables() == {"t1", "t2"}


def test_run_that_was_left_is_followed_by_attach(
    gated: Project, new_user: Callable[..., TerminalUser]
) -> None:
    user = new_user()
    _at_gate(user)
    user.press("q", expect="Quit during a run?")
    user.answer_dialog("Quit during a run?", "l")
    (run,) = known_runs()
    user.terminal.until(f"koonj: run {run.id[:8]} left running. To follow it, run: koonj attach {run.id[:8]}")
    user.expect_clean_terminal(status=0)
    user.terminal.enter("koonj attach; echo exit=$?")
    user.terminal.until("Applying 1 of 2: 001_gate.sql")
    _must_finish(gated)
    user.terminal.until("Applied 2 migrations.")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_run_goes_on_after_a_signal(
    gated: Project, new_user: Callable[..., TerminalUser], number: signal.Signals
) -> None:
    user = new_user()
    koonj = _at_gate(user)
    os.kill(koonj, number)
    user.expect_clean_terminal(status=128 + number)
    assert "left running" in user.text
    _must_finish(gated)


def test_run_goes_on_if_the_screen_is_killed_and_the_next_one_tells_its_result_once(
    gated: Project, new_user: Callable[..., TerminalUser]
) -> None:
    killed = new_user()
    os.kill(_at_gate(killed), signal.SIGKILL)
    killed.terminal.until("exit=137")
    _must_finish(gated)
    user = new_user()
    user.open("This run ended while nobody watched it.")
    user.terminal.until("Applied 2 migrations.")
    user.press("4", expect="applied 001_gate.sql, 2 statements")
    user.quit("q")
    user.open("2 applied  nothing pending")
    user.terminal.until("Applied 2 migrations.")
    assert "nobody watched" not in user.text
    assert "applied 001_gate.sql" not in user.text
    user.press("4", expect="applied 001_gate.sql, 2 statements")
    user.quit("q")


def test_run_goes_on_if_the_terminal_is_closed_and_the_next_screen_follows_it(
    gated: Project, new_user: Callable[..., TerminalUser]
) -> None:
    closed = new_user()
    koonj = _at_gate(closed)
    closed.terminal.hang_up()
    wait_until(lambda: has_exited(koonj))
    user = new_user()
    user.open("applying on local  migration 1 of 2  001_gate.sql")
    _must_finish(gated)
    user.terminal.until("done: Applied 2 migrations.")
    user.quit("q")


def test_embedded_server_runs_as_long_as_the_run(
    embedded: Project, new_user: Callable[..., TerminalUser], home: Path
) -> None:
    embedded.write("001_wait.sql", "BEGIN;\nSELECT pg_sleep(2);\nCREATE TABLE t1 (id int);\nCOMMIT;\n")
    user = new_user()
    user.open("0 applied  1 pending")
    user.press("a", expect="Apply 1 migration to local?")
    user.confirm("Apply 1 migration to local?")
    user.terminal.until("statement 1 of 2")
    user.press("q", expect="Quit during a run?")
    user.answer_dialog("Quit during a run?", "l")
    user.expect_clean_terminal(status=0)
    wait_until(lambda: not known_runs()[0].alive)
    assert known_runs()[0].head.message == "Applied 1 migration."
    user.open("1 applied  nothing pending")
    user.quit("q")
