"""Where colouring may begin: a long text cut into short pieces, each of which can be coloured by itself.

A piece begins with a statement or, in a long one, with a token; what koonj's lexer takes for the rows of a
COPY, or for one long string or comment, is a piece of its own that needs no lexer at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache

from koonj.sql.lexer import ItemKind, scan
from koonj.sql.tokens import Token, TokenKind, tokens

SHORT = 32 * 1024
"""Characters of a text that is one piece."""
_EVERY = 4 * 1024
"""Characters after which a new piece begins with the next statement."""
_LONG = 16 * 1024
"""Characters of a statement, or of a token, that is cut up."""

Segment = tuple[int, str]
"""The offset of a piece, and its `SegmentKind`. It reaches to the next one."""


class SegmentKind(StrEnum):
    """How a piece is read."""

    SQL = "s"
    PLPGSQL = "p"
    STRING = "q"
    COMMENT = "c"
    ROWS = "r"
    """Of a COPY."""


def segments(text: str) -> Iterator[Segment]:
    """The pieces of `text`, in order; the first begins at 0. Linear in its length, and found as asked for."""
    yield 0, SegmentKind.SQL
    if len(text) <= SHORT and "stdin" not in text.lower():
        return
    last = 0
    for start, reading in _found(text):
        if start > last:  # what psql sends in another order than it is written begins no piece
            yield start, reading
            last = start


def _found(text: str) -> Iterator[Segment]:
    last = 0
    for item in scan(text):
        if item.kind is ItemKind.COPY_DATA:
            yield item.start, SegmentKind.ROWS
            yield item.end, SegmentKind.SQL
            last = item.end
            continue
        if item.start - last >= _EVERY:
            yield item.start, SegmentKind.SQL
            last = item.start
        if item.end - item.start > _LONG:
            yield from _within(text, item.start, item.end)
            yield item.end, SegmentKind.SQL
            last = item.end


def _within(text: str, start: int, end: int) -> Iterator[Segment]:
    """The pieces of one long statement."""
    last = start
    for token in tokens(text, start):
        if token.start >= end:
            return
        if token.end - token.start > _LONG:
            yield from _of_long(text, start, token)
            last = token.end
            yield last, SegmentKind.SQL
        elif token.start - last >= _EVERY and token.kind is not TokenKind.BLANK:
            last = token.start
            yield last, SegmentKind.SQL


def _of_long(text: str, start: int, token: Token) -> Iterator[Segment]:
    """The pieces of one long token of the statement that begins at `start`."""
    if token.kind is TokenKind.COMMENT:
        yield token.start, SegmentKind.COMMENT
        return
    yield token.start, SegmentKind.STRING
    tag = _tag().match(token.text)
    language = _language(text, start, token) if tag else None
    if tag is None or language is None:
        return
    first, end = token.start + tag.end(), token.end
    end -= len(tag[0]) if token.text.endswith(tag[0], tag.end()) else 0
    yield first, language
    yield from _of_body(text[first:end], first, language)
    yield end, SegmentKind.STRING


def _of_body(body: str, offset: int, language: SegmentKind) -> Iterator[Segment]:
    """The pieces of a routine's body but the first."""
    last = 0
    for token in tokens(body):
        if token.end - token.start > _LONG:
            is_comment = token.kind is TokenKind.COMMENT
            yield offset + token.start, SegmentKind.COMMENT if is_comment else SegmentKind.STRING
            last = token.end
            yield offset + last, language
        elif token.start - last >= _EVERY and token.kind is not TokenKind.BLANK:
            last = token.start
            yield offset + last, language


def _language(text: str, start: int, token: Token) -> SegmentKind | None:
    """What a body in dollar quotes is written in, where that is known to be SQL or PL/pgSQL."""
    behind = _named().match(text, token.end, token.end + 200)
    before = [*_named().finditer(text, start, token.start)]
    named = behind or (before[-1] if before else None)
    if named is not None:
        return _LANGUAGES.get(named[1].lower())
    return SegmentKind.PLPGSQL if _do().search(text, start, token.start) else None


_LANGUAGES = {"plpgsql": SegmentKind.PLPGSQL, "sql": SegmentKind.SQL}


@cache
def _tag() -> re.Pattern[str]:
    return re.compile(r"\$[^$]*\$")


@cache
def _named() -> re.Pattern[str]:
    return re.compile(r"\s*\bLANGUAGE\s+'?(\w+)'?", re.IGNORECASE)


@cache
def _do() -> re.Pattern[str]:
    return re.compile(r"\bDO\b", re.IGNORECASE)
