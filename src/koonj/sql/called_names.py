"""Find the functions that an SQL text names, and the expressions of ALTER COLUMN … TYPE … USING."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from koonj.sql.reader import Reader, folded
from koonj.sql.tokens import Token, TokenKind, significant


def called_names(text: str) -> frozenset[str]:
    """Return the names, without schemas and quotes, that stand before a parenthesis in `text`."""
    found = list(significant(text))
    return frozenset(bare(one) for one, after in pairwise(found) if after.text == "(" and _is_name(one))


def names_in(text: str) -> frozenset[str]:
    """Return all words and quoted names of `text`, without quotes."""
    return frozenset(bare(token) for token in significant(text) if _is_name(token))


def _is_name(token: Token) -> bool:
    return token.kind in {TokenKind.WORD, TokenKind.QUOTED}


def bare(token: Token) -> str:
    """Return the name that a token is, as the catalog has it."""
    if token.kind is TokenKind.QUOTED:
        return token.text.removeprefix('"').removesuffix('"').replace('""', '"')
    return folded(token)


@dataclass(frozen=True, slots=True)
class Retype:
    """One ``ALTER COLUMN column TYPE … USING expression``."""

    column: str
    """As the catalog has it."""
    expression: str
    """As the statement has it."""


@dataclass(frozen=True, slots=True)
class Retypes:
    """The expressions with which an ALTER TABLE changes the types of columns."""

    relation: str
    """As the statement has it."""
    columns: tuple[Retype, ...]


def retypes(text: str) -> Retypes | None:
    """Return the USING expressions of an ALTER TABLE; None if it has none."""
    reader = Reader(text)
    if not reader.accept("alter") or not (reader.accept("table") or reader.accept("foreign", "table")):
        return None
    reader.accept("if", "exists")
    reader.accept("only")
    relation = reader.name()
    if reader.peek() == "*":
        reader.take()
    columns = tuple(
        retype for action in actions(list(reader.rest())) if (retype := _retype(text, action)) is not None
    )
    return Retypes(relation, columns) if relation and columns else None


def actions(found: list[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each action: what commas outside parentheses separate."""
    depth, action = 0, list[Token]()
    for token in found:
        depth += (token.text in {"(", "["}) - (token.text in {")", "]"})
        if token.text == ";" and depth == 0:
            break
        if token.text == "," and depth == 0:
            yield action
            action = []
        else:
            action.append(token)
    yield action


def _retype(text: str, action: list[Token]) -> Retype | None:
    words = [folded(token) for token in action]
    if not words or words[0] != "alter":
        return None
    at = 2 if words[1:2] == ["column"] else 1
    if len(action) <= at or not _is_name(action[at]):
        return None
    column, at = bare(action[at]), at + 1
    at += 2 if words[at : at + 2] == ["set", "data"] else 0
    if words[at : at + 1] != ["type"]:
        return None
    depth = 0
    for place in range(at + 1, len(action)):
        depth += (words[place] in {"(", "["}) - (words[place] in {")", "]"})
        if words[place] == "using" and depth == 0 and place + 1 < len(action):
            return Retype(column, text[action[place + 1].start : action[-1].end])
    return None
