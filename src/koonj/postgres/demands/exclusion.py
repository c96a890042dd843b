"""EXCLUDE constraints, and keys WITHOUT OVERLAPS."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.postgres.demands.change import Change
from koonj.postgres.demands.demand import PLACE, TABLE, Demand, DemandKind
from koonj.postgres.demands.snapshot import PLAIN_TABLE, Constraint, Index, Relation
from koonj.postgres.demands.unique import before_predicate

_OVERLAPS, _EQUALS = "OPERATOR(pg_catalog.&&)", "OPERATOR(pg_catalog.=)"


def demands(change: Change) -> Iterator[Demand]:
    """Yield a demand for each new constraint with operators. Those of a parent are asked of the parent."""
    for before, after in change.old():
        for constraint in after.constraints.values():
            index = after.indexes.get(constraint.index)
            is_new = constraint.oid not in before.constraints
            if not is_new or index is None or not index.exclusion or _of_old_parent(change, constraint):
                continue
            texts = [*index.keys, index.predicate]
            yield change.demand(
                DemandKind.EXCLUSION,
                after,
                f"conflict with another row ({constraint.name})",
                _tail(after, constraint, index),
                texts=texts,
                calls=(*index.calls, *(one for one in constraint.operators if "(pg_catalog." not in one)),
                only=after.kind == PLAIN_TABLE,
            )


def _of_old_parent(change: Change, constraint: Constraint) -> bool:
    return any(
        constraint.parent in relation.constraints and change.is_old(oid)
        for oid, relation in change.after.relations.items()
    )


def _tail(relation: Relation, constraint: Constraint, index: Index) -> str:
    keys = ", ".join(f"({key}) AS koonj_k{number}" for number, key in enumerate(index.keys))
    one = f"(SELECT *, {keys} {before_predicate(relation, index)})"
    overlapping = [n for n, operator in enumerate(constraint.operators) if operator != _EQUALS]
    if (
        len(overlapping) == 1
        and constraint.operators[overlapping[0]] == _OVERLAPS
        and _is_range(relation, index, overlapping[0])
    ):
        return _neighbours(one, index, overlapping[0])
    matches = " AND ".join(
        f"a.koonj_k{n} {operator} b.koonj_k{n}" for n, operator in enumerate(constraint.operators)
    )
    return (
        f"FROM {one} AS a WHERE EXISTS (SELECT FROM {one} AS b WHERE {matches} "
        f"AND (a.{TABLE}, a.{PLACE}) IS DISTINCT FROM (b.{TABLE}, b.{PLACE}))"
    )


def _is_range(relation: Relation, index: Index, place: int) -> bool:
    """Return whether a key is a range: overlapping ranges are neighbours in their order."""
    number = index.columns[place]
    if number:
        kind = relation.columns[number].type
        return kind.endswith("range") and not kind.endswith("multirange")
    return "range(" in index.keys[place] and "multirange(" not in index.keys[place]


def _neighbours(one: str, index: Index, place: int) -> str:
    """Return a query that compares each range with the one before it.

    If any two overlap, two neighbours do.
    """
    equal = [f"koonj_k{n}" for n in range(len(index.keys)) if n != place]
    by = f"PARTITION BY {', '.join(equal)} " if equal else ""
    filled = "".join(f" AND {name} IS NOT NULL" for name in equal)
    span = f"koonj_k{place}"
    return (
        f"FROM (SELECT *, {span} {_OVERLAPS} pg_catalog.lag({span}) OVER ({by}ORDER BY {span}) AS koonj_hit "
        f"FROM {one} AS a WHERE NOT pg_catalog.isempty({span}){filled}) AS b WHERE koonj_hit"
    )
