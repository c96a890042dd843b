"""Lines of SQL to draw.

Only visible lines are highlighted, so a large file delays no key.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest

from rich.cells import cell_len

from koonj.sql.display import visible
from koonj.tui.documents.highlighting import Highlighting
from koonj.tui.documents.line_index import LineIndex
from koonj.tui.documents.text_search import TextMatch, TextQuery, matches_in_text
from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.strips import Part

_LONG_LINE = 4_000
_MEASURED = 20
_TAB = 4


class SqlText:
    """Lines of SQL.

    Line ends are PostgreSQL's: a line feed, a carriage return or both.
    """

    def __init__(self, text: str, first_line: int = 1, highlighting: Highlighting | None = None) -> None:
        self.text = text
        self.first_line = first_line
        """Number of the first line in its file."""
        self.width = 0
        """Number of cells of the widest line; 0 before `measure`."""
        self.highlighting = Highlighting(text, end=len(text)) if highlighting is None else highlighting
        self._lines = LineIndex(text)

    def __len__(self) -> int:
        return len(self._lines)

    def line(self, index: int, columns: int = 0) -> list[Part]:
        """Return the parts of line `index` (0-based) with their styles.

        Tabs are expanded and hidden characters are made visible. With `columns`, a very long line is cut
        after enough text to fill that many cells.
        """
        start, end = self._lines.span(index)
        if end - start > _LONG_LINE and columns:
            end = min(end, start + _LONG_LINE + 2 * columns)
        return _visible_parts(self.highlighting.parts(start, end))

    def span(self, index: int) -> tuple[int, int]:
        """Return the offsets of line `index` (0-based) in `text`, without its line end."""
        return self._lines.span(index)

    def matches(self, query: TextQuery) -> Iterator[TextMatch | None]:
        """Yield the matches of a search, in order; None after each block of the text."""
        if not self.text:
            return iter(())
        return matches_in_text(query, self.text, self._lines.line_at, self._lines.start)

    def highlight(self, first: int, last: int) -> bool:
        """Highlight from line `first` to line `last` for one slice of time.

        Returns True if nothing more can be highlighted there now.
        """
        start, (_, end) = self._lines.start(first), self._lines.span(last)
        return self.highlighting.highlight(start, min(end, start + (last - first + 1) * _LONG_LINE))

    def measure(self) -> None:
        """Set `width` from the lines with the most characters.

        For very long ones, count characters.
        """
        longest = nlargest(_MEASURED, self._lines.longest(_MEASURED), key=lambda span: span[1] - span[0])
        self.width = max(_cells(self.text[start:end].rstrip("\r\n")) for start, end in longest)


def _cells(line: str) -> int:
    return len(line) if len(line) > _LONG_LINE else cell_len(expand(line))


def word_end(line: str, column: int) -> int:
    """Return the end of the word at `column` (0-based), or `column` if there is none."""
    end = column
    while end < len(line) and (line[end].isalnum() or line[end] == "_"):
        end += 1
    return end


def expand(text: str) -> str:
    """Return one line of SQL as it is drawn: tabs expanded, hidden characters visible."""
    return "".join(piece for piece, _ in _visible_parts([(text, PLAIN)]))


def _visible_parts(parts: list[Part]) -> list[Part]:
    """Return the parts with tabs expanded and hidden characters visible."""
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
