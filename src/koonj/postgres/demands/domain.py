"""Constraints of domains: new ones of a domain that columns have, and those of a column's new domain."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.postgres.demands.change import Change, from_rows
from koonj.postgres.demands.demand import Demand, DemandKind
from koonj.postgres.demands.layers import is_numbered
from koonj.postgres.demands.snapshot import (
    MATERIALIZED,
    PARTITIONED,
    PLAIN_TABLE,
    Column,
    Constraint,
    Relation,
    Type,
)

_KINDS = frozenset({PLAIN_TABLE, PARTITIONED, MATERIALIZED})


def demands(change: Change) -> Iterator[Demand]:
    """Yield a demand for each constraint of a domain and each column that is there already."""
    for oid, after in change.after.relations.items():
        before = change.before.relations.get(oid)
        if not change.is_old(oid) or before is None or after.kind not in _KINDS:
            continue
        for number, column in after.columns.items():
            if change.after.types.get(column.type_oid) is None or _of_parent(change, after, column):
                continue
            yield from _of_column(change, after, column, before.columns.get(number))


def _of_column(change: Change, relation: Relation, column: Column, old: Column | None) -> Iterator[Demand]:
    is_new = old is None or old.type_oid != column.type_oid
    if old is None and is_numbered(column):
        return
    known = set[int]()
    if old is not None and is_new:
        known = {domain.oid for domain in change.before.domains(old.type_oid)}
    for domain in change.after.domains(column.type_oid):
        was = change.before.types.get(domain.oid)
        fresh = (is_new and domain.oid not in known) or was is None
        if domain.not_null and (fresh or (was is not None and not was.not_null)):
            yield change.demand(
                DemandKind.DOMAIN,
                relation,
                f"have {column.name} NULL, which {domain.name} does not allow",
                f"{from_rows(relation)} WHERE {column.name} IS NULL",
                columns=(column.name,),
            )
        for check in domain.checks:
            if check.holds and (fresh or not _held(was, check)):
                yield _check(change, relation, column, domain, check)


def _held(was: Type | None, check: Constraint) -> bool:
    return was is not None and any(one.oid == check.oid and one.holds for one in was.checks)


def _check(change: Change, relation: Relation, column: Column, domain: Type, check: Constraint) -> Demand:
    text = check.text.removeprefix("CHECK ").removesuffix(" NOT VALID")
    value = f"SELECT {relation.alias}.{column.name} AS value"  # VALUE in a domain's text is a column's name
    return change.demand(
        DemandKind.DOMAIN,
        relation,
        f"have a {column.name} that does not pass the check {check.name} of {domain.name}",
        f"{from_rows(relation)} WHERE (SELECT ({text}) IS FALSE FROM ({value}) AS v)",
        texts=[text],
        calls=check.calls,
        columns=(column.name,),
    )


def _of_parent(change: Change, relation: Relation, column: Column) -> bool:
    """Return whether a parent has the same column, whose query reads this relation too."""
    return any(
        change.is_old(oid) and any(one.name == column.name for one in parent.columns.values())
        for oid in relation.parents
        if (parent := change.after.relations.get(oid)) is not None
    )
