"""Where that which is quoted ends. Each function reads its part of the text once."""

import re
from functools import cache


def end_of_comment(text: str, at: int) -> int | None:
    """The offset after the block comment that starts at ``at``; they nest. None where it is not closed."""
    depth = 0
    for mark in _comment_marks().finditer(text, at):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return mark.end()
    return None


def end_of_dollar_quote(text: str, at: int, tag: str) -> int | None:
    """The offset after the body that starts at ``at``, behind its ``$tag$``. None where it is not closed."""
    end = text.find(tag, at)
    return None if end < 0 else end + len(tag)


def end_of_identifier(text: str, at: int) -> int | None:
    """The offset after the "…" whose content starts at ``at``. None where it is not closed."""
    return _closing_quote(_identifier_marks(), text, at)


def end_of_string(text: str, at: int, *, backslashes: bool, doubled: bool) -> int | None:
    """The offset after the string whose content starts at ``at``. None where it is not closed.

    Args:
        text: the whole text.
        at: the offset after the opening quote.
        backslashes: a backslash escapes the character after it.
        doubled: two quotes stand for one, which they do not in B'…' and X'…'.
    """
    marks = _string_marks(backslashes=backslashes, doubled=doubled)
    while True:
        end = _closing_quote(marks, text, at)
        goes_on = _continuation().match(text, end) if end is not None else None
        if goes_on is None:
            return end
        at = goes_on.end()


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
    """What matters inside a string: its end, one character long, and what only looks like it."""
    return re.compile("|".join([r"\\[\s\S]"] * backslashes + ["''"] * doubled + ["'"]))


@cache
def _continuation() -> re.Pattern[str]:
    r"""What joins a string to the next: blanks with a line end. That is a lone \r, as psql reads by lines."""
    return re.compile(r"(?:[ \t\f\v]++|--[^\n\r]*+)*\r(?:[ \t\r\f\v]++|--[^\n\r]*+\r)*'")
