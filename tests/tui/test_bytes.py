"""What koonj writes to a terminal, byte for byte: nothing while nothing happens, little for a key. Exact, on any machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.pty_terminal import Terminal, opened
from support.screen import Project

IDLE = 2.5
"""Seconds in which the folder is looked at, and the target asked, a dozen times."""


@pytest.fixture
def terminal(project: Project) -> Iterator[Terminal]:
    """koonj, when the target has answered."""
    with opened(project) as terminal:
        yield terminal


def test_nothing_is_written_while_nothing_happens(terminal: Terminal) -> None:
    assert terminal.read(IDLE) == b""
    assert b"umber, name or state" in terminal.press(b"/")
    assert terminal.read(IDLE) == b""
    terminal.press(b"\x1b")
    terminal.press(b"n")
    terminal.press(b"\r")
    assert terminal.read(IDLE) == b""
    terminal.press(b"\x1b")
    terminal.press(b"\x1b")


def test_a_key_writes_little(terminal: Terminal) -> None:
    assert len(terminal.press(b"j")) < 3_000  # two rows, and the other migration's preview
    assert len(terminal.press(b"2")) < 6_000
    assert len(terminal.press(b"?")) < 20_000
    assert len(terminal.press(b"\x1b")) < 20_000


def test_ascii_is_all_that_is_written_when_it_is_asked_for(project: Project) -> None:
    project.write("010_ümlaut.sql", "SELECT 'ß東';\n-- Rollback: none: it reads\n")
    with opened(project, "--ascii") as terminal:
        assert terminal.start.isascii()
        assert b"1 Migrations" in terminal.start
        assert terminal.press(b"?").isascii()
        assert terminal.press(b"\x1b").isascii()
