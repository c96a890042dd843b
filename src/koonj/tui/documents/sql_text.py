"""SQL as lines to draw: coloured where somebody looks, a slice at a time; no file holds the screen up."""

from __future__ import annotations

from heapq import nlargest

from rich.cells import cell_len

from koonj.sql.display import visible
from koonj.tui.documents.highlighting import Highlighting
from koonj.tui.documents.line_index import LineIndex
from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.strips import Part

_LONG_LINE = 4_000
_MEASURED = 20
_TAB = 4


class SqlText:
    """Lines of SQL. Line ends are PostgreSQL's: a line feed, a carriage return or both."""

    def __init__(self, text: str, first_line: int = 1, colours: Highlighting | None = None) -> None:
        self.text = text
        self.first_line = first_line
        """The number of the first line in its file."""
        self.width = 0
        """The widest line's cells; 0 before they were measured."""
        self.colours = Highlighting(text, end=len(text)) if colours is None else colours
        self._lines = LineIndex(text)

    def __len__(self) -> int:
        return len(self._lines)

    def line(self, index: int, columns: int = 0) -> list[Part]:
        """Line `index` (0-based): its pieces and their looks, tabs expanded, nothing hidden.

        Of a very long line no more than it takes to fill `columns` cells, where they are given.
        """
        start, end = self._lines.span(index)
        if end - start > _LONG_LINE and columns:
            end = min(end, start + _LONG_LINE + 2 * columns)
        return _shown(self.colours.parts(start, end))

    def reach(self, first: int, last: int) -> bool:
        """Colour from line `first` to line `last`, for one slice of time at most.

        True when it got there, or as far as is possible now.
        """
        start, (_, end) = self._lines.start(first), self._lines.span(last)
        return self.colours.reach(start, min(end, start + (last - first + 1) * _LONG_LINE))

    def above(self, line: int) -> str:
        """The text above line `line` (1-based)."""
        return self.text[: self._lines.start(line - 1)]

    def measure(self) -> None:
        """Find the widest line's cells, as the lines with most characters tell; of a very long one these."""
        longest = nlargest(_MEASURED, self._lines.longest(_MEASURED), key=lambda span: span[1] - span[0])
        self.width = max(_cells(self.text[start:end].rstrip("\r\n")) for start, end in longest)


def _cells(line: str) -> int:
    return len(line) if len(line) > _LONG_LINE else cell_len(expand(line))


def expand(text: str) -> str:
    """One line of SQL as it is drawn: tabs expanded, hidden characters shown."""
    return "".join(piece for piece, _ in _shown([(text, PLAIN)]))


def _shown(parts: list[Part]) -> list[Part]:
    """Tabs expanded to their stops, hidden characters shown."""
    if not any("\t" in text for text, _ in parts):
        return [(visible(text), style) for text, style in parts]
    column = 0
    shown = []
    for text, style in parts:
        pieces = []
        for position, piece in enumerate(text.split("\t")):
            if position:
                gap = _TAB - column % _TAB
                pieces.append(" " * gap)
                column += gap
            pieces.append(visible(piece))
            column += cell_len(pieces[-1])
        shown.append(("".join(pieces), style))
    return shown
