"""Foreign keys that are new, or valid since the statement."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.postgres.demands.change import Change
from koonj.postgres.demands.check import new_constraints
from koonj.postgres.demands.demand import OTHERS, ROWS, Demand, DemandKind
from koonj.postgres.demands.snapshot import PLAIN_TABLE, Constraint, Relation

_PERIOD = "several rows can cover a period together"


def demands(change: Change) -> Iterator[Demand]:
    """Yield a demand for each foreign key. Those of a partitioned table are asked of that.

    Tables that inherit have no part in it, on either side.
    """
    for before, after in change.old():
        for constraint in new_constraints(before, after, "f"):
            if constraint.parent in after.constraints:
                continue  # for a partition of the table that it refers to: a row needs only one of them
            if constraint.parent and _is_asked(change, constraint.parent):
                continue
            other = change.after.relations.get(constraint.other)
            if other is not None:
                yield _demand(change, after, constraint, other)


def _is_asked(change: Change, parent: int) -> bool:
    """Return whether the constraint of the parent table is one of this statement's too."""
    for oid, relation in change.after.relations.items():
        if parent in relation.constraints and change.is_old(oid):
            before = change.before.relations.get(oid)
            was = None if before is None else before.constraints.get(parent)
            return was is None or not was.holds
    return False


def _demand(change: Change, child: Relation, constraint: Constraint, parent: Relation) -> Demand:
    columns = child.column_names(constraint.columns)
    filled = (" OR " if constraint.match == "f" else " AND ").join(f"c.{one} IS NOT NULL" for one in columns)
    words = f"have {', '.join(columns)} without a row in {parent.name} ({constraint.name})"
    if not change.is_old(parent.oid):
        return change.demand(
            DemandKind.FOREIGN_KEY,
            child,
            words,
            f"FROM {ROWS} AS c WHERE ({filled})",
            columns=columns,
            only=child.kind == PLAIN_TABLE,
            may=change.may(parent.oid).replace("this table", parent.name),
        )
    pairs = zip(parent.column_names(constraint.other_columns), constraint.operators, columns, strict=False)
    matches = " AND ".join(f"p.{one} {operator} c.{column}" for one, operator, column in pairs)
    return change.demand(
        DemandKind.FOREIGN_KEY,
        child,
        words,
        f"FROM {ROWS} AS c WHERE ({filled}) AND NOT EXISTS (SELECT FROM {OTHERS} AS p WHERE {matches})",
        calls=[one for one in constraint.operators if "(pg_catalog." not in one],
        columns=columns,
        only=child.kind == PLAIN_TABLE,
        others=change.source(parent.oid, OTHERS, only=parent.kind == PLAIN_TABLE),
        may=_PERIOD if constraint.period else change.may(parent.oid).replace("this table", parent.name),
    )
