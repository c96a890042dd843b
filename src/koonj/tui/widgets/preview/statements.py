"""The statements of a migration, numbered as a run counts them."""

from __future__ import annotations

from koonj.tui.documents.line_index import LineIndex
from koonj.tui.documents.statement_list import StatementLine
from koonj.tui.theme import DIM, PLAIN, STRONG
from koonj.tui.toolkit.strips import Part
from koonj.tui.widgets.preview.tab_content import Line

_LONGEST = 110
"""Characters of a statement's summary, at most; see sql.statements."""


_WIDE = 60
"""Cells that leave room for the word ``line``."""


class StatementSheet:
    """Each statement with its number, its line in the file and what it does, under what commits it."""

    def __init__(self, lines: LineIndex) -> None:
        self._lines = lines
        last = self.at(len(lines) - 1)
        self._digits = max(4, len(str(max(last.line, last.number))) + 1)

    def at(self, index: int) -> StatementLine:
        """What a line of the sheet tells of."""
        return StatementLine.from_json(self._lines.line(index))

    def count(self, width: int) -> int:
        """Statements and headings."""
        return len(self._lines)

    def line(self, index: int, width: int) -> Line:
        """One of them."""
        said = self.at(index)
        if not said.line:
            return (), [(" " + said.text, STRONG) if said.is_title else ("   " + said.text, DIM)]
        number, word = str(said.number) if said.number else "", "  line " if width >= _WIDE else "  :"
        margin = [(f"{number:>{self._digits + 1}}", PLAIN), (f"{word}{said.line:<{self._digits}} ", DIM)]
        return margin, _named(said)

    def widest(self, width: int) -> int:
        """Of the longest summary that there may be."""
        return _LONGEST + 2 * self._digits


def _named(said: StatementLine) -> list[Part]:
    """The object stands out."""
    before, name, after = said.text.partition(said.name) if said.name else (said.text, "", "")
    return [(before, PLAIN if said.number else DIM), (name, STRONG), (after, PLAIN)]
