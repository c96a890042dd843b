"""Find the functions that a text calls, and the rows that the text of a function changes."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.sql.row_changes import changes_in, inside
from koonj.sql.row_values import RowChange
from koonj.sql.token_walk import NAME, word_at
from koonj.sql.tokens import Token, TokenKind, significant

_DEEPEST = 4
"""Maximum depth of strings in strings: a body, EXECUTE, and what that executes."""
_KNOWN_EFFECT = frozenset(
    {
        *("create", "alter", "drop", "truncate", "comment", "grant", "revoke", "refresh", "reindex"),
        *("select", "insert", "set", "reset", "analyze", "vacuum", "lock", "notify", "cluster", "security"),
    }
)
"""First words of executed texts that neither update nor delete rows, or whose effect the rehearsal shows."""
_NO_TEXT = frozenset({"function", "procedure", "on"})
"""Words after EXECUTE where it does not run a text: in CREATE TRIGGER and GRANT."""


def called_names(text: str, deep: int = _DEEPEST) -> Iterator[str]:
    """Yield the plain names that are followed by a parenthesis, also in strings.

    Not after FUNCTION or PROCEDURE, where they are defined, or become a trigger's.
    """
    found = list(significant(text))
    for at, token in enumerate(found):
        if token.kind is TokenKind.STRING and deep:
            yield from called_names(inside(token.text), deep - 1)
        elif token.kind in NAME and word_at(found, at + 1) == "(" and not _is_defined(found, at):
            yield token.text[1:-1].replace('""', '"') if token.text[0] == '"' else token.text.lower()


def _is_defined(found: list[Token], at: int) -> bool:
    while word_at(found, at - 1) == ".":
        at -= 2
    return word_at(found, at - 1) in {"function", "procedure"}


def updates_and_deletes(text: str) -> tuple[RowChange, ...]:
    """Return the rows of named tables that the text of a function updates or deletes."""
    return tuple(c for c in changes_in(text) if c.table and c.verb in {"update", "delete"})


def runs_unknown_sql(text: str, deep: int = _DEEPEST) -> bool:
    """Return whether a text executes SQL that is computed at run time and may change rows."""
    found = list(significant(text))
    if any(
        token.text.lower() == "execute"
        and word_at(found, at + 1) not in _NO_TEXT
        and _is_unknown(found, at + 1)
        for at, token in enumerate(found)
        if token.kind is TokenKind.WORD
    ):
        return True
    strings = (inside(token.text) for token in found if token.kind is TokenKind.STRING)
    return deep > 0 and any(runs_unknown_sql(string, deep - 1) for string in strings)


def _is_unknown(found: list[Token], at: int) -> bool:
    while word_at(found, at) in {"(", "format", "pg_catalog", ".", "concat"}:
        at += 1
    if at >= len(found) or found[at].kind is not TokenKind.STRING:
        return True
    string = list(significant(inside(found[at].text)))
    if word_at(string, 0) in _KNOWN_EFFECT:
        return False
    return not any(change.table for change in changes_in(inside(found[at].text)))
