"""A real terminal for tests: a shell in tmux with 80 x 24 cells.

Tests send keys and read the screen. They never sleep, but poll for what must appear, with a limit that is
long enough for a busy machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte
from pyte.screens import Char

PATIENCE = 60.0
"""Maximum seconds to wait; only a failing test waits this long."""
STEP = 0.05

_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_KITTY = re.compile(rb"\x1b\[([<>])[0-9]*u")
_COLOUR = re.compile(r"\x1b\[[0-9;:]*?(?<![0-9])(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?![0-9])[0-9;:]*m")

_FRESH = {25: True, 7: True}
"""Terminal modes that are on from the start: the cursor is visible, long lines wrap."""


class Tmux:
    """A tmux server with one shell. At the end, all processes in it are killed."""

    def __init__(self, cwd: Path, environ: Mapping[str, str] | None = None, size: str = "80x24") -> None:
        self._cwd = cwd
        self._environ = dict(environ or {})
        self._size = size
        self._folder = Path(tempfile.mkdtemp(prefix="koonj-tmux-", dir="/tmp"))
        self._record = self._folder / "bytes"
        self._count = 0

    def __enter__(self) -> Self:
        try:
            self._start()
            self.until_prompt()
        except BaseException:
            self._end()
            raise
        return self

    def _start(self) -> None:
        rc = self._folder / "rc"
        # Bracketed paste is off, because the shell's line editor would set it as a mode.
        rc.write_text("PS1='$ '\nHISTFILE=/dev/null\nbind 'set enable-bracketed-paste off'\n")
        environ = {
            name: value for name, value in os.environ.items() if name not in {"TMUX", "TMUX_PANE", "TERM"}
        }
        environ.update(self._environ)
        environ["PATH"] = f"{sysconfig.get_path('scripts')}:{environ['PATH']}"
        x, y = self._size.split("x")
        terminal = ["set", "-g", "default-terminal", environ.pop("TERM", "tmux-256color"), ";"]
        shell = f"exec bash --noprofile --rcfile {rc} -i"
        new = ["new-session", "-d", "-x", x, "-y", y, "-c", str(self._cwd), shell]
        self._tmux("-f", "/dev/null", "start-server", ";", *terminal, *new, env=environ)
        self._tmux("pipe-pane", "-O", f"exec cat > {self._record}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self.hang_up()
        shutil.rmtree(self._folder)

    def hang_up(self) -> None:
        """Close the terminal as a lost connection does.

        Every process in it gets SIGHUP, then end of file.
        """
        subprocess.run([*self._command, "kill-server"], capture_output=True, check=False)

    @property
    def _command(self) -> list[str]:
        return ["tmux", "-S", str(self._folder / "socket")]

    def _tmux(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        done = subprocess.run([*self._command, *words], capture_output=True, text=True, check=False, env=env)
        assert done.returncode == 0, f"tmux {' '.join(words)}: {done.stderr}"
        return done.stdout

    # Read the screen

    def lines(self) -> list[str]:
        """Return the screen's lines."""
        return self._tmux("capture-pane", "-p").split("\n")[:-1]

    def text(self) -> str:
        """Return the whole screen."""
        return "\n".join(self.lines())

    def unwrapped(self) -> str:
        """Return the screen with wrapped lines joined."""
        return self._tmux("capture-pane", "-p", "-J")

    def painted(self) -> list[str]:
        """Return the screen's lines with their SGR codes."""
        return self._tmux("capture-pane", "-p", "-e").split("\n")[:-1]

    def cells(self) -> list[list[tuple[object, ...]]]:
        """Return what each cell shows.

        For a blank, the text colour is omitted, because it is invisible.
        """
        rows = self.painted()
        screen = pyte.Screen(_WIDEST, len(rows))
        pyte.Stream(screen).feed("\r\n".join(rows))
        return [[_seen(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]

    def colours(self) -> list[str]:
        """Return every SGR code on the screen that sets a colour."""
        return _COLOUR.findall("\n".join(self.painted()))

    def modes(self) -> set[int]:
        """Return the terminal modes (DECSET) that programs changed and did not restore.

        They are found in the bytes that the programs wrote.
        """
        now = dict(_FRESH)
        for found in _MODE.finditer(self._record.read_bytes()):
            now.update(dict.fromkeys(map(int, found[1].split(b";")), found[2] == b"h"))
        return {mode for mode, on in now.items() if on != _FRESH.get(mode, False)}

    def kitty_levels(self) -> int:
        """Return how many keyboard protocols were pushed and not popped."""
        return sum(1 if found[1] == b">" else -1 for found in _KITTY.finditer(self._record.read_bytes()))

    def accept_clipboard(self) -> None:
        """Accept text for the clipboard (OSC 52), which tmux drops by default."""
        self._tmux("set", "-s", "set-clipboard", "on")

    def clipboard(self) -> str:
        """Return the text that a program last sent to the clipboard, or ''."""
        shown = subprocess.run([*self._command, "show-buffer"], capture_output=True, text=True, check=False)
        return shown.stdout

    def flags(self) -> str:
        """Return tmux's flags of alternate screen, mouse and cursor; initially ``0 0 1``."""
        wanted = "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"
        return self._tmux("display-message", "-p", wanted).strip()

    def until(self, seen: str | Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait until a text is on the screen, or a condition is true."""
        holds = seen if callable(seen) else lambda: seen in self.text()
        end = time.monotonic() + patience
        while not holds():
            assert time.monotonic() < end, f"timeout: {seen!r} did not appear on the screen:\n{self.text()}"
            time.sleep(STEP)

    def until_gone(self, text: str) -> None:
        """Wait until a text is no longer on the screen."""
        self.until(lambda: text not in self.text())

    def until_prompt(self) -> None:
        """Wait until the shell's prompt is the last text on the screen."""
        self.until(lambda: self.text().rstrip().endswith("$"))

    # Use the terminal

    def press(self, *keys: str) -> None:
        """Press keys with tmux's names: ``Enter``, ``C-c``, ``a``."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type `text`."""
        self._tmux("send-keys", "-l", "--", text)

    def write_as_another_program(self, text: str) -> None:
        """Write to this terminal as another program."""
        Path(self._tmux("display-message", "-p", "#{pane_tty}").strip()).write_text(text)

    def enter(self, line: str) -> None:
        """Type a line and press Enter."""
        self.type(line)
        self.press("Enter")

    def shell(self, line: str) -> str:
        """Return the output of a shell command."""
        self._count += 1
        out = self._folder / f"out{self._count}"
        self.enter(f"{line} > {out}; echo done-$?-{self._count}")
        self.until(lambda: re.search(rf"^done-\d+-{self._count}$", self.text(), re.MULTILINE) is not None)
        return out.read_text()

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def press_slowly(self, first: str, pause: float, rest: str) -> float:
        """Send a key's bytes as over a slow line. Return how many seconds it took.

        There is a pause after `first`.
        """
        begun = time.monotonic()
        hexed = [f"{byte:02x}" for byte in first.encode()]
        self._tmux(
            "send-keys", "-H", *hexed, ";", "run-shell", f"sleep {pause}", ";", "send-keys", "-l", rest
        )
        return time.monotonic() - begun

    def foreground(self) -> int:
        """Return the pid of the process group in the foreground of the terminal."""
        shell = int(self._tmux("display-message", "-p", "#{pane_pid}"))
        stat = Path(f"/proc/{shell}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[5])


_WIDEST = 200


def _seen(cell: Char) -> tuple[object, ...]:
    ground = cell.fg if cell.reverse else cell.bg
    if cell.data == " ":
        return cell.data, ground, cell.reverse, cell.underscore, cell.strikethrough
    return tuple(cell)
