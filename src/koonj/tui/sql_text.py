"""SQL as lines to draw: coloured as far as somebody looks, a slice at a time; no file holds the screen up."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from heapq import nlargest
from operator import sub
from time import perf_counter

from pygments.lexers.sql import PostgresLexer  # type: ignore[import-untyped] # ships no types
from rich.cells import cell_len
from rich.style import Style

from koonj.sql.display import visible
from koonj.tui.paint import Part
from koonj.tui.theme import PLAIN, token_style

HIGHLIGHT_LIMIT = 200_000
"""Characters; a longer text is drawn without colours, since they depend on all that stands before."""
SLICE = 0.008
"""Seconds of colouring at a time: half a frame."""
_LONG_LINE = 4_000
_MEASURED = 20
_TAB = 4
_LINE_END = re.compile(r"\r\n?|\n")
_LINE_FEED = re.compile(r"\n")


class SqlText:
    """Lines of SQL. Line ends are PostgreSQL's: a line feed, a carriage return or both."""

    def __init__(self, text: str, first_line: int = 1) -> None:
        self.text = text
        self.first_line = first_line
        """The number of the first line in its file."""
        self.width = 0
        """The widest line's cells; 0 before they were measured."""
        self.coloured = len(text) <= HIGHLIGHT_LIMIT
        self._starts = [0, *(found.end() for found in _ends(text))]
        if len(self._starts) > 1 and self._starts[-1] == len(text):
            self._starts.pop()
        self._parts: dict[int, list[Part]] = {}
        self._reached = 0
        self._tokens = self._lex() if self.coloured else iter(())

    def __len__(self) -> int:
        return len(self._starts)

    def line(self, index: int, columns: int = 0) -> list[Part]:
        """Line `index` (0-based): its pieces and their looks, tabs expanded, nothing hidden.

        Of a very long line no more than it takes to fill `columns` cells, where they are given.
        """
        start, end = self._span(index)
        if end - start > _LONG_LINE:
            most = min(end, start + _LONG_LINE + 2 * columns) if columns else end
            return _shown([(self.text[start:most], PLAIN)])
        if index not in self._parts or not self._is_reached(index):
            return _shown([(self.text[start:end], PLAIN)])
        return _shown(self._parts[index])

    def reach(self, index: int) -> bool:
        """Colour up to line `index`, for one slice of time at most; True when it got there."""
        if not self.coloured:
            return True
        until = perf_counter() + SLICE
        while not self._is_reached(index):
            if perf_counter() > until:
                return False
            self._pull()
        return True

    def above(self, line: int) -> str:
        """The text above line `line` (1-based)."""
        return self.text[: self._starts[line - 1]] if line <= len(self) else self.text

    def measure(self) -> None:
        """Find the widest line's cells, as the lines with most characters tell; of a very long one these."""
        lengths = list(map(sub, [*self._starts[1:], len(self.text)], self._starts))
        for index in nlargest(_MEASURED, range(len(self)), key=lengths.__getitem__):
            start, end = self._span(index)
            long = end - start > _LONG_LINE
            cells = end - start if long else cell_len(expand(self.text[start:end]))
            self.width = max(self.width, cells)

    def _is_reached(self, index: int) -> bool:
        following = index + 1
        return self._reached >= (self._starts[following] if following < len(self) else len(self.text))

    def _span(self, index: int) -> tuple[int, int]:
        """Where a line begins and ends, without its line end."""
        start = self._starts[index]
        end = self._starts[index + 1] if index + 1 < len(self) else len(self.text)
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return start, end

    def _lex(self) -> Iterator[tuple[Style, str]]:
        for _, kind, value in PostgresLexer().get_tokens_unprocessed(self.text):
            yield token_style(kind), value

    def _pull(self) -> None:
        """Take one token. They cover the text in order; their own offsets are wrong in dollar quotes."""
        style, value = next(self._tokens, (PLAIN, ""))
        if not value or not self.text.startswith(value, self._reached):
            style, value = PLAIN, self.text[self._reached :]
        index = bisect_right(self._starts, self._reached) - 1
        for piece in _LINE_END.split(value):
            if piece:
                self._parts.setdefault(index, []).append((piece, style))
            index += 1
        self._reached += len(value)


def _ends(text: str) -> Iterator[re.Match[str]]:
    """Line ends; most files have one kind, which is found ten times as fast."""
    return (_LINE_END if "\r" in text else _LINE_FEED).finditer(text)


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
