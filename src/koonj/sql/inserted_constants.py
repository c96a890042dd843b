"""Read the constants that an INSERT … VALUES writes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from koonj.sql.called_names import bare
from koonj.sql.reader import Reader, folded
from koonj.sql.row_values import plain_name
from koonj.sql.tokens import Token, TokenKind

_CONSTANTS = frozenset({TokenKind.STRING, TokenKind.NUMBER})
_WORDS = frozenset({"null", "true", "false"})
_SIGNS = frozenset({"-", "+"})
MOST = 1000
"""Rows that are read. If there are more, there is one more than this."""
DEFAULT = ""
"""Stands for the word DEFAULT."""
COMPUTED = "?"
"""Stands for a value that is not a constant."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """What an INSERT says that it inserts."""

    table: str
    """As in the catalog, without the schema."""
    columns: tuple[str, ...] = ()
    """As in the catalog; empty: all, in their order."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Constants as SQL, `DEFAULT` or `COMPUTED`; no rows: they do not come from VALUES."""
    on_conflict: bool = False
    """It raises no error if a row with the same key is there."""


def insertion(text: str) -> Insertion | None:
    """Return what an INSERT inserts; None for another statement."""
    reader = Reader(text)
    if not reader.accept("insert", "into"):
        return None
    table = plain_name(reader.name())
    if reader.accept("as"):
        reader.name()
    columns = _columns(reader)
    if columns is None:
        return None
    if reader.accept("overriding"):
        reader.take()
        reader.take()
    has_on_conflict = "conflict" in text.lower() and _has_on_conflict(reader.again())
    return Insertion(table, columns, _rows(reader) if reader.accept("values") else (), has_on_conflict)


def _columns(reader: Reader) -> tuple[str, ...] | None:
    """Return the names in parentheses; None if these are not names."""
    if reader.peek() != "(" or reader.peek(1) in {"select", "values", "with", "("}:
        return ()
    found = list[str]()
    reader.take()
    while (token := reader.token()) is not None:
        reader.take()
        if token.kind not in {TokenKind.WORD, TokenKind.QUOTED} or reader.peek() not in {",", ")"}:
            return None
        found.append(bare(token))
        if reader.take() == ")":
            return tuple(found)
    return None


def _has_on_conflict(reader: Reader) -> bool:
    words = list(reader.top_level())
    return ("on", "conflict") in pairwise(words)


def _rows(reader: Reader) -> tuple[tuple[str, ...], ...]:
    """Return the rows; none if their end is not clear."""
    found = list[tuple[str, ...]]()
    while len(found) <= MOST and reader.accept("("):
        row = list[str]()
        while (value := _value(reader)) is not None:
            row.append(value)
            if not reader.accept(","):
                break
        if not reader.accept(")"):
            return ()
        found.append(tuple(row))
        if not reader.accept(","):
            return tuple(found) if reader.peek() in {"", ";", "returning", "on"} else ()
    return tuple(found) if len(found) > MOST else ()


def _value(reader: Reader) -> str | None:
    """Return a constant, with its sign, `DEFAULT` or `COMPUTED`; None if no value comes next."""
    depth, tokens = 0, list[Token]()
    while (token := reader.token()) is not None and (depth or token.text not in {",", ")"}):
        depth += (token.text in {"(", "["}) - (token.text in {")", "]"})
        tokens.append(token)
        reader.take()
    if not tokens:
        return None
    sign = tokens.pop(0).text if len(tokens) == 2 and tokens[0].text in _SIGNS else ""
    [token, *more] = tokens
    word = folded(token)
    if not more and not sign and word == "default":
        return DEFAULT
    is_constant = not more and (token.kind in _CONSTANTS or word in _WORDS)
    return f"{sign}{token.text}" if is_constant else COMPUTED
