"""Step over a statement's tokens, for code that searches for one clause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.sql.tokens import Token, TokenKind

NAME = frozenset({TokenKind.WORD, TokenKind.QUOTED})


def word_at(found: Sequence[Token], at: int) -> str:
    """Return the token's text in lower case; empty outside of the tokens."""
    return found[at].text.lower() if 0 <= at < len(found) else ""


def name_at(found: Sequence[Token], at: int) -> tuple[str, int]:
    """Return a name with its dots, and the index after it; empty if there is no name."""
    parts: list[str] = []
    while at < len(found) and found[at].kind in NAME:
        parts.append(found[at].text)
        at += 1
        if word_at(found, at) != ".":
            break
        parts.append(".")
        at += 1
    return "".join(parts), at


def outside_parentheses(found: Sequence[Token], at: int) -> Iterator[int]:
    """Yield the indexes of a clause's tokens outside parentheses.

    The clause ends at a semicolon, or at the parenthesis that encloses the whole statement.
    """
    depth = 0
    for place in range(at, len(found)):
        word = found[place].text
        depth -= word == ")"
        if depth < 0 or (depth == 0 and word == ";"):
            return
        if depth == 0:
            yield place
        depth += word == "("
