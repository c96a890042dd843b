"""Bounds of partitions: of one that was attached, and of the default partition beside a new one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from koonj.postgres.demands.change import Change, from_rows
from koonj.postgres.demands.demand import Demand, DemandKind
from koonj.postgres.demands.snapshot import Relation
from koonj.sql.called_names import names_in

HASHED = "koonj_parent"
"""Stands in an expression for the OID of the partitioned table on the target."""
_HASH = re.compile(r"satisfies_hash_partition\('(\d+)'::oid")
"""As PostgreSQL writes the constraint of a hash partition (get_qual_for_hash in partbounds.c)."""


def demands(change: Change) -> Iterator[Demand]:
    """Yield a demand for each relation whose partition constraint is another one."""
    for before, after in change.old():
        if not after.bounds or after.bounds == before.bounds or _of_parent(change, after):
            continue
        bounds, hashed, unknown = _for_target(change, after.bounds)
        calls = [one for oid in after.parents for one in _calls(change, oid)]
        yield change.demand(
            DemandKind.PARTITION,
            after,
            "do not fit into the bounds of the partition",
            f"{from_rows(after)} WHERE ({bounds}) IS FALSE",
            texts=[bounds],
            calls=calls,
            hashed=hashed,
            columns=_named(after, bounds),
            unknown=unknown,
        )


def _named(relation: Relation, bounds: str) -> tuple[str, ...]:
    """Return the columns that the bounds name."""
    names = names_in(bounds)
    return tuple(one.name for one in relation.columns.values() if one.name.strip('"') in names)


def _calls(change: Change, oid: int) -> tuple[str, ...]:
    relation = change.after.relations.get(oid)
    return () if relation is None else relation.calls


def _of_parent(change: Change, relation: Relation) -> bool:
    """Return whether the bounds changed because those of a parent that was there did."""
    for oid in relation.parents:
        before, after = change.before.relations.get(oid), change.after.relations.get(oid)
        if (
            change.is_old(oid)
            and before is not None
            and after is not None
            and oid in _parents(change, relation)
        ):
            return after.bounds != before.bounds and bool(after.bounds)
    return False


def _parents(change: Change, relation: Relation) -> tuple[int, ...]:
    before = change.before.relations.get(relation.oid)
    return () if before is None else before.parents


def _for_target(change: Change, bounds: str) -> tuple[str, tuple[str, ...], str]:
    """Return the constraint for the target, the parents whose OIDs it needs, and why it cannot be asked."""
    oids = list(dict.fromkeys(int(found) for found in _HASH.findall(bounds)))
    if any(not change.is_old(oid) for oid in oids):
        return bounds, (), "the rows of a hash partition can be asked only when the partitioned table exists"
    places = {oid: number for number, oid in enumerate(oids)}
    text = _HASH.sub(
        lambda found: f"satisfies_hash_partition((SELECT oid FROM {HASHED}{places[int(found[1])]})", bounds
    )
    return text, tuple(change.names[oid] for oid in oids), ""
