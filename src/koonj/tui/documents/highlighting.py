"""The colours of a text, piece by piece, a slice of time at once: only what somebody looks at is read."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from time import perf_counter
from typing import Any

from rich.style import Style

from koonj.tui.documents.chunks import Segment, SegmentKind
from koonj.tui.theme import PLAIN, token_style
from koonj.tui.toolkit.strips import Part

LARGE = 256 * 1024
"""Characters; what a longer text needs is found in a thread, or in another process."""
SLICE = 0.008
"""Seconds of colouring at a time: half a frame."""
_AHEAD = 256
"""Characters behind a piece that its lexer sees: LANGUAGE stands behind the body that it names."""
_KEPT = 128
"""Pieces whose colours are kept."""


class Highlighting:
    """Colours of one text. What no piece is known for yet is plain."""

    def __init__(self, text: str, pieces: Iterable[Segment] = ((0, SegmentKind.SQL),), *, end: int) -> None:
        self._text = text
        self._starts = array("Q")
        self._readings: list[str] = []
        self._end = 0
        """Up to where pieces are known."""
        self._pieces: dict[int, _Piece] = {}
        self.add(pieces, end)

    def add(self, pieces: Iterable[Segment], end: int) -> None:
        """More pieces, which together reach to the offset `end`; the last known one ends where they begin.

        Pieces from 0 on replace all that were known before.
        """
        pieces = list(pieces)
        if pieces and pieces[0][0] == 0:
            del self._starts[:], self._readings[:]
            self._pieces.clear()
        self._pieces.pop(len(self._starts) - 1, None)
        for start, reading in pieces:
            if not self._starts or start > self._starts[-1]:
                self._starts.append(start)
                self._readings.append(reading)
        self._end = end

    def reach(self, start: int, end: int) -> bool:
        """Colour from `start` to `end` for one slice of time; True when no more can be done of it now."""
        until = perf_counter() + SLICE
        return all(self._piece(index).reach(end, until) for index in self._between(start, end))

    def parts(self, start: int, end: int) -> list[Part]:
        """The text from `start` to `end` with its looks, as far as they are known."""
        found: list[Part] = []
        at = start
        for index in self._between(start, end):
            piece = self._pieces.get(index)
            for stop, style in piece.between(at, end) if piece else ():
                found.append((self._text[at:stop], style))
                at = stop
            stop = min(end, self._stop(index))
            if at < stop:
                found.append((self._text[at:stop], PLAIN))
                at = stop
        return [*found, (self._text[at:end], PLAIN)] if at < end else found

    def _between(self, start: int, end: int) -> range:
        """The known pieces that have a part of the text from `start` to `end`."""
        if start >= self._end:
            return range(0)
        first = bisect_right(self._starts, start) - 1
        return range(max(0, first), max(first + 1, bisect_right(self._starts, max(start, end - 1))))

    def _stop(self, index: int) -> int:
        return self._starts[index + 1] if index + 1 < len(self._starts) else self._end

    def _piece(self, index: int) -> _Piece:
        if index not in self._pieces:
            while len(self._pieces) >= _KEPT:
                del self._pieces[next(iter(self._pieces))]
            start, stop = self._starts[index], self._stop(index)
            self._pieces[index] = _Piece(self._text, start, stop, self._readings[index])
        return self._pieces[index]


class _Piece:
    """One piece, coloured as far as somebody looked."""

    def __init__(self, text: str, start: int, stop: int, reading: str) -> None:
        self._text = text
        self._stop = stop
        self._ends = [start]
        self._styles = [PLAIN]
        self._tokens: Iterator[tuple[Style, str]] = iter(())
        if reading in {SegmentKind.SQL, SegmentKind.PLPGSQL}:
            self._tokens = _read(text, start, stop, reading)
        else:
            self._ends.append(stop)
            self._styles.append(_plain()[reading])

    def reach(self, end: int, until: float) -> bool:
        """Colour up to `end`, or until it is too late; True when it got there."""
        end = min(end, self._stop)
        while self._ends[-1] < end:
            if perf_counter() > until:
                return False
            self._pull()
        return True

    def between(self, start: int, end: int) -> Iterator[tuple[int, Style]]:
        """Where each token from `start` on ends, and its look; `end` cuts the last."""
        for index in range(bisect_right(self._ends, start), len(self._ends)):
            yield min(self._ends[index], end), self._styles[index]
            if self._ends[index] >= end:
                return

    def _pull(self) -> None:
        """Take one token. They cover the text in order; their own offsets are wrong in dollar quotes."""
        at = self._ends[-1]
        style, value = next(self._tokens, (PLAIN, ""))
        if not value or not self._text.startswith(value, at):
            style, value = PLAIN, self._text[at : self._stop]
        self._ends.append(min(at + len(value), self._stop))
        self._styles.append(style)


def _read(text: str, start: int, stop: int, reading: str) -> Iterator[tuple[Style, str]]:
    """The looks of a piece, token by token."""
    lexer = _lexers()[reading]()
    for _, kind, value in lexer.get_tokens_unprocessed(text[start : stop + _AHEAD]):
        if value:  # the tag of $$ is empty
            yield token_style(kind), value


def prepare() -> None:
    """Import Pygments and compile its rules: a twentieth of a second, best spent in a thread."""
    _lexers()


def is_prepared() -> bool:
    """Can something be coloured without that?"""
    return _lexers.cache_info().currsize > 0


@cache
def _lexers() -> dict[str, Any]:
    from pygments.lexers import sql  # type: ignore[import-untyped] # noqa: PLC0415 - see `prepare`

    made = {SegmentKind.SQL.value: sql.PostgresLexer, SegmentKind.PLPGSQL.value: sql.PlPgsqlLexer}
    for lexer in made.values():
        lexer()  # compiles its rules
    return made


@cache
def _plain() -> dict[str, Style]:
    from pygments.token import Comment, String  # type: ignore[import-untyped] # noqa: PLC0415 - see `prepare`

    return {
        SegmentKind.STRING: token_style(String),
        SegmentKind.COMMENT: token_style(Comment),
        SegmentKind.ROWS: token_style(Comment),
    }
