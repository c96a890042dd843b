"""The patterns that write the safe form of an ALTER TABLE, filled in with what it says.

Each function returns None if the pattern has no field for something that the statement says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from koonj.checks.facts import added_column
from koonj.checks.file_view import Action, AlterTable, StatementView
from koonj.checks.names import NAME_KINDS
from koonj.checks.table_items import ColumnText
from koonj.sql.called_names import bare
from koonj.sql.problem import PatternOffer
from koonj.sql.reader import folded
from koonj.sql.tokens import Token
from koonj.sql.typed_names import as_typed, typed_name

_SPACED = re.compile(r"""("(?:[^"]|"")*")| (?=[.,()\[\]])|(?<=[.(\[]) """)
"""A quoted name, or a blank that nobody writes in a type."""


def offer(key: str, alter: AlterTable, *missing: tuple[str, str], **values: str) -> PatternOffer | None:
    """Return a pattern for the table of a statement with one action, with those values that are not empty.

    `missing`: fields that need a value, and what to write there.
    """
    if len(alter.actions) != 1:
        return None
    found = {"table": typed_name(alter.written), **values}
    known = tuple((name, value) for name, value in found.items() if value)
    return PatternOffer(key, known, missing=missing)


def new_column(
    one: StatementView, alter: AlterTable, action: Action, column: ColumnText
) -> PatternOffer | None:
    """Return the pattern for an ADD COLUMN that computes a value for each row, or has none for NOT NULL."""
    tokens = added_column(action)
    rest = _without_not_null(tokens[len(tokens) - len(column.words) :])
    words = tuple(map(folded, rest))
    filled = "yes" if column.not_null else "no"
    names = {"column": as_typed(column.name), "type": _SPACED.sub(r"\1", column.type)}
    if not words and column.not_null:
        return offer("add_column", alter, ("default", "the value for existing rows"), **names)
    if words[:1] == ("default",) and len(words) > 1 and words[1:] == (column.default or ())[: len(words) - 1]:
        value = _text(one, rest[1:])
        return (
            offer("add_column_with_backfill", alter, **names, default=value, not_null=filled)
            if value
            else None
        )
    if (
        words[:4] == ("generated", "always", "as", "(")
        and words[-2:] == (")", "stored")
        and not column.not_null
    ):
        value = _text(one, rest[4:-2])
        return offer("add_generated_column", alter, **names, value=value) if value else None
    return None


def _without_not_null(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens after the type of a column without a NOT NULL or NULL at their begin or end."""
    rest = list(tokens)
    for _ in range(2):
        for words in (("not", "null"), ("null",)):
            size = len(words)
            if tuple(map(folded, rest[:size])) == words:
                rest = rest[size:]
            elif (
                len(rest) > 2
                and tuple(map(folded, rest[-size:])) == words
                and folded(rest[-size - 1]) != "default"
            ):
                rest = rest[:-size]
    return rest


def partition(one: StatementView, alter: AlterTable, action: Action, child: str) -> PatternOffer | None:
    """Return the pattern for an ATTACH PARTITION of a range of one column."""
    words = action.words
    if "values" not in words:
        return None
    bounds = list[str]()
    at = words.index("values") + 1
    for word in ("from", "to"):
        if words[at : at + 2] != (word, "("):
            return None
        end = at + 1 + _closing(words[at + 1 :])
        inside = words[at + 2 : end]
        if {",", "minvalue", "maxvalue"} & set(inside):
            return None
        bounds.append(_text(one, action.tokens[at + 2 : end]))
        at = end + 1
    if words[at:] or not all(bounds):
        return None
    missing = ("column", "the column that the table is partitioned by")
    values = {"partition": typed_name(child), "from": bounds[0], "to": bounds[1]}
    return offer("attach_partition", alter, missing, **values)


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
    missing = () if name else (("about", "what it checks, in one to three words"),)
    return offer("add_check", alter, *missing, condition=condition, about=name, constraint=name)


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
