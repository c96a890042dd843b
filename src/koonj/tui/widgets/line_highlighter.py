"""Colours for the visible lines of a widget, a slice of time after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.widget import Widget

from koonj.tui.documents import highlighting
from koonj.tui.toolkit.tasks import start_task


class LineHighlighter:
    """Colours a slice before each drawing, and has the widget drawn again until all lines have theirs."""

    def __init__(self, widget: Widget, reach: Callable[[], bool]) -> None:
        """`reach` colours visible lines for one slice of time; it answers whether all of them are done."""
        self._widget = widget
        self._reach = reach
        self.is_waiting = False
        """Is the next slice on its way?"""

    def work(self) -> None:
        """Colour for one slice, unless the next one is on its way already."""
        if self.is_waiting:
            return
        if not highlighting.has_lexers():
            self.is_waiting = True
            start_task(self._widget, self._prepare, "colours")
        elif not self._reach():
            self.is_waiting = True
            self._widget.set_timer(highlighting.TIME_SLICE * 2, self._go_on)

    async def _prepare(self) -> None:
        await asyncio.to_thread(highlighting.load_lexers)
        self._go_on()

    def _go_on(self) -> None:
        self.is_waiting = False
        self._widget.refresh()
