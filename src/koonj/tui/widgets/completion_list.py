"""The names that complete a field of the pattern form, in a few lines below it."""

from __future__ import annotations

from rich.cells import cell_len
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.patterns.completion import Completion
from koonj.tui.theme import DIM, MARKED, PLAIN
from koonj.tui.toolkit.strips import Part, fit, strip

_LINES = (3, 6)
"""Maximum number of names, on a low and on a high screen."""
_HIGH = 30
"""Lines of a high screen."""
_LONGEST = 40
"""Cells of the longest name that is shown whole."""


def completion_lines(height: int) -> int:
    """Return the maximum lines of a list of names on a screen of that height."""
    return _LINES[height >= _HIGH] + 1


class CompletionList(Widget):
    """Names with details. One of them can be taken; the first one stands for it before."""

    ALLOW_SELECT = False
    found: reactive[tuple[Completion, ...]] = reactive((), layout=True)
    taken: reactive[int | None] = reactive(None)
    """Number of the name that is in the field; None: what the user typed."""
    indent: int = 0

    def watch_found(self) -> None:
        self.taken = None
        self.display = bool(self.found)

    @property
    def _most(self) -> int:
        return completion_lines(self.app.size.height) - 1

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines: one for each name, and one for how many more there are."""
        return min(len(self.found), self._most) + (len(self.found) > self._most)

    def render_line(self, y: int) -> Strip:
        width, first = self.size.width, max(0, (self.taken or 0) - self._most + 1)
        before: Part = (" " * self.indent, PLAIN)
        number = first + y
        if y >= self._most or number >= len(self.found):
            more = len(self.found) - first - self._most
            parts = [before, (f"  {more} more", DIM)] if y == self._most and more > 0 else []
            return strip(parts, width).apply_style(self.rich_style)
        one, is_taken = self.found[number], number == self.taken
        names = min(_LONGEST, max(cell_len(each.name) for each in self.found))
        parts = [
            before,
            ("› " if is_taken else "  ", MARKED if is_taken else PLAIN),
            (fit(one.name, names), MARKED if is_taken else PLAIN),
            (f"  {one.detail}", DIM),
        ]
        return strip(parts, width).apply_style(self.rich_style)
