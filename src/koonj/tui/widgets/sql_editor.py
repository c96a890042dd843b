"""A text area for SQL: Textual's for what keys do to the text, koonj's own for how it is drawn.

Overrides of TextArea what its documentation does not name: `_set_document`, which makes the document;
tests/tui/test_editor_pane.py holds it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

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
from koonj.sql.problem import Problem, Severity
from koonj.tui.documents.highlighting import Highlighting
from koonj.tui.documents.live_highlighting import LiveHighlighting
from koonj.tui.theme import BAD, DIM, MARKED, PLAIN, WARNING
from koonj.tui.toolkit.strips import Part
from koonj.tui.widgets.exact_document import ExactDocument, UnwrappedDocument, displayed
from koonj.tui.widgets.line_highlighter import LineHighlighter

_DIGITS = 3
_KEPT = 500
"""Lines that are kept as they were drawn."""
_UNDERLINED = Style(underline=True)
_SELECTED = Style(reverse=True)
_CURSOR = Style(reverse=True, bold=True, underline=True)
_IN_SELECTION = Style(reverse=False, bold=True, underline=True)
"""The cursor within a selection: the one cell that is not reversed."""


class SqlEditor(TextArea):
    """Shows line numbers, a mark at each line with a problem, and colours where somebody looks."""

    class Left(Message):
        """Esc."""

    class Pressed(Message):
        """Any key."""

    def __init__(self, text: str, newline: str) -> None:
        self._ending = newline
        self.looks = LiveHighlighting()
        self._highlighter = LineHighlighter(self, self._reach)
        self._drawn: dict[Hashable, Strip] = {}
        self._generation = 0
        super().__init__(
            text, soft_wrap=False, tab_behavior="indent", show_line_numbers=True, max_checkpoints=500
        )
        self.cursor_blink = False
        self.match_cursor_bracket = False
        self.read_again((), Highlighting(text, end=len(text)))

    # The document

    def _set_document(self, text: str, language: str | None) -> None:
        self.document = ExactDocument(text, self._ending, self.looks.replace_lines)
        self.wrapped_document = UnwrappedDocument(self.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()

    def load(self, text: str, newline: str) -> None:
        """Another text; the cursor stays in its line as far as that is there."""
        self._ending = newline
        cursor, top = self.cursor_location, self.scroll_offset
        self.load_text(text)
        self.read_again((), Highlighting(text, end=len(text)))
        self.move_cursor(self.clamp_visitable(cursor))
        self.scroll_to(y=top.y, animate=False)

    def read_again(self, problems: Sequence[Problem], found: Highlighting) -> None:
        """The text as it is now was read: its problems and colours."""
        self.looks.set_analysis(self.text, self.document.line_count, found, problems)
        self.refresh()

    def judge(self, problems: Sequence[Problem]) -> None:
        """What is wrong with the text that was read last."""
        self.looks.set_problems(problems)
        self.refresh()

    # Keys

    def on_key(self, event: events.Key) -> None:
        """Esc leaves; Enter begins the next line under this one's first word."""
        self.post_message(self.Pressed())
        if event.key == "escape":
            self._mine(event)
            self.post_message(self.Left())
        elif event.key == "enter" and not self.read_only:
            self._mine(event)
            row, column = min(self.selection)
            line = self.document.get_line(row)[:column]
            indent = line[: len(line) - len(line.lstrip(" \t"))]
            self.replace(f"\n{indent}", *self.selection, maintain_selection_offset=False)

    def _mine(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()

    def on_resize(self) -> None:
        """The cursor stays in sight."""
        self.call_after_refresh(self.scroll_cursor_visible)

    def go_to(self, row: int, column: int) -> None:
        """Put the cursor there, in the middle of the screen where it was not seen."""
        seen = self.scroll_offset.y <= row < self.scroll_offset.y + self.size.height
        self.move_cursor(self.clamp_visitable((row, column)), center=not seen)

    # What is drawn

    @property
    def gutter_width(self) -> int:
        """Cells of number and mark; they are the same for most files, and as one types."""
        return max(_DIGITS, len(str(self.document.line_count))) + 2

    def render_lines(self, crop: Region) -> list[Strip]:
        """Colour a slice before it is drawn; the rest follows at once."""
        if self.size.height:
            self._highlighter.work()
        return ScrollView.render_lines(self, crop)

    def _reach(self) -> bool:
        return self.looks.highlight(self.scroll_offset.y, self.scroll_offset.y + self.size.height - 1)

    def render_line(self, y: int) -> Strip:
        """Number, mark and text of one line."""
        row, left = y + self.scroll_offset.y, self.scroll_offset.x
        if row >= self.document.line_count:
            return Strip.blank(self.size.width, self.rich_style)
        room = max(0, self.size.width - self.gutter_width)
        key = self._key(row, left, room)
        if key not in self._drawn:
            line = Strip.join([self._margin(row), self._text(row, left, room)]).apply_style(self.rich_style)
            if self._highlighter.is_waiting:
                return line  # its colours are still to come
            self._drawn[key] = line
        return self._drawn[key]

    def _key(self, row: int, left: int, room: int) -> Hashable:
        """All on which a line's looks depend."""
        if len(self._drawn) > _KEPT or self._generation != self.looks.generation:
            self._drawn.clear()
            self._generation = self.looks.generation
        line, (first, last) = self.document.get_line(row), sorted(self.selection)
        selected = self.selection if first[0] <= row <= last[0] else None
        whence = self.looks.original_line(row)
        return row, line, whence, left, room, self.gutter_width, selected, self.has_focus, self.rich_style

    def _margin(self, row: int) -> Strip:
        """The cursor's line has its number reversed; one with a problem a mark behind it."""
        looks = MARKED if row == self.cursor_location[0] else DIM
        number = Segment(f"{row + self.line_number_start:>{self.gutter_width - 2}}", looks)
        problems = self.looks.problems_at(row)
        if not problems:
            return Strip([number, Segment("  ", PLAIN)], self.gutter_width)
        return Strip([number, Segment("! ", problem_style(problems[0]))], self.gutter_width)

    def _text(self, row: int, left: int, room: int) -> Strip:
        """The visible part of a line, and over it what is selected, where problems are, the cursor."""
        line = self.document.get_line(row)[: 4 * (left + room)]
        marks = self._marks(row, line)
        text = _pieces(self.looks.parts(row, self.document.get_line(row)), self.indent_width)
        end = max([text.cell_length, *(last for _, last, _ in marks)])
        text = text.extend_cell_length(end)
        for first, last, style in marks:
            if first < last:
                text = Strip.join(
                    [text.crop(0, first), text.crop(first, last).apply_style(style), text.crop(last)]
                )
        return text.crop(left, left + room).adjust_cell_length(room)

    def _marks(self, row: int, line: str) -> list[tuple[int, int, Style]]:
        """From which cell to which cell which style."""
        marks: list[tuple[int, int, Style]] = []
        for problem in self.looks.problems_at(row):
            if problem.column is not None:
                start = self._cell(line, problem.column - 1)
                marks.append(
                    (
                        start,
                        max(start + 1, self._cell(line, _word_end(line, problem.column - 1))),
                        _UNDERLINED,
                    )
                )
        first, last = sorted(self.selection)
        if first != last and first[0] <= row <= last[0]:
            start = self._cell(line, first[1]) if row == first[0] else 0
            end = self._cell(line, last[1]) if row == last[0] else self._cell(line, len(line)) + 1
            marks.append((start, end, _SELECTED))
        at_row, at = self.cursor_location
        if row == at_row and self.has_focus:
            start = self._cell(line, at)
            under = displayed(line, self.indent_width)
            cells = max(1, cell_len(in_place(line[at : at + 1]))) if under else 1
            marks.append((start, start + cells, _CURSOR if self.selection.is_empty else _IN_SELECTION))
        return marks

    def _cell(self, line: str, column: int) -> int:
        return cell_len(displayed(line[:column], self.indent_width))


def _word_end(line: str, column: int) -> int:
    end = column
    while end < len(line) and (line[end].isalnum() or line[end] == "_"):
        end += 1
    return end


def _pieces(parts: Sequence[Part], tab: int) -> Strip:
    """Pieces as they are drawn; a tab goes to its stop in the line."""
    made: list[Segment] = []
    at = 0
    for text, style in parts:
        seen = in_place(text)
        if "\t" in seen:
            seen = expand_tabs_inline(" " * (at % tab) + seen, tab)[at % tab :]
        at += cell_len(seen)
        made.append(Segment(seen, style))
    return Strip(made, at)


def problem_style(problem: Problem) -> Style:
    """How its mark looks."""
    return BAD if problem.severity is Severity.ERROR else WARNING
