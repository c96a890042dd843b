"""The patterns that write the safe form of an ALTER TABLE, filled in with what it says.

Each function returns None if the pattern has no field for something that the statement says.
"""

from __future__ import annotations

from collections.abc import Sequence

from koonj.checks.file_view import Action, AlterTable, StatementView
from koonj.checks.names import NAME_KINDS
from koonj.sql.called_names import bare
from koonj.sql.problem import PatternOffer
from koonj.sql.reader import folded
from koonj.sql.tokens import Token
from koonj.sql.typed_names import as_typed, typed_name


def offer(key: str, alter: AlterTable, **values: str) -> PatternOffer | None:
    """Return a pattern for the table of a statement with one action, with those values that are not empty."""
    if len(alter.actions) != 1:
        return None
    found = {"table": typed_name(alter.written), **values}
    return PatternOffer(key, tuple((name, value) for name, value in found.items() if value))


def new_type(
    one: StatementView, alter: AlterTable, column: Token, kind: Sequence[Token]
) -> PatternOffer | None:
    """Return the pattern for a column of another type; `kind` is what follows the word TYPE."""
    written = _text(one, kind)
    if not written or not {"using", "collate"}.isdisjoint(map(folded, kind)):
        return None
    return offer("change_type_with_copy", alter, column=typed_name(column.text), type=written)


def key_or_unique(alter: AlterTable, action: Action) -> PatternOffer | None:
    """Return the pattern for an ADD UNIQUE or an ADD PRIMARY KEY of one column."""
    name, words = _named(action)
    tokens = action.tokens[len(action.tokens) - len(words) :]
    primary = words[:2] == ("primary", "key")
    listed = tokens[2 if primary else 1 :]
    names, marks = listed[1:-1:2], [token.text for token in (*listed[:1], *listed[2:-1:2], *listed[-1:])]
    if any(token.kind not in NAME_KINDS for token in names) or marks != ["(", *[","] * (len(names) - 1), ")"]:
        return None
    if not primary:
        return offer(
            "add_unique_constraint",
            alter,
            columns=", ".join(as_typed(bare(token)) for token in names),
            constraint=name,
        )
    return (
        offer("add_primary_key", alter, column=typed_name(names[0].text), constraint=name)
        if len(names) == 1
        else None
    )


def check(one: StatementView, alter: AlterTable, action: Action) -> PatternOffer | None:
    """Return the pattern for an ADD CHECK. Its name says what is checked."""
    name, words = _named(action)
    tokens = action.tokens[len(action.tokens) - len(words) :]
    condition = _text(one, tokens[2:-1])
    if words[:2] != ("check", "(") or _closing(words) != len(words) - 1 or not condition:
        return None
    return offer("add_check", alter, condition=condition, about=name, constraint=name)


def _named(action: Action) -> tuple[str, tuple[str, ...]]:
    """Return the name that an ADD CONSTRAINT gives, and the words after it."""
    if action.words[1:2] == ("constraint",) and len(action.tokens) > 3:
        return typed_name(action.tokens[2].text), action.words[3:]
    return "", action.words[1:]


def _closing(words: Sequence[str]) -> int:
    """Return the place of the parenthesis that closes the first one; -1 if none does."""
    depth = 0
    for at, word in enumerate(words):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth == 0 and word == ")":
            return at
    return -1


def _text(one: StatementView, tokens: Sequence[Token]) -> str:
    """Return the text of the tokens as written; empty if it has several lines or a comment."""
    text = one.text[tokens[0].start : tokens[-1].end] if tokens else ""
    return "" if "\n" in text or "--" in text or "/*" in text else text
