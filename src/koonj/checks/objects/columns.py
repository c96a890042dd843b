"""Which columns a table has before each statement, if the files show all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from koonj.checks import facts
from koonj.checks.file_view import Action, StatementView
from koonj.checks.names import column_names
from koonj.checks.objects.kinds import Kind
from koonj.checks.objects.story import Event
from koonj.checks.table_items import ConstraintText, column_of, constraint_of
from koonj.sql.called_names import bare
from koonj.sql.tokens import Token

_OF_SYSTEM = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
_NO_COLUMN = frozenset[tuple[str, ...]]({(), ("constraint",), ("if",)})
"""What comes after ALTER, DROP or RENAME in place of a column that must exist."""


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A column that a statement needs."""

    name: str
    written: str
    at: int


def columns_of(events: Sequence[Event]) -> Iterator[tuple[Event, ColumnUse, frozenset[str]]]:
    """Yield each use of a column that the table does not have, and the columns that it has.

    Nothing if the files do not show all columns: the first that they do must be to create the table, with
    its columns, and nothing after it may create or drop one of this name.
    `events`: those of the table's name, in order.
    """
    first, *later = events
    is_same = first.doing.kind is Kind.MADE and {Kind.MADE, Kind.LOST}.isdisjoint(
        event.doing.kind for event in later
    )
    if not is_same or not first.statement.items or _is_opaque(events):
        return
    columns = set[str]()
    seen = set[int]()
    for event in events:
        one = event.statement
        if id(one) in seen or not event.may_mean(first):
            continue
        seen.add(id(one))
        added = set(_added(one, event.doing.name))
        if event.surely_means(first):
            have = frozenset(columns | added)
            for use in _uses(one, event.doing.name):
                if use.name not in have and use.name not in _OF_SYSTEM:
                    yield event, use, have
            columns -= set(_lost(one, event.doing.name))
        columns |= added


def _is_opaque(events: Sequence[Event]) -> bool:
    name = events[0].doing.name
    return any((facts.OPAQUE, name) in set(facts.facts_of(event.statement)) for event in events)


def _added(one: StatementView, table: str) -> Iterator[str]:
    for fact in facts.facts_of(one):
        if fact[:2] == (facts.RENAMED_COLUMN, table) or (fact[:2] == (facts.TYPE, table) and not one.alter):
            yield fact[2]
    for action in one.alter.actions if one.alter is not None and one.alter.table == table else ():
        is_column = action.words[0] == "add" and constraint_of(action.tokens[1:]) is None
        column = column_of(facts.added_column(action)) if is_column else None
        if column is not None:
            yield column.name


def _of_column(action: Action, *, if_exists: bool = False) -> Token | None:
    """Return the column that an ALTER, DROP or RENAME is about; None if it is not about one.

    `if_exists`: return the column of DROP IF EXISTS too.
    """
    if action.words[0] not in {"alter", "drop", "rename"}:
        return None
    at = 2 if action.words[1:2] == ("column",) else 1
    at += 2 if if_exists and action.words[at : at + 2] == ("if", "exists") else 0
    return None if action.words[at : at + 1] in _NO_COLUMN else action.tokens[at]


def _lost(one: StatementView, table: str) -> Iterator[str]:
    for action in one.alter.actions if one.alter is not None and one.alter.table == table else ():
        token = _of_column(action, if_exists=True)
        if token is not None and action.words[0] != "alter":
            yield bare(token)


def _uses(one: StatementView, table: str) -> Iterator[ColumnUse]:
    if one.index is not None and "(" in one.words:
        yield from _plain(one.tokens[one.words.index("(") :])
    for action in one.alter.actions if one.alter is not None and one.alter.table == table else ():
        token = _of_column(action)
        if token is not None:
            yield ColumnUse(bare(token), token.text, token.start)
        else:
            yield from _of_constraint(action.tokens[1:])


def _of_constraint(tokens: Sequence[Token]) -> Iterator[ColumnUse]:
    found: ConstraintText | None = constraint_of(tokens)
    if found is None or found.kind not in {"foreign", "unique", "primary"}:
        return
    for at, token in enumerate(tokens):
        if token.text == "(":
            yield from _plain(tokens[at:])
            return


def _plain(tokens: Sequence[Token]) -> Iterator[ColumnUse]:
    """Yield the names of a list such as ``(a, "B")``, up to the first item that is more than a name."""
    names = column_names(list(tokens))
    for name, token in zip(names, tokens[1::2], strict=False):
        yield ColumnUse(name, token.text, token.start)
