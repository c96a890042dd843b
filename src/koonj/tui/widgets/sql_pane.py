"""Panes that show SQL with line numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rich.cells import cell_len
from rich.style import Style
from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.documents import highlighting
from koonj.tui.documents.sql_text import SqlText, expand, word_end
from koonj.tui.documents.text_search import TextMatch, TextQuery
from koonj.tui.documents.wrapped_rows import MAX_WRAPPED, WrappedRows
from koonj.tui.theme import DIM, PLAIN, RULE, UNDERLINED
from koonj.tui.toolkit.strips import Part, mark_cells, strip
from koonj.tui.widgets.line_highlighter import LineHighlighter
from koonj.tui.widgets.pane import Pane

_EMPTY = SqlText("")
_LONG_LINE, _LONG_WORD = 4_000, 200
"""Characters of a line in which a word is marked, and of the word."""


@dataclass(frozen=True, slots=True)
class LineMark:
    """Mark of a line: in its margin, and below a word if its column is known."""

    style: Style
    column: int | None
    """1-based, in characters of the shown text."""
    sign: str = "!"
    fill: Style = PLAIN
    """Background of the line, if the theme has fills."""


class SqlPane(Pane):
    """A pane that shows a SqlText; wide lines scroll sideways."""

    sql: reactive[SqlText] = reactive(_EMPTY, repaint=False)
    marked: reactive[Mapping[int, LineMark]] = reactive(MappingProxyType({}))
    """Lines with something wrong, by their index."""
    wraps: reactive[bool] = reactive(default=False)
    """Whether long lines are wrapped."""
    _wrapped: tuple[SqlText, int, WrappedRows] | None = None
    left: reactive[int] = reactive(0)
    """First visible column of the text."""

    def __init__(self) -> None:
        super().__init__()
        self._highlighter = LineHighlighter(self, self._colour_slice)

    def watch_sql(self) -> None:
        """Show the new text from its start."""
        self.left = 0
        self.top = 0
        self.body_changed()

    def watch_wraps(self) -> None:
        """Keep the first visible line where it is."""
        line = self.searched_line(self.top)
        self.left = 0
        self.body_changed()
        self.top = self.row_of_line(line)

    @property
    def rows(self) -> WrappedRows | None:
        """The rows of the wrapped text; None if it is not wrapped, or too long for it."""
        if not self.wraps or len(self.sql.text) > MAX_WRAPPED or not self.size.width:
            return None
        room = self.size.width - self.margin_width
        if self._wrapped is None or self._wrapped[0] is not self.sql or self._wrapped[1] != room:
            self._wrapped = (self.sql, room, WrappedRows(self.sql, room))
        return self._wrapped[2]

    def searched_line(self, index: int) -> int:
        rows = self.rows
        return index if rows is None or not 0 <= index < len(rows) else rows[index][0]

    def row_of_line(self, line: int) -> int:
        """Return the index of the first line of the body that shows a line of the text."""
        rows = self.rows
        return line if rows is None else rows.index_of(line)

    def validate_left(self, left: int) -> int:
        """Keep a part of the widest line visible, if its width is known."""
        return max(0, min(left, self.sql.width - 8)) if self.sql.width else max(0, left)

    def count(self) -> int:
        if not self.sql.text:
            return 0
        rows = self.rows
        return len(self.sql) if rows is None else len(rows)

    def sideways(self, columns: int) -> None:
        if self.rows is not None:
            return
        if not self.sql.width and len(self.sql.text) <= highlighting.LARGE:
            self.sql.measure()
        self.left += columns

    @property
    def margin_width(self) -> int:
        """Cells of the line number with a space on both sides."""
        return len(str(self.sql.first_line + len(self.sql))) + (4 if self.has_fills else 2)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Colour lines for one slice before drawing; the rest follows."""
        if self.count():
            self._colour()
        return super().render_lines(crop)

    def _colour(self) -> None:
        self._highlighter.work()

    def _colour_slice(self) -> bool:
        last = self.searched_line(min(self.count(), self.top + self.page) - 1)
        return self.sql.highlight(self.searched_line(self.top), last)

    def draw(self, index: int, width: int) -> Strip:
        rows = self.rows
        if rows is None:
            return self._draw_line(index, width)
        line, first, end = rows[index]
        whole = self._draw_line(line, max(width, end + self.margin_width) + 1)
        gutter = self.margin_width
        margin = whole.crop(0, gutter) if not first else strip((), gutter)
        return Strip.join([margin, whole.crop(gutter + first, gutter + end)]).adjust_cell_length(width)

    def _draw_line(self, index: int, width: int) -> Strip:
        gutter = self.margin_width
        line = self.sql.first_line + index
        margin: list[Part] = [(f"{line:>{gutter - 1}} ", DIM)]
        if self.has_fills:
            margin = [(f"{line:>{gutter - 3}} ", DIM), ("│ ", self.gutter_look(index))]
        room = max(0, self.left + width - gutter)
        text = strip(self.sql.line(index, room), room, more=DIM)
        mark = self.mark_of(index)
        if mark is None:
            return Strip.join([strip(margin, gutter), text.crop(self.left)])
        number, look = margin[0]
        margin[0:1] = [(number[:-1], look), (mark.sign, mark.style)]
        text = mark_cells(text, self._word(mark, index, text))
        whole = Strip.join([strip(margin, gutter), text.crop(self.left)])
        return whole.apply_style(mark.fill) if self.has_fills else whole

    def mark_of(self, index: int) -> LineMark | None:
        """Return the mark of line `index`; None if it has none."""
        return self.marked.get(index)

    def gutter_look(self, index: int) -> Style:
        """Return the style of the line between the number and the text of line `index`."""
        return RULE

    def search_matches(self, query: TextQuery) -> Iterator[TextMatch | None]:
        return self.sql.matches(query)

    def _columns_of(self, match: TextMatch) -> tuple[int, int]:
        """Return the first and the last cell (exclusive) of a match in the text of its line."""
        start, end = self.sql.span(match.line)
        line = self.sql.text[start : min(end, start + match.end)]
        return cell_len(expand(line[: match.start])), cell_len(expand(line))

    def match_cells(self, match: TextMatch, index: int) -> tuple[int, int]:
        margin, rows = self.margin_width, self.rows
        start, last = (self.left, None) if rows is None else rows[index][1:]
        cells = (cell if last is None else min(cell, last) for cell in self._columns_of(match))
        first, end = (margin + max(0, cell - start) for cell in cells)
        return (first, end) if rows is None or first < end else (margin, margin)

    def index_of_match(self, match: TextMatch) -> int:
        rows = self.rows
        return match.line if rows is None else rows.index_of(match.line, self._columns_of(match)[0])

    def search_origin(self) -> tuple[int, int]:
        return self.searched_line(self.top), 0

    def show_match(self, match: TextMatch) -> None:
        super().show_match(match)
        if self.rows is not None:
            return
        first, end = self._columns_of(match)
        room = max(1, self.size.width - self.margin_width)
        if first < self.left or end > self.left + room:
            self.left = first - room // 3 if end > room else 0

    def _word(self, mark: LineMark, index: int, text: Strip) -> list[tuple[int, int, Style]]:
        """Return the cells of the word of a mark."""
        if mark.column is None:
            return []
        start, end = self.sql.span(index)
        column = mark.column - 1
        line = self.sql.text[start : min(end, start + column + _LONG_WORD)]
        first = cell_len(expand(line[:column])) if column < _LONG_LINE else text.cell_length
        last = cell_len(expand(line[: word_end(line, column)])) if column < _LONG_LINE else first
        look = mark.style + UNDERLINED if self.has_fills else UNDERLINED
        return [(first, min(max(last, first + 1), text.cell_length), look)]


class SqlPreview(SqlPane):
    """Preview of the migration that a pattern generates, updated as the user types."""

    TITLE = "SQL"

    finished: reactive[bool] = reactive(default=False)
    """Whether all required fields are filled in."""
    edited: reactive[int] = reactive(0)
    """How many of the files were edited by hand."""

    def title(self) -> tuple[str, str]:
        note = "complete" if self.finished else "empty fields show example values"
        note += f", {self.edited} edited by hand" if self.edited else ""
        return f"{self.TITLE}  {note}", self.place

    def watch_sql(self) -> None:
        """Keep the scroll position: the text changes as the user types."""
        self.body_changed()
