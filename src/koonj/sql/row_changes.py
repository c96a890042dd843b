"""Find the rows that a statement changes, from its text.

The text is needed because a rehearsal on an empty table shows no changed rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.sql.row_clauses import all_rows, computed, merged, set_columns, upserted
from koonj.sql.row_values import RowChange, plain_name
from koonj.sql.statements import Statement
from koonj.sql.token_walk import name_at, word_at
from koonj.sql.tokens import Token, TokenKind, significant

__all__ = ["RowChange", "changes_in", "inside", "plain_name", "row_changes"]

_RUN_NOW = frozenset(
    {
        *("with", "insert", "update", "delete", "merge", "truncate", "do", "select", "copy", "execute"),
        *("prepare", "explain", "alter", "create"),
    }
)
"""First words of statements that change rows when they run.

CREATE FUNCTION only defines changes, so `_runs` excludes it. A prepared statement counts as executed.
"""
_DEEPEST = 4
"""Maximum depth of strings in strings: DO, EXECUTE, and what that executes."""
_NO_STATEMENT = frozenset({"on", "or", "before", "after", "grant", "revoke", ","})
"""Words before the name of a verb that does not start a statement.

There the verb is the event of a trigger, or a privilege.
"""


def row_changes(statement: Statement) -> tuple[RowChange, ...]:
    """Return all row changes in the statement's text and in the strings of a DO block."""
    if statement.verb not in _RUN_NOW or not _runs(statement):
        return ()
    changes = dict.fromkeys(_in_text(statement.text, _DEEPEST if statement.verb == "do" else 0))
    if statement.verb == "copy" and statement.copy_data is not None:
        changes[RowChange("insert", statement.name)] = None
    return tuple(changes)


def changes_in(text: str) -> tuple[RowChange, ...]:
    """Return all row changes in the text of a function, also in the strings that it can execute."""
    return tuple(dict.fromkeys(_in_text(text, _DEEPEST)))


def _runs(statement: Statement) -> bool:
    """Return whether a statement with this verb can change rows.

    For example ALTER TABLE, CREATE TABLE … AS WITH … and EXPLAIN ANALYZE.
    """
    if statement.verb in {"alter", "create"}:
        return statement.kind == "table"
    if statement.verb == "explain":
        head = [token.text.lower() for token in list(significant(statement.text))[1:12]]
        return "analyze" in head or "analyse" in head
    return True


def _in_text(text: str, deep: int) -> Iterator[RowChange]:
    found = list(significant(text))
    in_raise = False
    for at, token in enumerate(found):
        if token.kind is TokenKind.STRING and deep and not in_raise:
            yield from _in_text(inside(token.text), deep - 1)
        elif token.kind is TokenKind.WORD:
            in_raise = in_raise or token.text.lower() == "raise"  # a message is not executed
            yield from _at(found, at)
        elif token.text == ";":
            in_raise = False


def inside(string: str) -> str:
    """Return the text between the quotes."""
    if string.startswith("$"):
        tag = string[: string.index("$", 1) + 1]
        return string[len(tag) :].removesuffix(tag)
    return string[string.index("'") + 1 :].removesuffix("'").replace("''", "'")


def _at(found: Sequence[Token], at: int) -> Iterator[RowChange]:
    """Yield the changes of the clause that starts at the word `at`."""
    match word_at(found, at):
        case "delete" if word_at(found, at + 1) == "from":
            yield from _deleted(found, at + 2)
        case "insert" if word_at(found, at + 1) == "into":
            yield from _inserted(found, at + 2)
        case "merge" if word_at(found, at + 1) == "into":
            yield from merged(found, at + 2)
        case "truncate" if word_at(found, at - 1) not in _NO_STATEMENT:
            yield from _truncated(found, at + 1)
        case "update":
            yield from _updated(found, at + 1)
        case "alter" if word_at(found, at + 1) == "table":
            yield from computed(found, at + 2)


def _deleted(found: Sequence[Token], at: int) -> Iterator[RowChange]:
    name, end = name_at(found, at + (word_at(found, at) == "only"))
    if name or _is_interpolated(found, end, at - 2):
        yield RowChange("delete", name, everything=all_rows(found, end))


def _is_interpolated(found: Sequence[Token], at: int, start: int) -> bool:
    """Return whether executed SQL gets the table's name from elsewhere.

    For example ``'DELETE FROM ' || name``, or ``%I``.
    """
    return start == 0 and word_at(found, at) in {"", "%"}


def _inserted(found: Sequence[Token], at: int) -> Iterator[RowChange]:
    name, end = name_at(found, at)
    if name:
        yield RowChange("insert", name)
        yield from upserted(name, found, end)


def _truncated(found: Sequence[Token], at: int) -> Iterator[RowChange]:
    at += word_at(found, at) == "table"
    while True:
        name, at = name_at(found, at + (word_at(found, at) == "only"))
        if not name:
            return
        yield RowChange("truncate", name)
        at += word_at(found, at) == "*"
        if word_at(found, at) != ",":
            return
        at += 1


def _updated(found: Sequence[Token], at: int) -> Iterator[RowChange]:
    """Read UPDATE name [AS alias] SET …

    ON CONFLICT DO UPDATE SET and FOR UPDATE have no name after UPDATE.
    """
    start = at - 1
    at += word_at(found, at) == "only"
    if word_at(found, at) == "set":
        return
    name, at = name_at(found, at)
    if not name and _is_interpolated(found, at, start):
        yield RowChange("update", "")
    at += word_at(found, at) == "*"
    at += word_at(found, at) == "as"
    if word_at(found, at) != "set":
        at += 1  # an alias
    if name and word_at(found, at) == "set":
        yield RowChange("update", name, tuple(set_columns(found, at + 1)))
