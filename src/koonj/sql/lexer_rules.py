r"""The lexical rules of psql, as regular expressions (PostgreSQL source: src/fe_utils/psqlscan.l of version 18).

A rule skips a run of tokens that cannot end a statement and then matches one *event*, a named group, that the scanner
must look at. No two tokens start alike and their inner repeats are possessive, so a rule never goes back into a token.

Patterns are compiled when first asked for: importing this costs nothing.
"""

import re
from enum import Enum
from functools import cache

LETTER = r"A-Za-z_\x80-\U0010ffff"
"""What may start an identifier: psql reads bytes, and each byte from 0x80 on counts as a letter."""

WORD = rf"[{LETTER}][{LETTER}0-9$]*+"
BLANKS = r"(?:[ \t\n\r\f\v]++|--[^\n\r]*+)*"
_TAG_END = rf"(?:[{LETTER}][{LETTER}0-9]*+)?\$"
_DIGITS = r"[0-9]++(?:_[0-9]++)*"
_KEYWORD = rf"(?:[bB][eE][gG][iI][nN]|[cC][aA][sS][eE]|[eE][nN][dD])(?![{LETTER}0-9$])"
_NEVER = "(?!)"

_TOKENS_IN_A_ROW = 400
"""Bound of one match: re keeps a frame for each repeat of a group, and a file may be one statement of 20 MB."""


class Words(Enum):
    """Which identifiers the scanner wants to hear of."""

    ALL = "all"
    """Each one: what the statement is, is not known yet."""
    BLOCK = "block"
    """BEGIN, CASE and END: the statement makes a function or a procedure."""
    NONE = "none"


@cache
def rule(words: Words, *, backslashes: bool, one_token: bool = False) -> re.Pattern[str]:
    """The rule that skips tokens up to the next event.

    Where it skips nothing and finds no event before the end of the text, there is a quote that is never closed.

    Args:
        words: which identifiers are events.
        backslashes: '…' has backslash escapes (``standard_conforming_strings`` is off).
        one_token: skip at most one token.
    """
    prefixed = r"(?:[eEbBxX]|[uU]&)'" if backslashes else "[eE]'"
    word = rf"(?!{prefixed}){WORD}"
    skipped = {Words.ALL: _NEVER, Words.BLOCK: rf"(?!{_KEYWORD}){word}", Words.NONE: word}[words]
    heard = {Words.ALL: word, Words.BLOCK: _KEYWORD, Words.NONE: _NEVER}[words]
    return re.compile(
        rf"""(?:
          [^-'"$;()\\/:.0-9{LETTER}]++                          # blanks, commas, operators
        | {skipped}
        | {_NEVER if backslashes else "'[^']*+'"}               # '' inside reads as two strings: the same end
        | "[^"]*+"
        | (?:{_DIGITS}(?:\.(?!\.)(?:{_DIGITS})?)?|\.{_DIGITS})(?:{WORD})?    # 1.5e and 1a$ are one token
        | \${_DIGITS}(?:{WORD})?                                # $1, a parameter
        | \.
        | :(?::|[{LETTER}0-9]*+)                                # ::, or :name, a psql variable, which has no $
        | --[^\n\r]*+ | -(?!-) | /(?!\*)
        | \$(?!{_TAG_END}|[0-9])
        ){{0,{1 if one_token else _TOKENS_IN_A_ROW}}}
        (?:
          (?P<semicolon>;) | (?P<open>\() | (?P<close>\)) | (?P<backslash>\\)
        | (?P<comment>/\*) | (?P<dollar>\${_TAG_END})
        | (?P<string>{prefixed}{"|'" if backslashes else ""})
        | (?P<word>{heard})
        )?""",
        re.VERBOSE,
    )


@cache
def blanks() -> re.Pattern[str]:
    """White space and -- comments, which psql leaves out before a statement."""
    return re.compile(BLANKS)


@cache
def rest_of_line() -> re.Pattern[str]:
    r"""Nothing but blanks and a -- comment up to and with the end of the line (a lone \r does not end one)."""
    return re.compile(r"(?:[ \t\r\f\v]++|--[^\n\r]*+)*(?:\n|\Z)")


@cache
def _comment_marks() -> re.Pattern[str]:
    return re.compile(r"/\*|\*/")


@cache
def _string_marks(*, backslashes: bool) -> re.Pattern[str]:
    return re.compile(r"''|'|\\[\s\S]" if backslashes else r"''|'")


@cache
def _continuation() -> re.Pattern[str]:
    r"""What joins '…' to a following '…': blanks with a line end, which is a lone \r, as psql reads by lines."""
    return re.compile(r"(?:[ \t\f\v]++|--[^\n\r]*+)*\r(?:[ \t\r\f\v]++|--[^\n\r]*+\r)*'")


def end_of_comment(text: str, at: int) -> int | None:
    """The offset after the block comment that starts at ``at``; such comments nest. None where it is not closed."""
    depth = 0
    for mark in _comment_marks().finditer(text, at):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return mark.end()
    return None


def end_of_dollar_quote(text: str, at: int, tag: str) -> int | None:
    """The offset after the body that starts at ``at``, behind its opening ``$tag$``. None where it is not closed."""
    end = text.find(tag, at)
    return None if end < 0 else end + len(tag)


def end_of_string(text: str, at: int, *, backslashes: bool) -> int | None:
    """The offset after the string whose content starts at ``at``. None where it is not closed."""
    marks = _string_marks(backslashes=backslashes)
    while True:
        for mark in marks.finditer(text, at):
            if mark[0] == "'":
                at = mark.end()
                break
        else:
            return None
        goes_on = _continuation().match(text, at)
        if not goes_on:
            return at
        at = goes_on.end()


def end_of_bit_string(text: str, at: int) -> int | None:
    """The offset after the B'…' or X'…' whose content starts at ``at``, in which '' is not an escaped quote."""
    while True:
        quote = text.find("'", at)
        if quote < 0:
            return None
        goes_on = _continuation().match(text, quote + 1)
        if not goes_on:
            return quote + 1
        at = goes_on.end()


def end_of_rows(text: str, at: int) -> tuple[int, int]:
    r"""Where the rows of a COPY end that start at ``at``, and where SQL goes on: around the line ``\.``."""
    mark = _end_of_data().search(text, at)
    return (mark.start(), mark.end()) if mark else (len(text), len(text))


@cache
def _end_of_data() -> re.Pattern[str]:
    return re.compile(r"^\\\.\r?(?:\n|\Z)", re.MULTILINE)
