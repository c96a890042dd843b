"""A text area for SQL: Textual's TextArea edits the text, koonj draws it.

It overrides `TextArea._set_document`, which is not documented and creates the document;
tests/tui/test_editor_pane.py checks that Textual still calls it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.expand_tabs import expand_tabs_inline
from textual.geometry import Region
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import DocumentNavigator

from koonj.sql.display import in_place
from koonj.tui.documents.highlighting import Highlighting
from koonj.tui.documents.live_highlighting import LiveHighlighting
from koonj.tui.documents.sql_text import word_end
from koonj.tui.documents.text_search import TextMatch, TextQuery, matches_in_lines
from koonj.tui.documents.wrapped_rows import MAX_WRAPPED
from koonj.tui.state.file_place import FilePlace
from koonj.tui.theme import DIM, FOUND, FOUND_HERE, MARKED, PLAIN, RULE, UNDERLINED
from koonj.tui.theme.fills import LIFTED, TONES, tinted
from koonj.tui.theme.severities import severity_style
from koonj.tui.toolkit.strips import Part, mark_cells
from koonj.tui.widgets.exact_document import ExactDocument, displayed
from koonj.tui.widgets.line_highlighter import LineHighlighter
from koonj.tui.widgets.text_searcher import SearchChanged, TextSearcher
from koonj.tui.widgets.wrapped_lines import WrappableDocument

_DIGITS = 3
_MAX_CACHED = 500
"""Maximum number of drawn lines in the cache."""
_SELECTED = Style(reverse=True)
_CURSOR = Style(reverse=True, bold=True, underline=True)
_IN_SELECTION = Style(reverse=False, bold=True, underline=True)
"""The cursor within a selection: the only cell that is not reversed."""


class SqlEditor(TextArea):
    """Editor with line numbers, problem marks, and colours for the visible lines."""

    wrapped_document: WrappableDocument

    class EscapePressed(Message):
        """Posted when the user presses Esc."""

    class KeyPressed(Message):
        """Posted at every key."""

    def __init__(self, text: str, newline: str) -> None:
        self._newline = newline
        self.looks = LiveHighlighting()
        self._highlighter = LineHighlighter(self, self._colour_slice)
        self._cache: dict[Hashable, Strip] = {}
        self.searcher = TextSearcher(self)
        """The search in the text."""
        self._generation = 0
        self._fills = False
        """Whether the theme has backgrounds for lines."""
        self._is_placed = False
        """Whether the first position of the cursor was scrolled into view."""
        super().__init__(
            text, soft_wrap=False, tab_behavior="indent", show_line_numbers=True, max_checkpoints=500
        )
        self.cursor_blink = False
        self.match_cursor_bracket = False
        self.update_analysis((), Highlighting(text, end=len(text)))

    # The document

    def _set_document(self, text: str, language: str | None) -> None:
        self.document = ExactDocument(text, self._newline, self.looks.replace_lines)
        self.wrapped_document = WrappableDocument(self.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()

    def load(self, text: str, newline: str) -> None:
        """Replace the text; the cursor keeps its position if the new text has it."""
        self._newline = newline
        cursor, top = self.cursor_location, self.scroll_offset
        self.load_text(text)
        self.update_analysis((), Highlighting(text, end=len(text)))
        self.move_cursor(self.clamp_visitable(cursor))
        self.scroll_to(y=top.y, animate=False)

    def update_analysis(self, problems: Sequence[FilePlace], found: Highlighting) -> None:
        """Take problems and colours of the current text."""
        self.looks.set_analysis(self.text, self.document.line_count, found, problems)
        self.refresh()

    # Keys

    def on_key(self, event: events.Key) -> None:
        """Post Esc as a message; indent a new line like the current one."""
        self.post_message(self.KeyPressed())
        if event.key == "escape":
            self._consume(event)
            self.post_message(self.EscapePressed())
        elif event.key == "enter" and not self.read_only:
            self._consume(event)
            row, column = min(self.selection)
            line = self.document.get_line(row)[:column]
            indent = line[: len(line) - len(line.lstrip(" \t"))]
            self.replace(f"\n{indent}", *self.selection, maintain_selection_offset=False)

    def _consume(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()

    def on_resize(self) -> None:
        is_first, self._is_placed = not self._is_placed, True
        self.call_after_refresh(self.scroll_cursor_visible, center=is_first)

    def go_to(self, row: int, column: int) -> None:
        """Move the cursor; centre the line if it was not visible."""
        place = self.clamp_visitable((row, column))
        y = self.wrapped_document.location_to_offset(place).y
        is_visible = self.scroll_offset.y <= y < self.scroll_offset.y + self.size.height
        self.move_cursor(place, center=not is_visible)

    def toggle_wrap(self) -> bool:
        """Wrap long lines, or scroll them sideways. Return False if the text is too long to be wrapped."""
        if not self.soft_wrap and len(self.text) > MAX_WRAPPED:
            return False
        self.soft_wrap = not self.soft_wrap
        self.scroll_to(x=0, animate=False)
        return True

    # Search

    @property
    def is_searched(self) -> bool:
        """Whether a search marks matches."""
        return bool(self.searcher.text)

    def search_matches(self, query: TextQuery) -> Iterator[TextMatch | None]:
        return matches_in_lines(query, self.document.line_count, self._line_of_search)

    def _line_of_search(self, row: int) -> str:
        return self.document.get_line(row) if row < self.document.line_count else ""

    def search_origin(self) -> tuple[int, int]:
        return self.cursor_location

    def show_match(self, match: TextMatch) -> None:
        self.go_to(match.line, match.start)

    def search_changed(self) -> None:
        self.refresh()
        self.post_message(SearchChanged(self.searcher))

    # What is drawn

    @property
    def gutter_width(self) -> int:
        """Cells of line number and mark; constant for files of fewer than 1000 lines."""
        return max(_DIGITS, len(str(self.document.line_count))) + (3 if self._fills else 2)

    def fill(self, *, fills: bool) -> None:
        """Draw backgrounds of lines and a line beside the numbers, as the preview does, or not."""
        if fills is not self._fills:
            self._fills = fills
            self._rewrap_and_refresh_virtual_size()
            self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Colour lines for one slice before drawing; the rest follows."""
        if self.size.height:
            self._highlighter.work()
        return ScrollView.render_lines(self, crop)

    def _colour_slice(self) -> bool:
        top = self.scroll_offset.y
        first, last = (self.wrapped_document.line_at(y)[0] for y in (top, top + self.size.height - 1))
        return self.looks.highlight(first, last)

    def render_line(self, y: int) -> Strip:
        y += self.scroll_offset.y
        if y >= self.wrapped_document.height:
            return Strip.blank(self.size.width, self.rich_style)
        row, part = self.wrapped_document.line_at(y)
        left, end = (
            self.wrapped_document.cells_of(row, part) if self.soft_wrap else (self.scroll_offset.x, None)
        )
        room = max(0, self.size.width - self.gutter_width)
        key = (self._key(row, left, room), part, end)
        if key not in self._cache:
            shown = self._text(row, left, room if end is None else end - left).adjust_cell_length(room)
            line = Strip.join([self._margin(row, part), shown.apply_style(self._ground(row))])
            line = line.apply_style(self.rich_style)
            if self._highlighter.is_waiting:
                return line  # not cached: its colours are not complete
            self._cache[key] = line
        return self._cache[key]

    def _key(self, row: int, left: int, room: int) -> Hashable:
        """Return all values that the drawing of a line depends on."""
        if len(self._cache) > _MAX_CACHED or self._generation != self.looks.generation:
            self._cache.clear()
            self._generation = self.looks.generation
        line, (first, last) = self.document.get_line(row), sorted(self.selection)
        selected = self.selection if first[0] <= row <= last[0] else None
        colour_source = self.looks.original_line(row)
        return (
            row,
            line,
            colour_source,
            left,
            room,
            self.gutter_width,
            selected,
            self.has_focus,
            self.rich_style,
            tuple(self.searcher.in_line(row)),
            self.searcher.current,
        )

    def _margin(self, row: int, part: int) -> Strip:
        """Return line number and problem mark; reversed in the cursor's line. Only the first row has them."""
        width, gutter = self.gutter_width, [Segment("│ ", RULE)] if self._fills else [Segment(" ", PLAIN)]
        digits = width - 1 - (2 if self._fills else 1)
        if part:
            return Strip([Segment(" " * (digits + 1), PLAIN), *gutter], width)
        looks = MARKED if row == self.cursor_location[0] else DIM
        problems = self.looks.problems_at(row)
        sign, style = ("!", severity_style(problems[0].severity)) if problems else (" ", PLAIN)
        number = f"{row + self.line_number_start:>{digits}}"
        return Strip([Segment(number, looks), Segment(sign, style), *gutter], width)

    def _ground(self, row: int) -> Style:
        """Return the background of a line: the tint of its problem, or that of the cursor's line."""
        problems = self.looks.problems_at(row) if self._fills else ()
        if problems:
            return tinted(TONES[severity_style(problems[0].severity)])
        return LIFTED if self._fills and row == self.cursor_location[0] and self.has_focus else PLAIN

    def _text(self, row: int, left: int, room: int) -> Strip:
        """Return the visible part of a line with selection, problems and cursor."""
        line = self.document.get_line(row)[: 4 * (left + room)]
        marks = self._marks(row, line)
        text = _pieces(self.looks.parts(row, self.document.get_line(row)), self.indent_width)
        end = max([text.cell_length, *(last for _, last, _ in marks)])
        text = text.extend_cell_length(end)
        text = mark_cells(text, marks)
        return text.crop(left, left + room).adjust_cell_length(room)

    def _marks(self, row: int, line: str) -> list[tuple[int, int, Style]]:
        """Return styled ranges of a line: start cell, end cell (exclusive), style."""
        marks: list[tuple[int, int, Style]] = []
        for problem in self.looks.problems_at(row):
            if problem.column is not None:
                start = self._cell(line, problem.column - 1)
                end = max(start + 1, self._cell(line, word_end(line, problem.column - 1)))
                look = severity_style(problem.severity) if self._fills else PLAIN
                marks.append((start, end, look + UNDERLINED))
        for match in self.searcher.in_line(row):
            style = FOUND_HERE if match == self.searcher.current else FOUND
            marks.append((self._cell(line, match.start), self._cell(line, match.end), style))
        first, last = sorted(self.selection)
        if first != last and first[0] <= row <= last[0]:
            start = self._cell(line, first[1]) if row == first[0] else 0
            end = self._cell(line, last[1]) if row == last[0] else self._cell(line, len(line)) + 1
            marks.append((start, end, _SELECTED))
        cursor_row, cursor_column = self.cursor_location
        if row == cursor_row and self.has_focus:
            start = self._cell(line, cursor_column)
            text = displayed(line, self.indent_width)
            cells = max(1, cell_len(in_place(line[cursor_column : cursor_column + 1]))) if text else 1
            marks.append((start, start + cells, _CURSOR if self.selection.is_empty else _IN_SELECTION))
        return marks

    def _cell(self, line: str, column: int) -> int:
        return cell_len(displayed(line[:column], self.indent_width))


def _pieces(parts: Sequence[Part], tab: int) -> Strip:
    """Return styled parts as drawn: control characters visible, tabs expanded."""
    segments: list[Segment] = []
    column = 0
    for text, style in parts:
        drawn = in_place(text)
        if "\t" in drawn:
            drawn = expand_tabs_inline(" " * (column % tab) + drawn, tab)[column % tab :]
        column += cell_len(drawn)
        segments.append(Segment(drawn, style))
    return Strip(segments, column)
