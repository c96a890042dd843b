"""Express the lexical rules of psql as regular expressions.

Source: psqlscan.l of PostgreSQL 18, src/fe_utils.

``rule`` skips a run of tokens that cannot end a statement and then matches one *event*, a named group that
the scanner must handle. No two tokens start in the same way and their repeats are possessive, so a rule never
backtracks into a token. Patterns are compiled on first use, so importing this module is cheap.
"""

import re
from enum import Enum
from functools import cache

# The characters of an identifier, as the complement of the ASCII characters that are not allowed. psql reads
# bytes, and each byte from 0x80 on counts as a letter. (re needs 30 ms to compile a range up to U+10FFFF.)
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_LETTER_OR_DIGIT = r"[^\x00-/:-@\[-^`{-\x7f]"
_WORD_PART = r"[^\x00-#%-/:-@\[-^`{-\x7f]"  # allows $

_WORD = rf"{_LETTER}{_WORD_PART}*+"
_PLAIN = r"[\x00-!#%&*+,<=>?@\[\]^`{|}~\x7f]"
"""Blanks, commas, operators: ASCII except letters, digits and other token starts."""

_INTEGER = r"[0-9]++(?:_[0-9]++(?!\$))*"
_MANTISSA = rf"(?:{_INTEGER}(?:\.(?!\.)(?:{_INTEGER})?)?|\.{_INTEGER})"
_NUMBER = rf"{_MANTISSA}(?:[eE][-+](?:{_INTEGER}(?:{_WORD})?)?|{_WORD})?"
"""A number with the letters after it, and the sign in ``1e-``.

psql reads an invalid number as one token, too."""

_TAG_END = rf"(?:{_LETTER}{_LETTER_OR_DIGIT}*+)?\$"
_KEYWORD = rf"(?:[bB][eE][gG][iI][nN]|[cC][aA][sS][eE]|[eE][nN][dD])(?!{_WORD_PART})"
_PREFIX = r"(?:[bBnNxX](?=')|[uU](?=&))"
"""The first letter of B'…', N'…', X'…' or U&'…', which is not a word."""

_NEVER = "(?!)"

_BLANK = r"[ \t\n\r\f\v]"
BLANKS = rf"{_BLANK}*+(?:--[^\n\r]*+{_BLANK}*+)*"

_TOKENS_IN_A_ROW = 400
"""Limit of one match: re keeps a frame for each repeat of a group.

A statement can have 20 MB."""


class ReportedWords(Enum):
    """Which identifiers the scanner must report."""

    ALL = "all"
    """Every identifier: the kind of the statement is not known yet."""
    BLOCK = "block"
    """BEGIN, CASE and END: the statement creates a function or a procedure."""
    NONE = "none"


@cache
def rule(words: ReportedWords, *, backslashes: bool, one_token: bool = False) -> re.Pattern[str]:
    """Return the pattern that skips tokens up to the next event.

    A quote is skipped if it is closed and contains no doubled quote; any other quote is an event.

    Args:
        words: which identifiers are events.
        backslashes: '…' has backslash escapes (``standard_conforming_strings`` is off).
        one_token: skip at most one token.
    """
    prefixed = r"(?:[eEbBxX]|[uU]&)'" if backslashes else "[eE]'"
    word = rf"(?!{prefixed}){_WORD}"
    skipped, heard = {
        ReportedWords.ALL: (rf"(?!{prefixed}){_PREFIX}", rf"(?!{_PREFIX}){word}"),
        ReportedWords.BLOCK: (rf"(?!{_KEYWORD}){word}", _KEYWORD),
        ReportedWords.NONE: (word, _NEVER),
    }[words]
    return re.compile(
        rf"""(?:
          {_PLAIN}++
        | {skipped}
        | {_NEVER if backslashes else "'[^']*+'(?!')"}
        | "[^"]*+"(?!")
        | {_NUMBER}
        | \$[0-9]++(?:{_WORD})?
        | \.\.?
        | :(?::|{_LETTER_OR_DIGIT}*+)           # ::, or :name, a psql variable, where $ is not a letter
        | --[^\n\r]*+ | -(?!-) | /(?!\*)
        | \$(?!{_TAG_END}|[0-9])
        ){{0,{1 if one_token else _TOKENS_IN_A_ROW}}}
        (?:
          (?P<semicolon>;) | (?P<open>\() | (?P<close>\)) | (?P<backslash>\\)
        | (?P<comment>/\*) | (?P<dollar>\${_TAG_END})
        | (?P<string>{prefixed}|') | (?P<identifier>")
        | (?P<word>{heard})
        )?""",
        re.VERBOSE,
    )


@cache
def usual_statement(watched: frozenset[str]) -> re.Pattern[str]:
    """Return the pattern for a whole statement of the usual form, with the blanks before it.

    It begins with a word, its quotes and parentheses are closed, no semicolon is inside parentheses, and it
    ends with a semicolon. Its words do not matter: the first is not one of `watched`, or the first two are
    CREATE and a word that does not lead to a function.

    The pattern is simpler than that of `rule`. It does not match where it could read something else: after E,
    at a $. A doubled quote reads as two strings, which end at the same place. If it does not match, the
    scanner reads the statement event by event. The group 1 is the statement.
    """
    others = "|".join(sorted(watched - {"create"}))
    first = rf"[A-Za-z]++(?={_BLANK}|;)"
    inner = _text(_QUOTE_OR_SIGN)
    outer = _text(rf"{_QUOTE_OR_SIGN}|\({inner}\)")
    outermost = _text(rf"{_QUOTE_OR_SIGN}|\({outer}\)")
    return re.compile(
        rf"{BLANKS}("
        rf"(?:(?!(?i:create|{others})(?:{_BLANK}|;)){first}"
        rf"|(?i:create){_BLANK}++(?!(?i:or|function|procedure)(?:{_BLANK}|;)){first})"
        rf"{outermost};)"
    )


_QUOTE_OR_SIGN = r"""(?<![eE])'[^']*+'|"[^"]*+"|(?<![eE])--[^\n\r]*+|-(?!-)|/(?!\*)"""


def _text(others: str) -> str:
    """Return the expression for usual text, and the `others` in it."""
    usual = r"""[^'"$;()\\/-]*+"""
    return rf"(?>{usual}(?:(?:{others}){usual}){{0,{_TOKENS_IN_A_ROW}}})"


@cache
def blanks() -> re.Pattern[str]:
    """Return the pattern for the white space and -- comments before a statement.

    psql does not send them.
    """
    return re.compile(BLANKS)


@cache
def rest_of_line() -> re.Pattern[str]:
    r"""Return the pattern for blanks and a -- comment up to and including the line end.

    A lone \r does not end the line.
    """
    return re.compile(r"(?:[ \t\r\f\v]++|--[^\n\r]*+)*(?:\n|\Z)")


@cache
def end_of_rows() -> re.Pattern[str]:
    r"""Return the pattern for the line ``\.`` after the rows of a COPY."""
    return re.compile(r"^\\\.\r?(?:\n|\Z)", re.MULTILINE)
