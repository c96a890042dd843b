"""The search in the lines of a pane: where its matches are, and how they are marked."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.tui.documents.text_search import TextMatch, TextQuery, matches_in_lines
from koonj.tui.theme import FOUND, FOUND_HERE
from koonj.tui.toolkit.strips import mark_cells
from koonj.tui.widgets.text_searcher import SearchChanged, TextSearcher

_MARKED = 200
"""Number of matches that are marked in one line."""


class SearchedLines(Widget):
    """The part of a pane that is searched. `Pane` has the lines."""

    top: reactive[int] = reactive(0)
    """Index of the first visible line of the body."""
    _searcher: TextSearcher | None = None

    def count(self) -> int:
        """Return the number of lines of the body."""
        raise NotImplementedError

    def draw(self, index: int, width: int) -> Strip:
        """Draw line `index` (0-based) of the body, `width` cells wide."""
        raise NotImplementedError

    @property
    def page(self) -> int:
        """Number of lines of the body that fit."""
        raise NotImplementedError

    def go_to(self, index: int) -> None:
        """Scroll to line `index`; past the end means the last line."""
        raise NotImplementedError

    @property
    def searcher(self) -> TextSearcher:
        """The search in the text of this pane."""
        if self._searcher is None:
            self._searcher = TextSearcher(self)
        return self._searcher

    @property
    def is_searched(self) -> bool:
        """Whether a search marks matches in this pane."""
        return self._searcher is not None and bool(self._searcher.text)

    def search_text(self, index: int) -> str:
        """Return the text of line `index` for a search."""
        return self.draw(index, self.size.width).text.rstrip()

    def search_matches(self, query: TextQuery) -> Iterator[TextMatch | None]:
        return matches_in_lines(query, self.count(), self.search_text)

    def search_origin(self) -> tuple[int, int]:
        return self.top, 0

    def show_match(self, match: TextMatch) -> None:
        index = self.index_of_match(match)
        if not self.top <= index < self.top + self.page:
            self.go_to(index - self.page // 3)

    def index_of_match(self, match: TextMatch) -> int:
        """Return the index of the line of the body that shows a match."""
        return match.line

    def searched_line(self, index: int) -> int:
        """Return the line of the searched text that line `index` of the body shows."""
        return index

    def search_changed(self) -> None:
        self.refresh()
        self.post_message(SearchChanged(self.searcher))

    def match_cells(self, match: TextMatch, index: int) -> tuple[int, int]:
        """Return the first cell of a match in line `index` as it is drawn, and its last one (exclusive)."""
        text = self.search_text(match.line)
        return cell_len(text[: match.start]), cell_len(text[: match.end])

    def _with_matches(self, index: int, line: Strip) -> Strip:
        searcher = self.searcher
        marks = []
        for match in searcher.in_line(self.searched_line(index))[:_MARKED]:
            first, end = self.match_cells(match, index)
            if first >= line.cell_length:
                break
            # A match of only a combining mark has the cell of its letter.
            first = first if first < end else max(0, first - 1)
            style = FOUND_HERE if match == searcher.current else FOUND
            marks.append((max(0, first), min(end, line.cell_length), style))
        return mark_cells(line, marks)
