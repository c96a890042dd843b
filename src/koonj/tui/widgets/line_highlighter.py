"""Colours for the visible lines of a widget, in short slices of time.

The slices keep the keys responsive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.widget import Widget

from koonj.tui.documents import highlighting
from koonj.tui.toolkit.tasks import start_task


class LineHighlighter:
    """Colours lines before each drawing, for one slice of time.

    It redraws the widget until all visible lines are coloured.
    """

    def __init__(self, widget: Widget, colour_slice: Callable[[], bool]) -> None:
        """`colour_slice` colours lines for one slice and returns whether all are done."""
        self._widget = widget
        self._colour_slice = colour_slice
        self.is_waiting = False
        """Whether the next slice is scheduled."""

    def work(self) -> None:
        """Colour lines for one slice, unless the next slice is already scheduled."""
        if self.is_waiting:
            return
        if not highlighting.has_lexers():
            self.is_waiting = True
            start_task(self._widget, self._prepare, "colours")
        elif not self._colour_slice():
            self.is_waiting = True
            self._widget.set_timer(highlighting.TIME_SLICE * 2, self._continue)

    async def _prepare(self) -> None:
        await asyncio.to_thread(highlighting.load_lexers)
        self._continue()

    def _continue(self) -> None:
        self.is_waiting = False
        self._widget.refresh()
