"""SQL that a person writes into a field: one type, one expression, an index's keys, and nothing beyond it.

What is accepted cannot change the statement around it: quotes and parentheses close within the value, and
there is no ``;``, no comment, no comma of its own, no psql variable and no backslash command.
"""

import re
from itertools import pairwise

from koonj.patterns.names import RefusedError, quote, read_name
from koonj.sql.tokens import Token, TokenKind, significant, tokens

_OPENING = {"(": ")", "[": "]"}

# What follows reads *shapes*: the outermost tokens with blanks between, words in lower case, " for a quoted
# name, ' for a string, 0 for a number, ( and [ for a whole pair with what is in it.
_WORD = r'(?:[a-z_\x80-\U0010ffff][^ .,()\[\]:]*+|")'
_NAME = rf"{_WORD}(?: \. {_WORD})*+"
_LONG_TYPES = (
    r"double precision|(?:bit|nchar|(?:national )?char(?:acter)?) varying|national char(?:acter)?"
    r"|interval (?:year|month|day|hour|minute|second)(?: to (?:month|hour|minute|second))?"
)
"""Types of several words (PostgreSQL documentation, table 8.1 and 8.5.4)."""
_TYPE = (
    rf"(?:{_LONG_TYPES}|{_NAME})(?: \()?(?: with(?:out)? time zone)?(?: array)?(?: \[)*(?: collate {_NAME})?"
)
_DATA_TYPE = re.compile(_TYPE)
_SIMPLE = re.compile(rf"(?:[-+] )?0(?: :: {_TYPE})*|(?:'|\(|{_NAME}(?: [(\[])?)(?: :: {_TYPE})*")
"""What stays one expression beside anything: a constant, a word, a call, an array, with or without casts."""


def expression(typed: str) -> str:
    """The expression as SQL: in parentheses where it is not a simple one. Raises RefusedError."""
    found = _tokens(typed)
    if any(token.text == "," for token in _outermost(found)):
        raise RefusedError("One expression: a comma outside parentheses begins another one.")
    return typed if _SIMPLE.fullmatch(_shape(found)) else f"({typed})"


def bare_expression(typed: str) -> str:
    """The same, for a place that has its own parentheses."""
    expression(typed)
    return typed


def data_type(typed: str) -> str:
    """A type, with its modifier, array bounds and collation, and nothing after it. Raises RefusedError."""
    found = _tokens(typed)
    if not _DATA_TYPE.fullmatch(_shape(found)):
        raise RefusedError(
            "Not one data type, such as text, varchar(50), timestamp with time zone, app.mood or integer[]. "
            "Constraints and defaults have no place here."
        )
    return typed


def keys(typed: str) -> tuple[str, ...]:
    """What an index holds: a plain word is a column, quoted where needed; anything else is SQL."""
    found = _tokens(typed)
    commas = [token for token in _outermost(found) if token.text == ","]
    starts = [0, *(comma.end for comma in commas)]
    ends = [*(comma.start for comma in commas), len(typed)]
    return tuple(_key(typed[start:end].strip()) for start, end in zip(starts, ends, strict=True))


def name_of_key(key: str) -> str:
    """The word for an index key in the index's name, about as PostgreSQL chooses it (FigureIndexColname)."""
    first = next(significant(key), None)
    if first is None or first.kind not in {TokenKind.WORD, TokenKind.QUOTED}:
        return "expr"
    return first.text[1:-1].replace('""', '"') if first.kind is TokenKind.QUOTED else first.text.lower()


def _key(typed: str) -> str:
    found = [token.kind for token in tokens(typed)] if typed else []
    if not found:
        raise RefusedError("A column is missing beside a comma.")
    return quote(read_name(typed)) if found in ([TokenKind.WORD], [TokenKind.QUOTED]) else typed


def _tokens(typed: str) -> list[Token]:
    """The tokens that say something, after all checks that do not depend on what they should say."""
    sentinel = Token(TokenKind.WORD, "x", len(typed) + 1, len(typed) + 2)
    found = list(tokens(f"{typed}\nx"))
    if found[-1] != sentinel:
        raise RefusedError("A quote or a comment is not closed.")
    for token, after in pairwise(found):
        _check(token, after)
    said = [token for token in found[:-1] if token.kind is not TokenKind.BLANK]
    if not said:
        raise RefusedError("Nothing is written here.")
    _balanced(said)
    return said


def _check(token: Token, after: Token) -> None:
    if token.kind is TokenKind.COMMENT:
        raise RefusedError("No comments here: they would hide the rest of the statement.")
    if token.kind is TokenKind.PUNCTUATION and token.text == ";":
        raise RefusedError("No semicolon here: it would end the statement.")
    if token.kind is TokenKind.OPERATOR and "\\" in token.text:
        raise RefusedError("No backslash outside quotes: psql would take it for a command.")
    if token.text == ":" and after.kind in {TokenKind.WORD, TokenKind.STRING, TokenKind.QUOTED}:
        raise RefusedError(
            "psql takes a colon before a name or a quote for a variable; put a blank between them."
        )


def _balanced(found: list[Token]) -> None:
    expected: list[str] = []
    for token in found:
        if token.kind is not TokenKind.PUNCTUATION:
            continue
        if token.text in _OPENING:
            expected.append(_OPENING[token.text])
        elif token.text in _OPENING.values() and (not expected or expected.pop() != token.text):
            raise RefusedError(f"{token.text} closes nothing.")
    if expected:
        raise RefusedError(f"{expected[-1]} is missing.")


def _outermost(found: list[Token]) -> list[Token]:
    """The tokens outside all parentheses and brackets; of a pair, only its opening one."""
    depth = 0
    outer = []
    for token in found:
        mark = token.text if token.kind is TokenKind.PUNCTUATION else ""
        if mark in _OPENING.values():
            depth -= 1
            continue
        if depth == 0:
            outer.append(token)
        depth += mark in _OPENING
    return outer


_SHAPES = {TokenKind.QUOTED: '"', TokenKind.STRING: "'", TokenKind.NUMBER: "0"}


def _shape(found: list[Token]) -> str:
    return " ".join(_SHAPES.get(token.kind, token.text.lower()) for token in _outermost(found))
