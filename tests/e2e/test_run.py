"""Runs that fail, are cancelled, or lose their terminal."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.conftest import Project
from support.terminal_user import TerminalUser

SLEEP = """
    BEGIN;
    CREATE TABLE t1 (id int);
    SELECT pg_sleep(60);
    COMMIT;

    -- Rollback: none: it is never committed
    """


def _apply_sleeping(project: Project, user: TerminalUser) -> None:
    user.press("A", expect="Apply 2 migrations to local?")
    user.confirm("Apply 2 migrations to local?")
    user.terminal.until("statement 2 of 2")
    user.terminal.until(lambda: project.busy() == 1)


def has_exited(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_error_stays_until_it_is_dismissed(project: Project, new_user: Callable[..., TerminalUser]) -> None:
    project.table(1)
    project.write(
        "002_wrong.sql", "BEGIN;\nINSERT INTO t1 DEFAULT VALUES;\nSELECT count(nope) FROM t1;\nCOMMIT;\n"
    )
    user = new_user()
    terminal = user.terminal
    user.open("0 applied  2 pending")
    user.press("A", expect="Apply 2 migrations to local?")
    user.confirm("Apply 2 migrations to local?")
    terminal.until("42703")
    terminal.until("✗ 002 failed  1 applied  1 pending")
    lines = terminal.lines()
    run = next(i for i, line in enumerate(lines) if line.startswith("─ 4 Run"))
    source = next(i for i, line in enumerate(lines) if "SELECT count(nope) FROM t1;" in line and i > run)
    assert lines[source + 1].rstrip() == " " * lines[source].index("nope") + "^"
    for part in ("✗ failed", "002_wrong.sql:3:14", "statement 2 of 2", 'column "nope" does not exist'):
        assert part in user.text
    assert user.row("002 wrong").endswith("failed")
    assert project.sql("SELECT count(*) FROM t1") == [0]

    terminal.press("j", "2", "1", "R")
    user.press("n", expect="Enter fill in")
    user.press("Escape", expect="Run  ended")  # Escape closes the palette, not the error
    assert "42703" in user.text
    user.press("Escape", expect="─ 4 Run ── ✗")
    assert "42703" not in "\n".join(terminal.lines()[16:])
    user.quit("q")


@pytest.mark.parametrize("keys", [("c",), ("C-c",), ("q", "c")])
def test_cancelled_run_leaves_nothing(
    project: Project, new_user: Callable[..., TerminalUser], keys: tuple[str, ...]
) -> None:
    project.write("001_sleep.sql", SLEEP)
    project.table(2)
    user = new_user()
    user.open("0 applied  2 pending")
    _apply_sleeping(project, user)
    assert "applying on local  migration 1 of 2  001_sleep.sql" in user.text
    if keys == ("q", "c"):
        user.press("q", expect="Quit during a run?")
        user.answer_dialog("Quit during a run?", "c")
    else:
        user.press(*keys, expect="Cancel the run?")
        user.answer_dialog("Cancel the run?", "y")
        user.terminal.until("! Cancelled.")
        user.terminal.until("0 applied  2 pending")
        assert not project.busy()
        user.terminal.press("q")
    user.expect_clean_terminal(status=0)
    assert project.busy() == 0
    assert project.tables() == set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_koonj_and_restores_the_terminal(
    project: Project, new_user: Callable[..., TerminalUser], number: signal.Signals
) -> None:
    project.table(2)
    user = new_user()
    user.open("0 applied  1 pending")
    koonj = user.terminal.foreground()
    os.kill(koonj, number)
    user.expect_clean_terminal(status=128 + number)
    assert has_exited(koonj)
    assert project.tables() == set()
