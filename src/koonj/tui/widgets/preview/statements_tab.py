"""The tab Statements: the statements of a migration, numbered as in a run."""

from __future__ import annotations

from koonj.tui.documents.line_index import LineIndex
from koonj.tui.documents.statement_list import StatementLine
from koonj.tui.theme import DIM, PLAIN, STRONG
from koonj.tui.toolkit.strips import Part
from koonj.tui.widgets.preview.tab_content import Line

_LONGEST = 110
"""Maximum characters of a statement's summary; see `sql.statement.summary`."""
_WIDE = 60
"""Minimum width, in cells, for the word ``line``."""


class StatementSheet:
    """Statements with number, line and summary, grouped by transaction."""

    def __init__(self, lines: LineIndex) -> None:
        self._lines = lines
        last = self.at(len(lines) - 1)
        self._digits = max(4, len(str(max(last.line, last.number))) + 1)

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
        margin = [(f"{number:>{self._digits + 1}}", PLAIN), (f"{word}{statement.line:<{self._digits}} ", DIM)]
        return margin, _highlighted(statement)

    def widest(self, width: int) -> int:
        return _LONGEST + 2 * self._digits


def _highlighted(statement: StatementLine) -> list[Part]:
    """Return the summary with the object name highlighted."""
    before, name, after = (
        statement.text.partition(statement.name) if statement.name else (statement.text, "", "")
    )
    return [(before, PLAIN if statement.number else DIM), (name, STRONG), (after, PLAIN)]
