"""SET NOT NULL, PRIMARY KEY, and new columns that must not be NULL."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.postgres.demands.change import Change, from_rows
from koonj.postgres.demands.demand import Demand, DemandKind
from koonj.postgres.demands.layers import is_numbered
from koonj.postgres.demands.snapshot import Column, Relation


def demands(change: Change) -> Iterator[Demand]:
    """Yield a demand for each column that is NOT NULL since the statement."""
    for before, after in change.old():
        for number, column in after.columns.items():
            if not _is_new(before, after, number) or _of_parent(change, after, column):
                continue
            is_old, words = number in before.columns, f"have {column.name} NULL"
            if not is_old and not column.generated:
                if is_numbered(column):
                    continue
                words = f"get no value for the new column {column.name}, which is NOT NULL"
            tail = f"{from_rows(after)} WHERE {column.name} IS NULL"
            children = any(
                not (found := _named(child, column.name)) or not found.not_null
                for child in change.after.children(after.oid)
            )
            texts = [column.default] if column.generated else []
            yield change.demand(
                DemandKind.NOT_NULL,
                after,
                words,
                tail,
                texts=texts,
                calls=column.calls if texts else (),
                only=children,
                columns=(column.name,),
            )


def _is_new(before: Relation, after: Relation, number: int) -> bool:
    was = before.columns.get(number)
    return after.columns[number].not_null and (was is None or not was.not_null)


def _named(relation: Relation, name: str) -> Column | None:
    return next((column for column in relation.columns.values() if column.name == name), None)


def _of_parent(change: Change, relation: Relation, column: Column) -> bool:
    """Return whether a parent has the same demand, whose query reads this relation too."""
    for oid in relation.parents:
        before, after = change.before.relations.get(oid), change.after.relations.get(oid)
        if before is None or after is None or not change.is_old(oid):
            continue
        parent = _named(after, column.name)
        if parent is not None and _is_new(before, after, parent.number):
            return True
    return False
