"""What is seen first: the names of the migrations' files, while koonj reads them and imports its rest.

What the target says of them is not known yet, so no state stands beside a name. Keys that are typed meanwhile
wait for the main screen.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from koonj.config import Settings
from koonj.migrations.names import in_order
from koonj.tui.theme import DIM, PLAIN, RAISED
from koonj.tui.toolkit.strips import cut, strip
from koonj.tui.toolkit.tasks import start_task

_LEAVE = ("q", "ctrl+c")
_DIGITS = 3
"""Cells for a number, at least: as in the list."""


class FileNames(Widget):
    """The whole screen: folder, title, names, and what koonj is at."""

    ALLOW_SELECT = False

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._folder = _relative(settings)
        self._names = _names(settings)
        self._digits = max((name.index("_") for name in self._names), default=_DIGITS)

    def render_line(self, y: int) -> Strip:
        """Textual asks for line `y`."""
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
        digits, _, label = self._names[index].removesuffix(".sql").partition("_")
        return strip([(" " + digits.rjust(self._digits), DIM), (" " + label, PLAIN)], width)


class LoadingScreen(Screen[None]):
    """Lies below the main screen, and is seen until that is there."""

    DEFAULT_CSS = "LoadingScreen FileNames { width: 1fr; height: 1fr; }"

    def __init__(
        self, settings: Settings, make_next: Callable[[], Awaitable[Screen[Any]]], opened: Callable[[], None]
    ) -> None:
        super().__init__()
        self._settings = settings
        self._make_next = make_next
        """Makes the screen that covers this one: it imports and reads what that needs."""
        self._opened = opened
        """To be called when keys have somewhere to go."""
        self._first: str | None = None

    def compose(self) -> ComposeResult:
        """One widget."""
        yield FileNames(self._settings)

    def on_mount(self) -> None:
        """The first paint waits for nothing."""
        self.call_after_refresh(start_task, self, self._open, "opening")

    def is_left_by(self, event: events.Key) -> bool:
        """Is that the first key, and one that leaves? A later one may belong to what was typed before."""
        self._first = self._first or event.key
        return event.key == self._first and event.key in _LEAVE

    async def _open(self) -> None:
        """Everything else."""
        await self.app.push_screen(await self._make_next())
        self._opened()
        gc.freeze()  # what was imported stays: no collection has to look at it while a key waits
        gc.enable()


def _relative(settings: Settings) -> str:
    return min(os.path.relpath(settings.migrations), str(settings.migrations), key=len)


def _names(settings: Settings) -> Sequence[str]:
    """None where the folder cannot be listed: reading it will say why."""
    try:
        with os.scandir(settings.migrations) as entries:
            return in_order(entry.name for entry in entries)
    except OSError:
        return ()
