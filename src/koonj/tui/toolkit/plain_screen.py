"""The terminal's normal screen: for a text, whose lines the terminal wraps there, or for another command.

A terminal copies a line as one line only if it has wrapped it. koonj's own screen places every row by itself,
so there a line that is longer than the terminal is copied as several.
"""

from __future__ import annotations

import os
import sys
import termios
import tty
from collections.abc import Callable
from typing import TypeVar

from textual.app import App, SuspendNotSupported

from koonj.tui.toolkit.signals import STDIN, TerminalGoneError, leave, must_have_terminal

Result = TypeVar("Result")

_READ = 1024
"""Bytes of one key press, at the most: a key can send several."""


def show_plain(app: App[None], text: str) -> bool:
    """Suspend `app`, write `text` to the normal screen, and wait for a key. Return whether that is possible.

    The text must be clean for a terminal. It stays in the terminal's history of lines.
    """
    return on_plain_screen(app, lambda: text)


def on_plain_screen(app: App[None], work: Callable[[], str]) -> bool:
    """Suspend `app`, do `work`, write the text that it returns, and wait for a key, unless it is empty.

    `work` is as in `without_screen`. Returns whether koonj can suspend itself here.
    """

    def shown() -> None:
        if text := work():
            _show(text)

    try:
        without_screen(app, shown)
    except SuspendNotSupported:
        return False
    return True


def without_screen(app: App[None], work: Callable[[], Result]) -> Result:
    """Suspend `app`, do `work`, and return its result. If the terminal vanishes meanwhile, koonj exits.

    `work` can use the terminal. It must not raise, or Textual does not resume.

    Raises: SuspendNotSupported.
    """
    try:
        with app.suspend():
            result = work()
            must_have_terminal(STDIN)
    except TerminalGoneError:  # it was raised where Textual would resume, so it does not
        leave(app)
    return result


def _show(text: str) -> None:
    screen, keys = sys.__stderr__, sys.__stdin__
    if screen is None or keys is None:
        return
    try:
        screen.write(text)
        screen.flush()
        _wait_for_key(keys.fileno())
        screen.write("\n")
        screen.flush()
    except (OSError, termios.error):
        return  # the terminal has gone


def _wait_for_key(terminal: int) -> None:
    """Wait until a key is pressed. Ctrl+C and Ctrl+Z are keys as all others."""
    before = termios.tcgetattr(terminal)
    try:
        tty.setraw(terminal, termios.TCSADRAIN)
        os.read(terminal, _READ)
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
