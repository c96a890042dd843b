"""Recognize scripts that cannot touch rows which exist, so that a rehearsal needs no made-up rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from koonj.sql.reader import Reader
from koonj.sql.row_changes import plain_name, row_changes
from koonj.sql.statements import Statement
from koonj.sql.tokens import significant_texts

_NOTHING = frozenset({"comment", "grant", "revoke", "set", "reset"})
_WITHOUT_ROWS = frozenset(
    {"index", "view", "function", "procedure", "trigger", "policy", "rule", "statistics"}
)
"""Kinds of objects that contain no rows."""


def only_creates(body: Sequence[Statement], rollback: Sequence[Statement]) -> bool:
    """Return whether a migration only creates objects, and its rollback only drops these."""
    created = {(one.kind, plain_name(one.name)) for one in body if one.verb == "create" and one.name}
    return all(_is_new(one) for one in body) and all(_drops(one, created) for one in rollback)


def demands_nothing(body: Sequence[Statement]) -> bool:
    """Return whether a migration demands nothing of rows that exist: it only makes new objects."""
    created = {plain_name(one.name) for one in body if (one.verb, one.kind) == ("create", "table")}
    return only_creates(body, ()) and not any(_meets_rows(one, created) for one in body)


def _meets_rows(statement: Statement, created: Iterable[str]) -> bool:
    """Return whether a CREATE reads rows: an index of an older table, or a partition beside a default one."""
    if statement.verb != "create" or statement.kind not in {"index", "table"}:
        return False
    reader = Reader(statement.text)
    for word in iter(reader.take, ""):
        if statement.kind == "index" and word == "on":
            reader.accept("only")
            return plain_name(reader.name()) not in created
        if word == "partition" and reader.peek() == "of":
            return True
    return False


def _is_new(statement: Statement) -> bool:
    if statement.control is not None or statement.verb in _NOTHING:
        return True
    harmless = statement.verb == "create" and statement.kind != "schema" and not row_changes(statement)
    words = {word.lower() for word in significant_texts(statement.text)}
    return harmless and not ("exists" in words and statement.kind == "table") and "select" not in words


def _drops(statement: Statement, created: Iterable[tuple[str, str]]) -> bool:
    if statement.control is not None or statement.verb in _NOTHING:
        return True
    words = [word.lower() for word in significant_texts(statement.text)]
    if statement.verb != "drop" or "cascade" in words or "," in words:
        return False
    return statement.kind in _WITHOUT_ROWS or (statement.kind, plain_name(statement.name)) in created
