"""CHECK constraints that are new, or valid since the statement."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.postgres.demands.change import Change, from_rows
from koonj.postgres.demands.demand import Demand, DemandKind
from koonj.postgres.demands.snapshot import PLAIN_TABLE, Constraint, Relation


def new_constraints(before: Relation, after: Relation, kind: str) -> Iterator[Constraint]:
    """Yield the constraints of one kind for which every row was checked by the statement."""
    for oid, constraint in after.constraints.items():
        was = before.constraints.get(oid)
        if constraint.kind == kind and constraint.holds and (was is None or not was.holds):
            yield constraint


def demands(change: Change) -> Iterator[Demand]:
    """Yield a demand for each CHECK constraint. Those of a parent are asked of the parent."""
    for before, after in change.old():
        for constraint in new_constraints(before, after, "c"):
            if not constraint.local:
                continue
            yield change.demand(
                DemandKind.CHECK,
                after,
                f"do not pass the check {constraint.name}",
                f"{from_rows(after)} WHERE ({constraint.text}) IS FALSE",
                texts=[constraint.text],
                calls=constraint.calls,
                columns=after.column_names(constraint.columns),
                only=constraint.no_inherit and after.kind == PLAIN_TABLE,
            )
