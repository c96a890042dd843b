"""Split SQL text into tokens, to classify statements and to compare texts.

The rules are the server's (PostgreSQL source: src/backend/parser/scan.l); the lexer finds the ends of quotes.
Nothing is raised: an unclosed token reaches to the end of the text, and a character that no rule matches is a
token.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from koonj.sql.lexer import quotes


class TokenKind(StrEnum):
    """Kind of a token."""

    BLANK = "blank"
    COMMENT = "comment"
    """From ``--`` to the line end (without it), or ``/* … */``."""
    WORD = "word"
    """A keyword or an unquoted name."""
    QUOTED = "quoted"
    """A name in double quotes, including ``U&"…"``."""
    STRING = "string"
    """A constant in quotes: ``'…'``, prefixed (E, U&, B, X, N) or dollar-quoted."""
    NUMBER = "number"
    PARAMETER = "parameter"
    OPERATOR = "operator"
    PUNCTUATION = "punctuation"


class Token(NamedTuple):
    """A token. The offsets are in characters of the text."""

    kind: TokenKind
    text: str
    start: int
    end: int


BLANKS = " \t\n\r\f\v"
"""Characters that PostgreSQL accepts as white space.

str.strip() without them would strip more, such as U+00A0.
"""

_LETTER = r"[^\x00-@\[-^`{-\x7f]"  # A-Z, a-z, _ and everything from U+0080 on
_LETTER_OR_DIGIT = r"[^\x00-/:-@\[-^`{-\x7f]"
_WORD = rf"{_LETTER}[^\x00-#%-/:-@\[-^`{{-\x7f]*+"  # allows $ inside
_DIGITS = r"[0-9]++(?:_[0-9]++)*"
_EXPONENT = r"[eE][-+]?[0-9][0-9_]*+"
_SIGN = r"(?:\+|-(?!-))"
_SAFE = r"(?:[*<>=]|/(?!\*))"
_SAFE_OR_SIGN = r"(?:[*<>=+]|-(?!-)|/(?!\*))"
_ODD = r"[~!@\#^&|`?%]"
_ANY = r"(?:[*<>=+~!@\#^&|`?%]|-(?!-)|/(?!\*))"
_NO_MORE = r"(?![*<>=+~!@\#^&|`?%/-])"
_FEW = "{0,64}"
"""Maximum length of an operator.

