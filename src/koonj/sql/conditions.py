"""Find the tables of which the rows decide whether a part of a script runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from koonj.sql.row_changes import inside
from koonj.sql.row_values import plain_name
from koonj.sql.token_walk import name_at, word_at
from koonj.sql.tokens import Token, TokenKind, significant

_DEEPEST = 4
"""Maximum depth of strings in strings: DO, EXECUTE, and what that executes."""


def deciding_tables(texts: Iterable[str]) -> frozenset[str]:
    """Return the plain names of tables in IF, EXISTS, INSERT … ON CONFLICT, and INSERT with EXCEPTION."""
    return frozenset(plain_name(name) for text in texts for name in _in_text(text, _DEEPEST))


def _in_text(text: str, deep: int) -> Iterator[str]:
    found = list(significant(text))
    catches = any(
        t.text.lower() == "exception" and word_at(found, k + 1) == "when" for k, t in enumerate(found)
    )
    for at, token in enumerate(found):
        if token.kind is TokenKind.STRING and deep:
            yield from _in_text(inside(token.text), deep - 1)
        match word_at(found, at):
            case "exists" if word_at(found, at + 1) == "(":
                yield from _read_tables(found, at + 1, ")")
            case "if" | "elsif" if not _is_clause(found, at):
                yield from _read_tables(found, at + 1, "then")
            case "insert" if word_at(found, at + 1) == "into" and (catches or _may_conflict(found, at)):
                yield name_at(found, at + 2)[0]


def _is_clause(found: Sequence[Token], at: int) -> bool:
    """Return whether IF is that of ``IF [NOT] EXISTS name``."""
    at += 1 + (word_at(found, at + 1) == "not")
    return word_at(found, at) == "exists" and word_at(found, at + 1) != "("


def _may_conflict(found: Sequence[Token], at: int) -> bool:
    for place in range(at, len(found)):
        if found[place].text == ";":
            return False
        if word_at(found, place) == "on" and word_at(found, place + 1) == "conflict":
            return True
    return False


def _read_tables(found: Sequence[Token], at: int, end: str) -> Iterator[str]:
    """Yield the names after FROM and JOIN, until `end` outside of parentheses."""
    depth = 0
    for place in range(at, len(found)):
        word = word_at(found, place)
        depth += (word == "(") - (word == ")")
        if depth <= 0 and word == end:
            return
        if word in {"from", "join"} and (name := name_at(found, place + 1)[0]):
            yield name
