"""Steps over a statement's tokens, for readers that look for one thing in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.sql.tokens import Token, TokenKind

NAME = frozenset({TokenKind.WORD, TokenKind.QUOTED})


def word_at(found: Sequence[Token], at: int) -> str:
    """In lower case; empty outside of the tokens."""
    return found[at].text.lower() if 0 <= at < len(found) else ""


def name_at(found: Sequence[Token], at: int) -> tuple[str, int]:
    """A name with its dots, and where it ends; empty where there is none."""
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
    """Where the tokens of a clause stand, without those in its parentheses, up to its statement's end.

    That is a semicolon, or the parenthesis that encloses it all.
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
