"""Terminals that are resized, send bytes late, or show another program's output."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial

import psycopg
import pytest

from e2e.conftest import Project
from support.terminal_user import TerminalUser
from support.tmux import PATIENCE

WAITS = """
    -- koonj: lock_timeout 1min
    BEGIN;
    SELECT pg_advisory_xact_lock(7);
    CREATE TABLE t1 ();
    COMMIT;

    -- Rollback: none: it waits
    """
ARROW = 0.15
"""Seconds between the bytes of one key, on a line with a delay of 150 ms."""
KEY_TIMEOUT = 0.24
"""Seconds; over ssh, koonj waits a little longer for the next byte of a key."""


def test_resize_during_a_run_keeps_the_screen_correct(
    project: Project, new_user: Callable[..., TerminalUser]
) -> None:
    project.write("001_wait.sql", WAITS)
    for number in range(2, 13):
        project.table(number)
    user = new_user()
    terminal = user.terminal
    user.open("0 applied  12 pending")
    with psycopg.connect(project.dsn, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(7)")
        user.press("A", expect="Apply 12 migrations to local?")
        user.confirm("Apply 12 migrations to local?")
        terminal.until("statement 1 of 2")
        for columns, lines in ((120, 36), (40, 12), (60, 20)):
            terminal.resize(columns, lines)
            terminal.until(partial(_has_lines, user, lines))
            terminal.until("statement 1 of 2")
            terminal.until(partial(_is_same_when_painted_again, user))
    terminal.resize(80, 24)  # the lock is released: the migrations run while the size changes
    terminal.until("done: Applied 12 migrations.")
    terminal.until("12 applied  nothing pending")
    terminal.until(partial(_has_lines, user, 24))
    _must_look_the_same(user)
    assert all(row.endswith("✓ applied") for row in user.rows())
    user.quit()


def _has_lines(user: TerminalUser, count: int) -> bool:
    lines = user.terminal.lines()
    return len(lines) == count and "q quit" in lines[-1] and "4 Run" in user.text


def _without_times(user: TerminalUser) -> str:
    return re.sub(r"\b\d+:\d\d\b|\b[0-9.]+ (s|min)\b", "M:SS", user.text)


def _is_same_when_painted_again(user: TerminalUser) -> bool:
    """Paint the screen again; what the run waits for can come to it meanwhile, but then it stays."""
    before = _without_times(user)
    _repainted(user)
    return _without_times(user) == before


def _has_cursor(user: TerminalUser, row: int) -> bool:
    return user.rows()[row].startswith("›")


def _settled(user: TerminalUser) -> list[list[tuple[object, ...]]]:
    """Wait until koonj has painted all that it has to paint, and return the cells."""
    seen = user.terminal.cells()
    for _ in range(50):
        time.sleep(0.4)
        before, seen = seen, user.terminal.cells()
        if seen == before:
            break
    return seen


def _repainted(user: TerminalUser) -> None:
    """Overwrite the screen, press ctrl+l, and wait until koonj has painted it again."""
    user.terminal.write_as_another_program("\x1b7\x1b[0m\x1b[2J\x1b[HBroadcast message\x1b8")
    user.terminal.until("Broadcast message")
    user.terminal.press("C-l")
    user.terminal.until_gone("Broadcast message")
    user.terminal.until("q quit")


def _must_look_the_same(user: TerminalUser) -> None:
    """Overwrite the screen, and wait until it looks as before."""
    seen = _settled(user)
    _repainted(user)
    user.terminal.until(lambda: user.terminal.cells() == seen)


def test_late_bytes_are_one_key_over_ssh(project: Project, new_user: Callable[..., TerminalUser]) -> None:
    for number in range(1, 7):
        project.table(number)
    user = new_user(SSH_CONNECTION="192.0.2.1 50000 192.0.2.2 22")
    terminal = user.terminal
    user.open("0 applied  6 pending")
    assert 1000 not in terminal.modes()  # no mouse over ssh, unless asked
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        at = next(i for i, row in enumerate(user.rows()) if row.startswith("›"))
        if terminal.press_slowly("\x1b", ARROW, "[B") < KEY_TIMEOUT:
            terminal.until(partial(_has_cursor, user, at + 1))
            assert "[Body]" in user.text  # the key [ alone would have shown the previous tab
            break
        user.press("1", "g", expect="›001")  # the machine was too slow: try again
    else:
        pytest.skip("on this machine, no three bytes followed each other as fast as over a slow line")
    user.quit("q")


def test_ctrl_l_repaints_the_screen_after_foreign_output(
    project: Project, new_user: Callable[..., TerminalUser]
) -> None:
    project.copy(3)
    user = new_user()
    user.open("0 applied  3 pending")
    user.press("j", expect="1 -- 002_create_roles")
    _must_look_the_same(user)
    user.press("?", expect="/ search")
    _must_look_the_same(user)
    user.terminal.press("Escape")
    user.terminal.until_gone("/ search")
    user.quit()
