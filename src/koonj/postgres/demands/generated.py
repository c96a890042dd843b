"""Stored generated columns: the statement computes them for every row, and the expression can fail."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.postgres.demands.cast_conditions import length, too_long
from koonj.postgres.demands.change import Change, from_rows
from koonj.postgres.demands.demand import Demand, DemandKind
from koonj.postgres.demands.snapshot import Column, Relation


def demands(change: Change) -> Iterator[Demand]:
    """Yield a demand for each stored column that is new or has another expression."""
    for before, after in change.old():
        for number, column in after.columns.items():
            old = before.columns.get(number)
            is_new = old is None or (bool(old.generated) and old.default != column.default)
            if column.generated != "s" or not is_new:
                continue
            if any(change.is_old(oid) and _has(change, oid, column.name) for oid in after.parents):
                continue
            kind = change.after.base_type(column)
            yield change.demand(
                DemandKind.GENERATED,
                after,
                f"make the expression of {column.name} fail",
                _cut(after, column, kind or ""),
                texts=[column.default],
                calls=column.calls,
                raises=column.name if kind else "",
                unknown="" if kind else f"the target may not have the type {column.type} yet",
            )


def _cut(relation: Relation, column: Column, kind: str) -> str:
    """Return a query for values that are too long: the assignment refuses them, and a cast would cut them."""
    limit = length(kind)
    if not limit or column.default.endswith(f"::{kind}"):
        return ""
    return f"{from_rows(relation)} WHERE {too_long(f'({column.default})', kind, limit)}"


def _has(change: Change, oid: int, name: str) -> bool:
    relation = change.after.relations.get(oid)
    return relation is not None and any(column.name == name for column in relation.columns.values())
