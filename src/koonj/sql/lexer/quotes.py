"""Find the ends of quotes and comments. Each part of the text is read once."""

import re
from functools import cache


def end_of_comment(text: str, at: int) -> int | None:
    """Return the offset after the block comment at ``at``; None if it is not closed.

    Block comments can be nested.
    """
    depth = 0
    for mark in _comment_marks().finditer(text, at):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return mark.end()
    return None


def end_of_dollar_quote(text: str, at: int, tag: str) -> int | None:
    """Return the offset after the dollar quote; None if it is not closed.

    ``at`` is the offset after the opening ``$tag$``.
    """
    end = text.find(tag, at)
    return None if end < 0 else end + len(tag)


def end_of_identifier(text: str, at: int) -> int | None:
    """Return the offset after the quoted name "…"; None if it is not closed.

    ``at`` is the offset after the opening quote.
    """
    return _closing_quote(_identifier_marks(), text, at)


def end_of_string(text: str, at: int, *, backslashes: bool, doubled: bool) -> int | None:
    """Return the offset after the string; None if it is not closed.

    Args:
        text: the whole text.
        at: the offset after the opening quote.
        backslashes: a backslash escapes the character after it.
        doubled: two quotes stand for one; not so in B'…' and X'…'.
    """
    marks = _string_marks(backslashes=backslashes, doubled=doubled)
    while True:
        end = _closing_quote(marks, text, at)
        continuation = _continuation().match(text, end) if end is not None else None
        if continuation is None:
            return end
        at = continuation.end()


def _closing_quote(marks: re.Pattern[str], text: str, at: int) -> int | None:
    return next((mark.end() for mark in marks.finditer(text, at) if len(mark[0]) == 1), None)


@cache
def _comment_marks() -> re.Pattern[str]:
    return re.compile(r"/\*|\*/")


@cache
def _identifier_marks() -> re.Pattern[str]:
    return re.compile('""|"')


@cache
def _string_marks(*, backslashes: bool, doubled: bool) -> re.Pattern[str]:
    """Return the pattern for a quote or an escape inside a string.

    A match of one character is the closing quote; longer matches are escapes.
    """
    return re.compile("|".join([r"\\[\s\S]"] * backslashes + ["''"] * doubled + ["'"]))


@cache
def _continuation() -> re.Pattern[str]:
    r"""Return the pattern for the gap between two parts of a continued string.

    That is white space with a line end. The line end is a lone \r, because psql reads line by line.
    """
    return re.compile(r"(?:[ \t\f\v]++|--[^\n\r]*+)*\r(?:[ \t\r\f\v]++|--[^\n\r]*+\r)*'")