PostgreSQL refuses an operator of 64 characters; here it becomes several operators. What follows such a repeat
starts with another character, so re goes back at most 64 steps, and finds nothing else.
"""


_COMMENTS_IN_A_ROW = 400
"""Limit of one match: re keeps a frame for each repeat of a group."""


@cache
def _rule(*, backslashes: bool, skip: bool) -> re.Pattern[str]:
    """Return the pattern for one token; with `skip`, it skips blanks and comments.

    It skips only ``--`` comments. The name of the group is the kind. The group `mark` is the start of a token
    whose end a simple expression cannot find. At the end of the text there is no group.
    """
    kinds = rf"""
          (?P<word>(?!(?:[eEbBxXnN]|[uU]&)'|[uU]&"){_WORD})
        | (?P<punctuation>[(),;\[\]]|:[:=]?|\.\.|\.(?![0-9]))
        | (?P<string>{"(?!)" if backslashes else "'[^']*+'(?!')"})
        | (?P<number>(?:0[xX][0-9a-fA-F_]++|0[oObB][0-9_]++
            |(?:{_DIGITS}(?:\.(?!\.)(?:{_DIGITS})?)?|\.{_DIGITS})(?:{_EXPONENT})?)(?:{_WORD})?)
        | (?P<quoted>"[^"]*+"(?!"))
        | (?P<parameter>\$[0-9]++(?:{_WORD})?)
        # The first two expressions match the usual operators, such as = and ->>, faster than the others.
        # An operator does not end in + or - unless one of its characters is odd: a=-1 is a, =, -, 1.
        | (?P<operator>-?[*<>=]{{1,64}}+{_NO_MORE}|[+-]{_NO_MORE}|{_SAFE_OR_SIGN}{_FEW}{_ODD}{_ANY}{_FEW}
            |(?:{_SIGN}{_FEW}{_SAFE})(?:{_SIGN}{_FEW}{_SAFE}){_FEW}|{_SIGN})
        | (?P<mark>/\*|--[^\n\r]*+|\$(?:{_LETTER}{_LETTER_OR_DIGIT}*+)?\$
            |(?:[eEbBxXnN]|[uU]&)?'|(?:[uU]&)?"|[\s\S])
        """
    blank, comment = r"[ \t\n\r\f\v]", r"--[^\n\r]*+"
    if skip:
        few = f"{{0,{_COMMENTS_IN_A_ROW}}}"
        return re.compile(rf"{blank}*+(?:{comment}{blank}*+){few}(?:{kinds}|\Z)", re.VERBOSE)
    return re.compile(rf"(?P<blank>{blank}++)|(?P<comment>{comment})|{kinds}", re.VERBOSE)


def tokens(text: str, start: int = 0, *, backslashes: bool = False) -> Iterator[Token]:
    """Yield every token of `text` in order; joined, the tokens are the text.

    Blanks and comments are tokens too.

    Args:
        text: one statement, or any piece of SQL.
        start: the offset of the first token.
        backslashes: a plain '…' has backslash escapes (``standard_conforming_strings`` is off).
    """
    return _read(text, start, backslashes=backslashes, skip=False)


def significant(text: str, start: int = 0, *, backslashes: bool = False) -> Iterator[Token]:
    """Yield the tokens except blanks and comments."""
    read = _read(text, start, backslashes=backslashes, skip=True)
    return (token for token in read if token.kind is not TokenKind.COMMENT)


def first_significant(text: str, start: int = 0) -> int | None:
    """Return the offset of the first token that is no blank and no comment; None if there is none."""
    if text[start : start + 1].isalpha():
        return start
    token = next(significant(text, start), None)
    return None if token is None else token.start


def _read(text: str, at: int, *, backslashes: bool, skip: bool) -> Iterator[Token]:
    rule, size = _rule(backslashes=backslashes, skip=skip), len(text)
    while at < size:
        for found in rule.finditer(text, at):
            group = found.lastgroup
            if group is None:
                return
            start, at = found.span(group)
            if group == "mark":
                kind, at = _marked(text, found["mark"], start, backslashes=backslashes)
                yield Token(kind, text[start:at], start, at)
                break
            yield Token(_KINDS[group], found[group], start, at)


def significant_texts(text: str) -> Iterator[str]:
    """Yield only the texts of the significant tokens: fast, for fingerprints."""
    rule, at, size = _rule(backslashes=False, skip=True), 0, len(text)
    while at < size:
        for found in rule.finditer(text, at):
            if found.lastgroup == "mark":
                start = found.start("mark")
                kind, at = _marked(text, found["mark"], start, backslashes=False)
                if kind is not TokenKind.COMMENT:
                    yield text[start:at]
                break
            if found.lastgroup:
                yield found[found.lastgroup]
        else:
            return


_KINDS: dict[str | None, TokenKind] = {kind.value: kind for kind in TokenKind}


def _marked(text: str, mark: str, start: int, *, backslashes: bool) -> tuple[TokenKind, int]:
    """Return the kind and the end of the token whose start is the mark at `start`."""
    after = start + len(mark)
    if mark == "/*":
        kind, end = TokenKind.COMMENT, quotes.end_of_comment(text, start)
    elif mark.startswith("--"):  # after so many comments that one match does not skip it
        kind, end = TokenKind.COMMENT, after
    elif mark[-1] == "'":
        kind, end = TokenKind.STRING, _end_of_string(text, after, mark[:-1].lower(), backslashes=backslashes)
    elif mark[-1] == '"':
        kind, end = TokenKind.QUOTED, quotes.end_of_identifier(text, after)
    elif mark[-1] == "$" and len(mark) > 1:
        kind, end = TokenKind.STRING, quotes.end_of_dollar_quote(text, after, mark)
    else:
        kind, end = TokenKind.OPERATOR, after
    return kind, len(text) if end is None else end


def _end_of_string(text: str, at: int, prefix: str, *, backslashes: bool) -> int | None:
    escapes = prefix == "e" or (backslashes and prefix in {"", "n"})
    return quotes.end_of_string(text, at, backslashes=escapes, doubled=prefix not in {"b", "x"})
