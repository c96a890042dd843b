"""koonj on a pty without an emulator, so that tests see every byte that it writes."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic, sleep

from support.screen import Project

PATIENCE = 60.0
QUIET = 0.5
"""Seconds without a byte after which koonj has finished writing."""
START = """
from koonj.tui.workers import watcher
watcher.FOLDER_INTERVAL = watcher.TARGET_INTERVAL = 0.2
watcher.INTERVAL_FACTOR = 1
from koonj.cli.main import main
import sys
raise SystemExit(main(sys.argv[1:]))
"""


class Terminal:
    """A process on a pty."""

    def __init__(self, process: subprocess.Popen[bytes], end: int) -> None:
        self.process = process
        self._end = end
        self.start = b""
        """Bytes that were written until the target had answered."""
        self.all = bytearray()
        """All bytes that were written."""

    def read(self, seconds: float, most: int = 65536) -> bytes:
        """Return everything that is written within `seconds`, `most` bytes at a time."""
        end, said = monotonic() + seconds, b""
        while (left := end - monotonic()) > 0:
            if select.select([self._end], [], [], left)[0]:
                try:
                    said += os.read(self._end, most)
                except OSError:  # the process has exited
                    break
        self.all += said
        return said

    def read_slowly(self, seconds: float, rate: int) -> bytes:
        """Return what a line with `rate` bytes per second transfers within `seconds`."""
        end, said, step = monotonic() + seconds, b"", 0.02
        while monotonic() < end:
            sleep(step)
            if select.select([self._end], [], [], 0)[0]:
                said += os.read(self._end, int(rate * step))
        self.all += said
        return said

    def until(self, text: bytes) -> bytes:
        """Read until `text` was written, and then everything that follows immediately."""
        end, said = monotonic() + PATIENCE, b""
        while text not in said:
            assert monotonic() < end, said[-2000:]
            said += self.read(0.1)
        return said + self.read_until_quiet()

    def read_until_quiet(self, quiet: float = QUIET) -> bytes:
        """Read until nothing is written for `quiet` seconds."""
        said = b""
        while more := self.read(quiet):
            said += more
        return said

    def send(self, keys: bytes) -> None:
        """Type keys without reading."""
        os.write(self._end, keys)

    def press(self, key: bytes) -> bytes:
        """Press a key, and return the bytes that are written for it."""
        self.send(key)
        return self.read_until_quiet()

    def close(self) -> None:
        """Close this end."""
        os.close(self._end)

    def vanish(self) -> None:
        """Let the terminal vanish. It is not the controlling terminal, so the process gets no SIGHUP for it."""
        os.close(self._end)
        self._end = os.open(os.devnull, os.O_RDONLY)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size, and notify the process.

        The kernel would do this if the pty were the controlling terminal of the process.
        """
        _set_size(self._end, columns, rows)
        self.process.send_signal(signal.SIGWINCH)


@contextmanager
def started(
    project: Project,
    *options: str,
    size: tuple[int, int] = (80, 24),
    environ: Mapping[str, str] | None = None,
    start: str = START,
) -> Iterator[Terminal]:
    """Start koonj on the project as it is. The process is killed at the end."""
    ours, theirs = pty.openpty()
    _set_size(theirs, *size)
    process = subprocess.Popen(
        [sys.executable, "-c", start, *options],
        cwd=project.root,
        env={**os.environ, "TERM": "xterm-256color", **(environ or {})},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    terminal = Terminal(process, ours)
    try:
        yield terminal
    finally:
        process.kill()
        process.wait()
        terminal.close()


@contextmanager
def opened(
    project: Project,
    *options: str,
    size: tuple[int, int] = (80, 24),
    environ: Mapping[str, str] | None = None,
    migrations: int = 9,
) -> Iterator[Terminal]:
    """Start koonj on that many migrations. It must be able to quit at the end."""
    for number in range(1, migrations + 1):
        project.table(number)
    configure(project)
    with started(project, *options, size=size, environ=environ) as terminal:
        terminal.start = terminal.until(f"{migrations} pending".encode())
        yield terminal
        terminal.send(b"q")
        terminal.read(0.2)
        assert terminal.process.wait(PATIENCE) == 0


def configure(project: Project) -> None:
    """Write the project's first target into its koonj.toml."""
    (project.root / "koonj.toml").write_text(f"[targets.local]\ndsn = '''{project.targets[0].dsn}'''\n")


def _set_size(end: int, columns: int, rows: int) -> None:
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
