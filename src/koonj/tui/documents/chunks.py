"""Cut a long text into short segments that can be highlighted separately.

A segment starts with a statement or, within a long statement, with a token. Some segments need no lexer: the
rows of a COPY, a long string, a long comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache

from koonj.sql.lexer import ItemKind, scan
from koonj.sql.tokens import Token, TokenKind, tokens

MAX_WHOLE = 32 * 1024
"""Number of characters up to which a text is one segment."""
_SEGMENT_SIZE = 4 * 1024
"""Number of characters after which the next statement or token starts a new segment."""
_MAX_UNCUT = 16 * 1024
"""Number of characters up to which a statement or a token is not cut."""

Segment = tuple[int, str]
"""Offset of a segment, and its `SegmentKind`. It ends where the next segment starts."""


class SegmentKind(StrEnum):
    """Kind of a segment: which lexer reads it, or which style it has."""

    SQL = "s"
    PLPGSQL = "p"
    STRING = "q"
    COMMENT = "c"
    ROWS = "r"
    """Rows of a COPY."""


def segments(text: str) -> Iterator[Segment]:
    """Yield the segments of `text` in order; the first one starts at 0.

    Takes time in proportion to the length of the text, and only as far as the caller iterates.
    """
    yield 0, SegmentKind.SQL
    if len(text) <= MAX_WHOLE and "stdin" not in text.lower():
        return
    last = 0
    for start, kind in _segment_starts(text):
        if (
            start > last
        ):  # psql can send statements in another order than the text has them: those start no segment
            yield start, kind
            last = start


def _segment_starts(text: str) -> Iterator[Segment]:
    last = 0
    for item in scan(text):
        if item.kind is ItemKind.COPY_DATA:
            yield item.start, SegmentKind.ROWS
            yield item.end, SegmentKind.SQL
            last = item.end
            continue
        if item.start - last >= _SEGMENT_SIZE:
            yield item.start, SegmentKind.SQL
            last = item.start
        if item.end - item.start > _MAX_UNCUT:
            yield from _statement_segments(text, item.start, item.end)
            yield item.end, SegmentKind.SQL
            last = item.end


def _statement_segments(text: str, start: int, end: int) -> Iterator[Segment]:
    """Yield the segments of one long statement."""
    last = start
    for token in tokens(text, start):
        if token.start >= end:
            return
        if token.end - token.start > _MAX_UNCUT:
            yield from _token_segments(text, start, token)
            last = token.end
            yield last, SegmentKind.SQL
        elif token.start - last >= _SEGMENT_SIZE and token.kind is not TokenKind.BLANK:
            last = token.start
            yield last, SegmentKind.SQL


def _token_segments(text: str, start: int, token: Token) -> Iterator[Segment]:
    """Yield the segments of one long token of the statement that starts at `start`."""
    if token.kind is TokenKind.COMMENT:
        yield token.start, SegmentKind.COMMENT
        return
    yield token.start, SegmentKind.STRING
    tag = _dollar_quote().match(token.text)
    language = _language(text, start, token) if tag else None
    if tag is None or language is None:
        return
    first, end = token.start + tag.end(), token.end
    end -= len(tag[0]) if token.text.endswith(tag[0], tag.end()) else 0
    yield first, language
    yield from _body_segments(text[first:end], first, language)
    yield end, SegmentKind.STRING


def _body_segments(body: str, offset: int, language: SegmentKind) -> Iterator[Segment]:
    """Yield the segments of a routine's body, except for the first."""
    last = 0
    for token in tokens(body):
        if token.end - token.start > _MAX_UNCUT:
            is_comment = token.kind is TokenKind.COMMENT
            yield offset + token.start, SegmentKind.COMMENT if is_comment else SegmentKind.STRING
            last = token.end
            yield offset + last, language
        elif token.start - last >= _SEGMENT_SIZE and token.kind is not TokenKind.BLANK:
            last = token.start
            yield offset + last, language


def _language(text: str, start: int, token: Token) -> SegmentKind | None:
    """Return the language of a body in dollar quotes; None if not SQL or PL/pgSQL."""
    after = _language_clause().match(text, token.end, token.end + 200)
    before = [*_language_clause().finditer(text, start, token.start)]
    named = after or (before[-1] if before else None)
    if named is not None:
        return _LANGUAGES.get(named[1].lower())
    return SegmentKind.PLPGSQL if _do_keyword().search(text, start, token.start) else None


_LANGUAGES = {"plpgsql": SegmentKind.PLPGSQL, "sql": SegmentKind.SQL}


@cache
def _dollar_quote() -> re.Pattern[str]:
    return re.compile(r"\$[^$]*\$")


@cache
def _language_clause() -> re.Pattern[str]:
    return re.compile(r"\s*\bLANGUAGE\s+'?(\w+)'?", re.IGNORECASE)


@cache
def _do_keyword() -> re.Pattern[str]:
    return re.compile(r"\bDO\b", re.IGNORECASE)
