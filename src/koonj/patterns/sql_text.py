"""Check SQL in a field: one type, one expression, index keys or a list of definitions, and nothing more.

Accepted SQL cannot change the statement around it: quotes and parentheses are closed within the value. It has
no ``;``, no comment, no comma outside parentheses, no psql variable and no backslash command.
"""

import re
from itertools import pairwise

from koonj.patterns.names import RefusedError, quote, read_name
from koonj.sql.tokens import Token, TokenKind, significant, tokens

_QUERIES = frozenset({"select", "with", "values", "table", "("})
_LABEL = re.compile(r"\s*(?:'((?:[^']|'')+)'\s*|([^',][^,]*|))(?=,|\Z)")
_OPENING = {"(": ")", "[": "]"}

# The patterns below match *shapes*: the outermost tokens with blanks between, words in lower case, " for a
# quoted name, ' for a string, 0 for a number, ( and [ for a whole pair with its content.
_WORD = r'(?:[a-z_\x80-\U0010ffff][^ .,()\[\]:]*+|")'
_NAME = rf"{_WORD}(?>(?: \. {_WORD})*)"
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
"""Expressions that need no parentheses in any context.

A constant, a word, a call or an array, with or without casts.
"""


def expression(typed: str) -> str:
    """Return the expression as SQL, in parentheses if it is not a simple one.

    Raises:
        RefusedError: it is not exactly one expression.
    """
    found = _tokens(typed)
    if any(token.text == "," for token in _outermost(found)):
        raise RefusedError("Enter one expression. A comma outside parentheses starts another one.")
    return typed if _SIMPLE.fullmatch(_shape(found)) else f"({typed})"


def data_type(typed: str) -> str:
    """Return a type with its modifier, array bounds and collation.

    Raises:
        RefusedError: it is not exactly one type.
    """
    found = _tokens(typed)
    if not _DATA_TYPE.fullmatch(_shape(found)):
        raise RefusedError(
            "Enter one data type, such as text, varchar(50), timestamp with time zone, app.mood or "
            "integer[]. Constraints and defaults are not allowed here."
        )
    return typed


def keys(typed: str) -> tuple[str, ...]:
    """Return index keys: a plain word is a column, quoted if needed; the rest is SQL.

    Raises:
        RefusedError: a key is missing or is not valid.
    """
    return tuple(map(_key, _items(typed)))


def expressions(typed: str) -> tuple[str, ...]:
    """Return the expressions between commas.

    Raises:
        RefusedError: an expression is missing or is not valid.
    """
    return tuple(expression(_not_missing(item, "A value")) for item in _items(typed))


def labels(typed: str) -> tuple[str, ...]:
    """Return the texts between commas, without blanks around them; a text with a comma is in single quotes.

    Raises:
        RefusedError: a text is missing, appears twice, or has a quote that is not closed.
    """
    found = []
    at = 0
    while True:
        one = _LABEL.match(typed, at)
        if one is None:
            raise RefusedError("A single quote is not closed, or has text after it.")
        found.append(one[1].replace("''", "'") if one[1] is not None else one[2].strip())
        if not found[-1]:
            raise RefusedError("A value is missing next to a comma.")
        if found.count(found[-1]) > 1:
            raise RefusedError(f"{found[-1]} appears twice.")
        at = one.end() + 1
        if one.end() == len(typed):
            return tuple(found)


def definitions(typed: str) -> tuple[tuple[str, str], ...]:
    """Return ``(name, SQL after it)`` of each definition, such as ``email text NOT NULL``.

    Raises:
        RefusedError: a definition is missing, has no SQL after the name, or is not valid.
    """
    return tuple(map(_definition, _items(typed)))


def clause(typed: str) -> str:
    """Return a part of a statement.

    Raises:
        RefusedError: it is empty, or would end or hide the statement around it.
    """
    _tokens(typed)
    return typed


