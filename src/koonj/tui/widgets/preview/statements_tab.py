"""The tab Statements: the statements of a migration, numbered as in a run."""

from __future__ import annotations

from collections.abc import Iterable

from rich.style import Style

from koonj.tui.documents.line_index import LineIndex
from koonj.tui.documents.statement_list import StatementLine
from koonj.tui.state.file_place import FilePlace, by_weight
from koonj.tui.theme import DIM, PLAIN, STRONG
from koonj.tui.theme.severities import severity_style
from koonj.tui.toolkit.strips import Part
from koonj.tui.widgets.preview.tab_content import Line

_LONGEST = 110
"""Maximum characters of a statement's summary; see `sql.statement.summary`."""
_WIDE = 60
"""Minimum width, in cells, for the word ``line``."""
_WRONG = "!"
"""Sign of a statement in which something is wrong, as in the margin of the text."""


class StatementSheet:
    """Statements with number, line and summary, grouped by transaction."""

    def __init__(self, lines: LineIndex, places: Iterable[FilePlace] = ()) -> None:
        """`places`: what is wrong with the migration; the statements in which it is are marked."""
        self._lines = lines
        last = self.at(len(lines) - 1)
        self._digits = max(4, len(str(max(last.line, last.number))) + 1)
        self._marks: dict[int, Style] = {}
        for place in by_weight(places):
            index = None if place.line is None else self._index_of(place.line)
            if index is not None:
                self._marks.setdefault(index, severity_style(place.severity))

    def _index_of(self, line: int) -> int | None:
        """Return the index of the statement that contains a line of the file; None if there is none.

        The statements are in the order of the file, and few of so many lines may be parsed.
        """
        first, end = 0, len(self._lines)
        while first < end:
            middle = (first + end) // 2
            at = next((i for i in range(middle, end) if self.at(i).line), end)
            if at < end and self.at(at).line <= line:
                first = at + 1
            else:
                end = middle
        return first - 1 if first and self.at(first - 1).last_line >= line else None

    def at(self, index: int) -> StatementLine:
        """Return line `index` as a value."""
        return StatementLine.from_json(self._lines.line(index))

    def count(self, width: int) -> int:
        return len(self._lines)

    def line(self, index: int, width: int) -> Line:
        statement = self.at(index)
        if not statement.line:
            return (), [
                (" " + statement.text, STRONG) if statement.is_title else ("   " + statement.text, DIM)
            ]
        number, word = (
            str(statement.number) if statement.number else "",
            "  line " if width >= _WIDE else "  :",
        )
        look = self._marks.get(index)
        margin = [
            (f"{number:>{self._digits + 1}}", PLAIN),
            (" " if look is None else _WRONG, look or PLAIN),
            (f"{word[1:]}{statement.line:<{self._digits}} ", DIM),
        ]
        return margin, _highlighted(statement)

    def widest(self, width: int) -> int:
        return _LONGEST + 2 * self._digits


def _highlighted(statement: StatementLine) -> list[Part]:
    """Return the summary with the object name highlighted."""
    before, name, after = (
        statement.text.partition(statement.name) if statement.name else (statement.text, "", "")
    )
    return [(before, PLAIN if statement.number else DIM), (name, STRONG), (after, PLAIN)]
