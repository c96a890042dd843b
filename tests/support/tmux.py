"""A person at a real terminal: a shell in tmux of 80 x 24 cells, keys sent to it, what its screen shows read back.

Nothing is slept for: whatever must appear is polled for, with a patience that a busy machine does not exhaust.
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
"""Seconds for anything that must appear; only a failing test waits for so long."""
STEP = 0.05

_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_KITTY = re.compile(rb"\x1b\[([<>])[0-9]*u")
_COLOUR = re.compile(r"\x1b\[[0-9;:]*?(?<![0-9])(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?![0-9])[0-9;:]*m")

_FRESH = {25: True, 7: True}
"""Terminal modes that are on before any program sets them: the cursor is seen, long lines wrap."""


class Tmux:
    """A tmux server of its own with one shell, gone with everything in it at the end."""

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
        # Bracketed paste is a mode that the shell's own line editor would set.
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
        """The terminal goes away, as when a line drops: every process in it gets SIGHUP, then end of file."""
        subprocess.run([*self._command, "kill-server"], capture_output=True, check=False)

    @property
    def _command(self) -> list[str]:
        return ["tmux", "-S", str(self._folder / "socket")]

    def _tmux(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        done = subprocess.run([*self._command, *words], capture_output=True, text=True, check=False, env=env)
        assert done.returncode == 0, f"tmux {' '.join(words)}: {done.stderr}"
        return done.stdout

    # What is seen

    def lines(self) -> list[str]:
        """The screen's lines."""
        return self._tmux("capture-pane", "-p").split("\n")[:-1]

    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines())

    def unwrapped(self) -> str:
        """The screen with lines that wrapped at its edge in one."""
        return self._tmux("capture-pane", "-p", "-J")

    def painted(self) -> list[str]:
        """The screen's lines with their SGR codes."""
        return self._tmux("capture-pane", "-p", "-e").split("\n")[:-1]

    def cells(self) -> list[list[tuple[object, ...]]]:
        """What is seen in each cell; on a blank the colour of the letter that is not there is not."""
        rows = self.painted()
        screen = pyte.Screen(_WIDEST, len(rows))
        pyte.Stream(screen).feed("\r\n".join(rows))
        return [[_seen(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]

    def colours(self) -> list[str]:
        """Every SGR code on the screen that sets a colour."""
        return _COLOUR.findall("\n".join(self.painted()))

    def modes(self) -> set[int]:
        """The terminal modes (DECSET) that programs have changed and not changed back, as told by their bytes."""
        now = dict(_FRESH)
        for found in _MODE.finditer(self._record.read_bytes()):
            now.update(dict.fromkeys(map(int, found[1].split(b";")), found[2] == b"h"))
        return {mode for mode, on in now.items() if on != _FRESH.get(mode, False)}

    def kitty_levels(self) -> int:
        """How many keyboard protocols were pushed and not popped."""
        return sum(1 if found[1] == b">" else -1 for found in _KITTY.finditer(self._record.read_bytes()))

    def take_clipboard(self) -> None:
        """Take what programs send to the clipboard (OSC 52): tmux drops it, unless it is told to."""
        self._tmux("set", "-s", "set-clipboard", "on")

    def clipboard(self) -> str:
        """What a program sent to the clipboard last; empty before."""
        shown = subprocess.run([*self._command, "show-buffer"], capture_output=True, text=True, check=False)
        return shown.stdout

    def flags(self) -> str:
        """Alternate screen, mouse, cursor, as tmux has them; a fresh terminal's are ``0 0 1``."""
        wanted = "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"
        return self._tmux("display-message", "-p", wanted).strip()

    def until(self, seen: str | Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait until a text is on the screen, or something holds."""
        holds = seen if callable(seen) else lambda: seen in self.text()
        end = time.monotonic() + patience
        while not holds():
            assert time.monotonic() < end, f"never came: {seen!r}; the screen:\n{self.text()}"
            time.sleep(STEP)

    def until_gone(self, text: str) -> None:
        """Wait until a text is on the screen no more."""
        self.until(lambda: text not in self.text())

    def until_prompt(self) -> None:
        """Wait until the shell's prompt is the last thing on the screen."""
        self.until(lambda: self.text().rstrip().endswith("$"))

    # What is done

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: ``Enter``, ``C-c``, ``a``."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type `text`."""
        self._tmux("send-keys", "-l", "--", text)

    def writes_over(self, text: str) -> None:
        """Another program writes to this terminal."""
        Path(self._tmux("display-message", "-p", "#{pane_tty}").strip()).write_text(text)

    def enter(self, line: str) -> None:
        """Type a line and press Enter."""
        self.type(line)
        self.press("Enter")

    def shell(self, line: str) -> str:
        """What a shell command writes."""
        self._count += 1
        out = self._folder / f"out{self._count}"
        self.enter(f"{line} > {out}; echo done-$?-{self._count}")
        self.until(lambda: re.search(rf"^done-\d+-{self._count}$", self.text(), re.MULTILINE) is not None)
        return out.read_text()

    def resize(self, columns: int, rows: int) -> None:
        """The terminal gets another size."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def press_slowly(self, first: str, pause: float, rest: str) -> float:
        """A key's bytes as a slow line brings them, with a pause after the `first`; the seconds that all took."""
        begun = time.monotonic()
        hexed = [f"{byte:02x}" for byte in first.encode()]
        self._tmux(
            "send-keys", "-H", *hexed, ";", "run-shell", f"sleep {pause}", ";", "send-keys", "-l", rest
        )
        return time.monotonic() - begun

    def foreground(self) -> int:
        """The pid of the process group that has the terminal."""
        shell = int(self._tmux("display-message", "-p", "#{pane_pid}"))
        stat = Path(f"/proc/{shell}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[5])


_WIDEST = 200


def _seen(cell: Char) -> tuple[object, ...]:
    ground = cell.fg if cell.reverse else cell.bg
    if cell.data == " ":
        return cell.data, ground, cell.reverse, cell.underscore, cell.strikethrough
    return tuple(cell)
