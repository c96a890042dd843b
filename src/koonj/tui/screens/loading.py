"""The first screen: file names, shown while koonj reads and imports the rest.

The target has not responded yet, so no states are shown. Keys that the user types in the meantime wait for
the main screen.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from koonj.config import Settings
from koonj.migrations.names import digits_of, in_order, name_parts
from koonj.tui.theme import DIM, PLAIN, RAISED
from koonj.tui.toolkit import garbage
from koonj.tui.toolkit.strips import cut, strip
from koonj.tui.toolkit.tasks import start_task

_QUIT_KEYS = ("q", "ctrl+c")
_DIGITS = 3
"""Minimum width of a number in cells, as in the list."""


class FileNames(Widget):
    """The contents of the first screen: folder, title, file names and status."""

    ALLOW_SELECT = False

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._folder = _relative(settings)
        self._names = _names(settings)
        self._digits = max(map(digits_of, self._names), default=_DIGITS)

    def render_line(self, y: int) -> Strip:
        return self._line(y, self.size.width).apply_style(self.rich_style)

    def _line(self, y: int, width: int) -> Strip:
        if y == 0:
            return strip([(cut(f" {self._folder}", width), DIM)], width)
        if y == 1:
            return strip([(" 1 Migrations  ", RAISED), (f" {len(self._names)} files", DIM)], width)
        if y == self.size.height - 1:
            return strip([(" reading the folder", DIM)], width)
        return self._file(y - 2, width) if y - 2 < len(self._names) else strip((), width)

    def _file(self, index: int, width: int) -> Strip:
        digits, label = name_parts(self._names[index])
        return strip([(" " + digits.rjust(self._digits), DIM), (" " + label, PLAIN)], width)


class LoadingScreen(Screen[None]):
    """The screen below the main screen. It is visible until the main screen is ready."""

    DEFAULT_CSS = "LoadingScreen FileNames { width: 1fr; height: 1fr; }"

    def __init__(
        self,
        settings: Settings,
        make_next: Callable[[], Awaitable[Screen[Any]]],
        on_ready: Callable[[], None],
    ) -> None:
        super().__init__()
        self._settings = settings
        self._make_next = make_next
        """Creates the main screen, with the imports and data that it needs."""
        self._on_ready = on_ready
        """Called when the main screen can receive keys."""
        self._first: str | None = None

    def compose(self) -> ComposeResult:
        yield FileNames(self._settings)

    def on_mount(self) -> None:
        # After the first paint, so that it does not wait for this.
        self.call_after_refresh(start_task, self, self._open, "opening")

    def is_quit_key(self, event: events.Key) -> bool:
        """Return whether the key is the first one and quits koonj.

        A later key can belong to an earlier one, which waits for the main screen.
        """
        self._first = self._first or event.key
        return event.key == self._first and event.key in _QUIT_KEYS

    async def _open(self) -> None:
        """Load the main screen after the first paint."""
        await self.app.push_screen(await self._make_next())
        self._on_ready()
        garbage.start()


def _relative(settings: Settings) -> str:
    return min(os.path.relpath(settings.migrations), str(settings.migrations), key=len)


def _names(settings: Settings) -> Sequence[str]:
    """Return the names of the files; empty if the folder cannot be listed.

    The main screen then shows the error.
    """
    try:
        with os.scandir(settings.migrations) as entries:
            return in_order(entry.name for entry in entries)
    except OSError:
        return ()
