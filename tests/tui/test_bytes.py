"""What koonj writes to a terminal, byte for byte: nothing while nothing happens, little for a key. Exact, on any machine."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest

from support.screen import Project

PATIENCE = 20.0
QUIET = 0.5
"""Seconds without a byte: it has written all it had to."""
IDLE = 2.5
"""Seconds in which the folder is looked at, and the target asked, a dozen times."""
START = """
from koonj.tui import watch
watch.LOOK = watch.AGAIN = 0.2
watch.MODEST = 1
from koonj.cli.main import main
import sys
raise SystemExit(main(sys.argv[1:]))
"""


class Terminal:
    """koonj on a pty of 80 x 24 cells without an emulator behind."""

    def __init__(self, process: subprocess.Popen[bytes], end: int) -> None:
        self.process = process
        self._end = end
        self.start = b""
        """All that was written until the target had answered."""

    def read(self, seconds: float) -> bytes:
        """Everything that is written within `seconds`."""
        end, said = monotonic() + seconds, b""
        while (left := end - monotonic()) > 0:
            if select.select([self._end], [], [], left)[0]:
                try:
                    said += os.read(self._end, 65536)
                except OSError:  # koonj has left
                    break
        return said

    def until(self, text: bytes) -> bytes:
        """Read on until `text` was written, and then all that follows at once."""
        end, said = monotonic() + PATIENCE, b""
        while text not in said:
            assert monotonic() < end, said[-2000:]
            said += self.read(0.1)
        while more := self.read(QUIET):
            said += more
        return said

    def press(self, key: bytes) -> bytes:
        """Press a key; what is written for it."""
        os.write(self._end, key)
        said = b""
        while more := self.read(QUIET):
            said += more
        return said


@pytest.fixture
def terminal(project: Project) -> Iterator[Terminal]:
    """koonj, when the target has answered."""
    with opened(project) as terminal:
        yield terminal


@contextmanager
def opened(project: Project, *options: str) -> Iterator[Terminal]:
    """koonj with nine migrations; it must be able to leave at the end."""
    for number in range(1, 10):
        project.table(number)
    (project.root / "koonj.toml").write_text(f"[targets.local]\ndsn = '''{project.targets[0].dsn}'''\n")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", START, *options],
        cwd=project.root,
        env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    terminal = Terminal(process, ours)
    try:
        terminal.start = terminal.until(b"9 pending")
        yield terminal
        os.write(ours, b"q")
        terminal.read(0.2)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)


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
