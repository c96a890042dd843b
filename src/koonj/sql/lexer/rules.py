r"""The lexical rules of psql as regular expressions (psqlscan.l of PostgreSQL 18, src/fe_utils).

``rule`` skips a run of tokens that cannot end a statement and then matches one *event*, a named group: what
the scanner must look at. No two tokens start alike and their repeats are possessive, so that a rule never
goes back into a token. Patterns are compiled when first asked for: importing this costs nothing.
"""

import re
from enum import Enum
from functools import cache

# What may stand in an identifier, as all but the ASCII characters that may not: psql reads bytes, and each
# byte from 0x80 on counts as a letter. (re would take 30 ms to compile that as a range up to U+10FFFF.)
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_LETTER_OR_DIGIT = r"[^\x00-/:-@\[-^`{-\x7f]"
_WORD_PART = r"[^\x00-#%-/:-@\[-^`{-\x7f]"  # $ is one

_WORD = rf"{_LETTER}{_WORD_PART}*+"
_PLAIN = r"[\x00-!#%&*+,<=>?@\[\]^`{|}~\x7f]"
"""Blanks, commas, operators: ASCII without letters, digits, and what starts a token of its own."""

_INTEGER = r"[0-9]++(?:_[0-9]++(?!\$))*"
_MANTISSA = rf"(?:{_INTEGER}(?:\.(?!\.)(?:{_INTEGER})?)?|\.{_INTEGER})"
_NUMBER = rf"{_MANTISSA}(?:[eE][-+](?:{_INTEGER}(?:{_WORD})?)?|{_WORD})?"
"""With the letters behind it, and the sign in ``1e-``: what is no valid number is one token all the same."""

_TAG_END = rf"(?:{_LETTER}{_LETTER_OR_DIGIT}*+)?\$"
_KEYWORD = rf"(?:[bB][eE][gG][iI][nN]|[cC][aA][sS][eE]|[eE][nN][dD])(?!{_WORD_PART})"
_PREFIX = r"(?:[bBnNxX](?=')|[uU](?=&))"
"""The first letter of B'…', N'…', X'…', U&'…': no word, though it reads like one."""

_NEVER = "(?!)"

BLANKS = r"(?:[ \t\n\r\f\v]++|--[^\n\r]*+)*"

_TOKENS_IN_A_ROW = 400
"""Bound of one match: re keeps a frame for each repeat of a group, and a statement may have 20 MB."""


class ReportedWords(Enum):
    """Which identifiers the scanner wants to hear of."""

    ALL = "all"
    """Each one: what the statement is, is not known yet."""
    BLOCK = "block"
    """BEGIN, CASE and END: the statement makes a function or a procedure."""
    NONE = "none"


@cache
def rule(words: ReportedWords, *, backslashes: bool, one_token: bool = False) -> re.Pattern[str]:
    """The rule that skips tokens up to the next event.

    A quote is skipped when it is closed and has no doubled quote in it; any other one is an event.

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
        | :(?::|{_LETTER_OR_DIGIT}*+)           # ::, or :name, a psql variable, in which $ is no letter
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
def blanks() -> re.Pattern[str]:
    """White space and -- comments, which psql leaves out before a statement."""
    return re.compile(BLANKS)


@cache
def rest_of_line() -> re.Pattern[str]:
    r"""Blanks and a -- comment up to and with the end of the line, which a lone \r is not."""
    return re.compile(r"(?:[ \t\r\f\v]++|--[^\n\r]*+)*(?:\n|\Z)")


@cache
def end_of_rows() -> re.Pattern[str]:
    r"""The line ``\.`` after the rows of a COPY."""
    return re.compile(r"^\\\.\r?(?:\n|\Z)", re.MULTILINE)
