"""Read the constants that an INSERT … VALUES writes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from koonj.sql.called_names import bare
from koonj.sql.reader import Reader
from koonj.sql.row_values import plain_name
from koonj.sql.tokens import TokenKind

_CONSTANTS = frozenset({TokenKind.STRING, TokenKind.NUMBER})
_WORDS = frozenset({"null", "true", "false"})
_SIGNS = frozenset({"-", "+"})
DEFAULT = ""
"""Stands for the word DEFAULT."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """An INSERT that raises an error if a row with the same key is there."""

    table: str
    """As in the catalog, without the schema."""
    columns: tuple[str, ...] = ()
    """As in the catalog; empty: all, in their order."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Constants as SQL, or `DEFAULT`; no rows: they are not constants."""


def insertion(text: str) -> Insertion | None:
    """Return what an INSERT inserts; None for another statement, and if it has ON CONFLICT."""
    reader = Reader(text)
    if not reader.accept("insert", "into"):
        return None
    table = plain_name(reader.name())
    if reader.accept("as"):
        reader.name()
    columns = _columns(reader)
    if columns is None or _has_on_conflict(reader.again()):
        return None
    if reader.accept("overriding"):
        reader.take()
        reader.take()
    return Insertion(table, columns, _rows(reader) if reader.accept("values") else ())


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
    """Return the rows; none if one of them has something that is not a constant."""
    found = list[tuple[str, ...]]()
    while reader.accept("("):
        row = list[str]()
        while (value := _value(reader)) is not None:
            row.append(value)
            if not reader.accept(","):
                break
        if not reader.accept(")"):
            return ()
        found.append(tuple(row))
        if not reader.accept(","):
            return tuple(found) if reader.peek() in {"", ";", "returning"} else ()
    return ()


def _value(reader: Reader) -> str | None:
    """Return a constant, with its sign; None if something else comes next."""
    if reader.accept("default"):
        return DEFAULT
    sign = reader.accept_one(_SIGNS)
    token = reader.token()
    if token is None or (token.kind not in _CONSTANTS and reader.peek() not in _WORDS):
        return None
    reader.take()
    return f"{sign}{token.text}" if reader.peek() in {",", ")"} else None
