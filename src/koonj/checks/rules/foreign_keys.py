"""The rule about foreign keys whose columns have no index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.checks.conditions import NO_INDEX
from koonj.checks.facts import added_column
from koonj.checks.file_view import FileView, StatementView
from koonj.checks.model import Hit, Rule
from koonj.checks.names import last_name
from koonj.checks.table_items import ConstraintText, constraint_of, constraints_of
from koonj.sql.problem import PatternOffer, Severity
from koonj.sql.typed_names import as_typed_key, typed_name


def _keys(one: StatementView) -> Iterator[tuple[str, str, ConstraintText]]:
    """Yield the foreign keys of a statement: table, whether an index could exist already, and the key."""
    for item in one.items:
        yield from ((one.made_table, "new", key) for key in constraints_of(item))
    if one.alter is None:
        return
    for action in one.alter.actions:
        added = added_column(action)
        origin = "new" if constraint_of(added) is None else "existing"
        yield from ((one.alter.written, origin, key) for key in constraints_of(added))


def _without_index(one: StatementView, _file: FileView) -> Iterator[Hit]:
    for table, origin, key in _keys(one):
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
