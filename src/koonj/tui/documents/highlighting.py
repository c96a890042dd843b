"""Highlight a text segment by segment, in slices of time.

Only the visible part is highlighted.
"""

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
"""Number of characters above which a text is analyzed in another process."""
TIME_SLICE = 0.008
"""Seconds of highlighting at a time: half a frame."""
_LOOKAHEAD = 256
"""Number of characters after a segment that its lexer sees: LANGUAGE follows the body it describes."""
_MAX_CACHED = 128
"""Number of segments whose styles are kept."""


class Highlighting:
    """Styles of one text. Text without known segments is plain."""

    def __init__(self, text: str, segments: Iterable[Segment] = ((0, SegmentKind.SQL),), *, end: int) -> None:
        self._text = text
        self._starts = array("Q")
        self._kinds: list[str] = []
        self._end = 0
        """Offset up to which segments are known."""
        self._cache: dict[int, _HighlightedSegment] = {}
        self.add(segments, end)

    def add(self, segments: Iterable[Segment], end: int) -> None:
        """Add segments that reach to the offset `end`.

        The last known segment ends where the first new one starts. Segments that start at 0 replace all known
        ones.
        """
        segments = list(segments)
        if segments and segments[0][0] == 0:
            del self._starts[:], self._kinds[:]
            self._cache.clear()
        self._cache.pop(len(self._starts) - 1, None)
        for start, kind in segments:
            if not self._starts or start > self._starts[-1]:
                self._starts.append(start)
                self._kinds.append(kind)
        self._end = end

    def highlight(self, start: int, end: int) -> bool:
        """Highlight from `start` to `end` for one slice of time.

        Returns True if nothing more can be highlighted there now.
        """
        until = perf_counter() + TIME_SLICE
        return all(self._segment(index).highlight(end, until) for index in self._segments_in(start, end))

    def parts(self, start: int, end: int) -> list[Part]:
        """Return the text from `start` to `end` with its styles, as far as they are known."""
        found: list[Part] = []
        at = start
        for index in self._segments_in(start, end):
            piece = self._cache.get(index)
            for stop, style in piece.styles(at, end) if piece else ():
                found.append((self._text[at:stop], style))
                at = stop
            stop = min(end, self._stop(index))
            if at < stop:
                found.append((self._text[at:stop], PLAIN))
                at = stop
        return [*found, (self._text[at:end], PLAIN)] if at < end else found

    def _segments_in(self, start: int, end: int) -> range:
        """Return the indexes of the segments that overlap `start` to `end`."""
        if start >= self._end:
            return range(0)
        first = bisect_right(self._starts, start) - 1
        return range(max(0, first), max(first + 1, bisect_right(self._starts, max(start, end - 1))))

    def _stop(self, index: int) -> int:
        return self._starts[index + 1] if index + 1 < len(self._starts) else self._end

    def _segment(self, index: int) -> _HighlightedSegment:
        if index not in self._cache:
            while len(self._cache) >= _MAX_CACHED:
                del self._cache[next(iter(self._cache))]
            start, stop = self._starts[index], self._stop(index)
            self._cache[index] = _HighlightedSegment(self._text, start, stop, self._kinds[index])
        return self._cache[index]


class _HighlightedSegment:
    """One segment, highlighted as far as it was visible."""

    def __init__(self, text: str, start: int, stop: int, kind: str) -> None:
        self._text = text
        self._stop = stop
        self._ends = [start]
        self._styles = [PLAIN]
        self._tokens: Iterator[tuple[Style, str]] = iter(())
        if kind in {SegmentKind.SQL, SegmentKind.PLPGSQL}:
            self._tokens = _styled_tokens(text, start, stop, kind)
        else:
            self._ends.append(stop)
            self._styles.append(_segment_styles()[kind])

    def highlight(self, end: int, until: float) -> bool:
        """Highlight up to `end` or until the time `until`.

        Return True if `end` was reached.
        """
        end = min(end, self._stop)
        while self._ends[-1] < end:
            if perf_counter() > until:
                return False
            self._read_token()
        return True

    def styles(self, start: int, end: int) -> Iterator[tuple[int, Style]]:
        """Yield the end and the style of each token from `start` on.

        `end` cuts the last one.
        """
        for index in range(bisect_right(self._ends, start), len(self._ends)):
            yield min(self._ends[index], end), self._styles[index]
            if self._ends[index] >= end:
                return

    def _read_token(self) -> None:
        """Read one token.

        The tokens cover the text in order. Their own offsets are wrong in dollar quotes, so only their
        lengths are used.
        """
        at = self._ends[-1]
        style, value = next(self._tokens, (PLAIN, ""))
        if not value or not self._text.startswith(value, at):
            style, value = PLAIN, self._text[at : self._stop]
        self._ends.append(min(at + len(value), self._stop))
        self._styles.append(style)


def _styled_tokens(text: str, start: int, stop: int, language: str) -> Iterator[tuple[Style, str]]:
    """Yield the style and the text of each token of a segment."""
    lexer = _lexers()[language]()
    for _, kind, value in lexer.get_tokens_unprocessed(text[start : stop + _LOOKAHEAD]):
        if value:  # the tag of $$ is an empty token
            yield token_style(kind), value


def load_lexers() -> None:
    """Import Pygments and compile its rules.

    Takes about 50 ms, so call it in a thread.
    """
    _lexers()


def has_lexers() -> bool:
    """Return whether text can be highlighted without calling `load_lexers`."""
    return _lexers.cache_info().currsize > 0


@cache
def _lexers() -> dict[str, Any]:
    from pygments.lexers import sql  # type: ignore[import-untyped] # noqa: PLC0415 - see `load_lexers`

    made = {SegmentKind.SQL.value: sql.PostgresLexer, SegmentKind.PLPGSQL.value: sql.PlPgsqlLexer}
    for lexer in made.values():
        lexer()  # compiles its rules
    return made


@cache
def _segment_styles() -> dict[str, Style]:
    from pygments.token import Comment, String  # type: ignore[import-untyped] # noqa: PLC0415 - see `load_lexers`

    return {
        SegmentKind.STRING: token_style(String),
        SegmentKind.COMMENT: token_style(Comment),
        SegmentKind.ROWS: token_style(Comment),
    }
