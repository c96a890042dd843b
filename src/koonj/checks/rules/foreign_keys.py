"""The rule about foreign keys whose columns have no index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.checks.conditions import NO_INDEX
from koonj.checks.facts import added_column
from koonj.checks.file_view import FileView, StatementView
from koonj.checks.model import Hit, Rule
from koonj.checks.names import last_name
from koonj.checks.table_items import ConstraintText, column_of, constraint_of
from koonj.sql.problem import PatternOffer, Severity
from koonj.sql.typed_names import as_typed_key, typed_name


def _keys(one: StatementView, file: FileView) -> Iterator[tuple[str, str, ConstraintText]]:
    """Yield the foreign keys of a statement: table, whether an index could exist already, and the key."""
    if one.verb == "create":
        for item in one.items:
            constraint = constraint_of(item)
            column = None if constraint is not None else column_of(item)
            found = (
                (constraint,) if constraint is not None else column.constraints if column is not None else ()
            )
            yield from ((one.made_table, "new", key) for key in found if key is not None)
    elif one.alter is not None:
        origin = "new" if one.alter.table in file.made else "existing"
        for action in one.alter.actions:
            constraint = constraint_of(action.tokens[1:]) if action.words[0] == "add" else None
            column = (
                column_of(added_column(action)) if action.words[0] == "add" and constraint is None else None
            )
            if constraint is not None:
                yield one.alter.written, origin, constraint
            elif column is not None:
                yield from ((one.alter.written, "new", key) for key in column.constraints)


def _without_index(one: StatementView, file: FileView) -> Iterator[Hit]:
    for table, origin, key in _keys(one, file):
        if key.kind != "foreign" or not key.columns:
            continue
        columns = ", ".join(key.columns)
        yield Hit(
            f"No index on {table} begins with {columns}, so each DELETE from {key.references} reads all of "
            f"{table}.",
            f"Create an index on {table} ({columns}), if rows of {key.references} are ever deleted.",
            at=key.at,
            condition=(NO_INDEX, last_name(table), origin, *key.columns),
            pattern=_offer(table, key.columns),
        )


def _offer(table: str, columns: Sequence[str]) -> PatternOffer:
    values = (("table", typed_name(table)), ("columns", ", ".join(map(as_typed_key, columns))))
    return PatternOffer("create_index", values, replaces=False)


RULES = (
    Rule(
        "foreign-key-without-index",
        Severity.NOTE,
        "Without an index, each DELETE from the referenced table reads the whole table.",
        frozenset({"create", "alter"}),
        _without_index,
    ),
)
