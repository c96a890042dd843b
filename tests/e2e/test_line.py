"""The line to the terminal: a window that changes its size, bytes that come late, another program's output."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from e2e.conftest import Project
from support.person import Person

_RTT = 0.15
"""Seconds between two packets of a slow line."""


def test_a_run_goes_on_while_the_window_changes_its_size(
    project: Project, person: Callable[..., Person]
) -> None:
    project.table(1)
    project.write(
        "002_waits.sql",
        "BEGIN;\nCREATE TABLE t2 ();\nSELECT pg_sleep(60);\nCOMMIT;\n-- Rollback: none: it waits\n",
    )
    user = person()
    terminal = user.terminal
    user.opens("2 pending")
    user.presses("A", sees="Apply 2 migrations to local?")
    user.says_yes("Apply 2 migrations to local?")
    terminal.until(lambda: project.busy() == 1)
    for columns, lines in ((120, 36), (40, 12), (60, 20), (80, 24)):
        terminal.resize(columns, lines)
        terminal.until(partial(_has_lines, user, lines))
    user.presses("c", sees="interrupted")
    terminal.until("1 applied")
    terminal.until(lambda: _is_what_is_painted_anew(user))
    assert project.tables() == {"t1"}
    user.leaves()


def _has_lines(user: Person, count: int) -> bool:
    lines = user.terminal.lines()
    return len(lines) == count and "q quit" in lines[-1] and "4 Run" in user.text


def _is_what_is_painted_anew(user: Person) -> bool:
    shown = user.terminal.cells()
    user.terminal.press("C-l")
    time.sleep(_RTT)
    return user.terminal.cells() == shown


def test_the_bytes_of_one_key_may_come_in_two_packets(
    project: Project, person: Callable[..., Person]
) -> None:
    for number in (1, 2, 3):
        project.table(number)
    user = person(SSH_CONNECTION="10.0.0.1 50000 10.0.0.2 22")
    user.opens("3 pending")
    user.terminal.until("›001")
    for row in ("›002", "›003"):
        user.terminal.send_bytes(b"\x1b")
        time.sleep(_RTT)
        user.terminal.send_bytes(b"[B")
        user.terminal.until(row)
    user.leaves()


def test_what_another_program_writes_over_the_screen_is_put_right(
    project: Project, person: Callable[..., Person]
) -> None:
    project.table(1)
    user = person()
    terminal = user.terminal
    user.opens("1 pending")
    shown = terminal.cells()
    terminal.writes_over("\x1b[5;1Hwall: the system goes down\r\n")
    terminal.until("wall: the system goes down")
    terminal.press("C-l")
    terminal.until(lambda: terminal.cells() == shown)
    user.leaves()
