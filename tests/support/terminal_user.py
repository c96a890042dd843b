"""A user of koonj's screen in a real terminal."""

from __future__ import annotations

import re
import time
from functools import partial

from support.tmux import PATIENCE, Tmux

_REVERSE = re.compile(r"\x1b\[(?:[0-9;]*;)?7(?:;[0-9;]*)?m")
_ROW = re.compile(r"^[› ]\d{3,} \S+ +\S (?:rollback edited|[a-z]+)", re.MULTILINE)
_CODE = re.compile(r"\x1b\[[0-9;:]*m")
READ = 1.0
"""Seconds that a user needs to read a question. koonj ignores keys that are pressed earlier."""


class TerminalUser:
    """A user who uses koonj in `terminal`."""

    def __init__(self, terminal: Tmux) -> None:
        self.terminal = terminal

    # Read the screen

    @property
    def text(self) -> str:
        """The whole screen."""
        return self.terminal.text()

    def rows(self) -> list[str]:
        """Return the migrations on the screen: mark, number, name, glyph and word."""
        return _ROW.findall(self.text)

    def row(self, start: str) -> str:
        """Return the migration whose number and name start with `start`, or ''."""
        return next((row for row in self.rows() if row[1:].startswith(start)), "")

    def is_reversed(self, part: str) -> bool:
        """Return whether part of the line with `part` is in reverse video, as a cursor is."""
        return any(part in _CODE.sub("", line) and _REVERSE.search(line) for line in self.terminal.painted())

    # Use koonj

    def open(self, expect: str, command: str = "koonj") -> None:
        """Start koonj and wait until `expect` is on the screen."""
        self.terminal.enter(f"{command}; echo exit=$?")
        self.terminal.until(expect)

    def press(self, *keys: str, expect: str = "") -> None:
        """Press keys, and wait until `expect` is on the screen."""
        self.terminal.press(*keys)
        self.terminal.until(expect)

    def confirm(self, question: str) -> None:
        """Read the open question that contains `question`, and answer y."""
        self.answer_dialog(question, "y")

    def answer_dialog(self, question: str, key: str) -> None:
        """Read the open dialog that contains `question`, and press a key.

        Press it again if koonj ignored it because it came too early.
        """
        self.terminal.until(question)
        end = time.monotonic() + PATIENCE
        while question in self.text:
            assert time.monotonic() < end, f"{key} does not answer:\n{self.text}"
            time.sleep(READ)
            self.terminal.press(key)
            self.terminal.until(lambda: question not in self.text or "too early" in self.text)

    def create_from_pattern(self, pattern: str, values: dict[str, str], *, expect: str, file: str) -> None:
        """Create a new file from `pattern`, with a value for every label of its fields.

        `expect` is a part of the live SQL. A value of ``+`` selects the next choice, an empty one leaves the
        default.
        """
        self.press("n", expect="Tables")
        self.terminal.press("/")
        self.terminal.type(pattern)
        self.terminal.until(lambda: pattern in self.terminal.lines()[0])  # the form is visible
        self.press("Enter", expect="Enter next")
        for label, value in values.items():
            self.terminal.until(partial(self.is_reversed, f" {label}"))
            if value == "+":
                self.terminal.press("Space")
            elif value:
                self.terminal.type(value)
            self.terminal.press("Enter")
        self.terminal.until(lambda: self.is_reversed(f"[ Write {file}"))
        self.terminal.until(expect)
        self.press("Enter", expect="Created ")
        self.terminal.until(lambda: self.row(file[:12].replace("_", " ", 1)).startswith("›"))

    def quit(self, key: str = "q", status: int = 0) -> None:
        """Quit koonj, and check that the shell is on the screen again."""
        self.terminal.press(key)
        self.expect_clean_terminal(status)

    def expect_clean_terminal(self, status: int) -> None:
        """Check that koonj ended with `status` and has restored the terminal."""
        self.terminal.until(f"exit={status}")
        self.terminal.until_prompt()
        assert self.terminal.flags() == "0 0 1"
        assert "1 Migrations" not in self.text
        self.terminal.until(lambda: self.terminal.modes() == set())  # the bytes can arrive a moment later
        assert self.terminal.kitty_levels() == 0
        self.terminal.type("echo typed-text-is-seen")
        self.terminal.until("$ echo typed-text-is-seen")
        self.terminal.press("Enter")
        self.terminal.until("\ntyped-text-is-seen")