def query(typed: str) -> str:
    """Return one query.

    Raises:
        RefusedError: it is not one SELECT, VALUES, TABLE or WITH.
    """
    found = _tokens(typed)
    if found[0].text.lower() not in _QUERIES:
        raise RefusedError("Enter one query. It starts with SELECT, WITH, VALUES or TABLE.")
    return typed


def _items(typed: str) -> list[str]:
    """Return the texts between the commas that are outside all parentheses."""
    commas = [token for token in _outermost(_tokens(typed)) if token.text == ","]
    starts = [0, *(comma.end for comma in commas)]
    ends = [*(comma.start for comma in commas), len(typed)]
    return [typed[start:end].strip() for start, end in zip(starts, ends, strict=True)]


def _definition(item: str) -> tuple[str, str]:
    first = next(significant(_not_missing(item, "A definition")))
    if first.kind not in {TokenKind.WORD, TokenKind.QUOTED}:
        raise RefusedError(f"A definition starts with a name: email text, not {item}.")
    rest = item[first.end :].strip()
    if not rest:
        raise RefusedError(f"Say what {first.text} is: {first.text} text.")
    return read_name(first.text), rest


def _not_missing(item: str, what: str) -> str:
    if not item:
        raise RefusedError(f"{what} is missing next to a comma.")
    return item


def name_of_key(key: str) -> str:
    """Return the word for an index key in the name of the index.

    It is similar to that of PostgreSQL (FigureIndexColname).
    """
    first = next(significant(key), None)
    if first is None or first.kind not in {TokenKind.WORD, TokenKind.QUOTED}:
        return "expr"
    return first.text[1:-1].replace('""', '"') if first.kind is TokenKind.QUOTED else first.text.lower()


def _key(typed: str) -> str:
    found = [token.kind for token in tokens(typed)] if typed else []
    if not found:
        raise RefusedError("A column is missing next to a comma.")
    return quote(read_name(typed)) if found in ([TokenKind.WORD], [TokenKind.QUOTED]) else typed


def _tokens(typed: str) -> list[Token]:
    """Return the significant tokens, after the checks that apply to any SQL."""
    sentinel = Token(TokenKind.WORD, "x", len(typed) + 1, len(typed) + 2)
    found = list(tokens(f"{typed}\nx"))
    if found[-1] != sentinel:
        raise RefusedError("A quote or a comment is not closed.")
    for token, after in pairwise(found):
        _check(token, after)
    read = [token for token in found[:-1] if token.kind is not TokenKind.BLANK]
    if not read:
        raise RefusedError("Enter a value.")
    _balanced(read)
    return read


def _check(token: Token, after: Token) -> None:
    if token.kind is TokenKind.COMMENT:
        raise RefusedError("Comments are not allowed: they would hide the rest of the statement.")
    if token.kind is TokenKind.PUNCTUATION and token.text == ";":
        raise RefusedError("A semicolon is not allowed: it would end the statement.")
    if token.kind is TokenKind.OPERATOR and "\\" in token.text:
        raise RefusedError("A backslash outside quotes is not allowed: psql would read it as a command.")
    if token.text == ":" and after.kind in {TokenKind.WORD, TokenKind.STRING, TokenKind.QUOTED}:
        raise RefusedError(
            "psql reads a colon before a name or a quote as a variable. Put a blank between them."
        )


def _balanced(found: list[Token]) -> None:
    expected: list[str] = []
    for token in found:
        if token.kind is not TokenKind.PUNCTUATION:
            continue
        if token.text in _OPENING:
            expected.append(_OPENING[token.text])
        elif token.text in _OPENING.values() and (not expected or expected.pop() != token.text):
            raise RefusedError(f"{token.text} has no matching opening parenthesis or bracket.")
    if expected:
        raise RefusedError(f"{expected[-1]} is missing.")


def _outermost(found: list[Token]) -> list[Token]:
    """Return the tokens outside all parentheses and brackets.

    A pair counts as its opening token.
    """
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
