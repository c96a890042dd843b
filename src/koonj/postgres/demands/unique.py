"""Unique indexes and constraints, primary keys, and the size of what an index keeps."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.postgres.demands.change import Change, from_rows, in_words
from koonj.postgres.demands.demand import Counted, Demand, DemandKind
from koonj.postgres.demands.layers import is_numbered
from koonj.postgres.demands.snapshot import MATERIALIZED, PARTITIONED, PLAIN_TABLE, Index, Relation

LARGEST = 2692
"""Bytes of the keys from which on a B-tree index can refuse a row (BTMaxItemSize)."""


def demands(change: Change) -> Iterator[Demand]:
    """Yield the demands of each index that the statement built."""
    for before, after in change.old(kinds=(PLAIN_TABLE, PARTITIONED, MATERIALIZED)):
        for index in after.indexes.values():
            if not _is_built(change, before, after, index):
                continue
            if index.unique and not index.exclusion and not _is_numbered(change, after, index):
                yield _unique(change, after, index)
            if index.predicate or 0 in index.columns[: index.key_count]:
                yield _expression(change, after, index)
            if index.method == "btree":
                yield from _size(change, after, index)


def _is_numbered(change: Change, relation: Relation, index: Index) -> bool:
    """Return whether a key is a column that the migration adds with a value of its own for each row."""
    known = change.first.relations[relation.oid].columns
    keys = [relation.columns[n] for n in index.columns[: index.key_count] if n and n not in known]
    return any(map(is_numbered, keys))


def _is_built(change: Change, before: Relation, after: Relation, index: Index) -> bool:
    if not index.valid and after.kind != PARTITIONED:
        return False
    retyped = any(
        number in before.columns
        and (
            before.columns[number].type != after.columns[number].type
            or (after.oid, number) in change.usings
            or (
                before.columns[number].default != after.columns[number].default
                and after.columns[number].generated
            )
        )
        for number in index.columns
        if number in after.columns
    )
    was = before.indexes.get(index.oid)
    if (
        was is not None
        and was.valid == index.valid
        and (was.keys, was.predicate) == (index.keys, index.predicate)
    ):
        return retyped
    if not retyped and any(one.rule == index.rule and one.unique >= index.unique for one in _valid(before)):
        return False  # the rows passed it already
    return not _of_parent(change, index)


def _valid(relation: Relation) -> Iterator[Index]:
    return (index for index in relation.indexes.values() if index.valid)


def _of_parent(change: Change, index: Index) -> bool:
    """Return whether the index of a parent is as new, so that the parent is asked."""
    for oid, relation in change.after.relations.items():
        if index.parent in relation.indexes and change.is_old(oid):
            before = change.before.relations.get(oid)
            return before is not None and index.parent not in before.indexes
    return False


def before_predicate(relation: Relation, index: Index) -> str:
    """Return a FROM with the rows of a partial index, whose predicate is computed before the keys."""
    if not index.predicate:
        return from_rows(relation)
    return f"FROM (SELECT * {from_rows(relation)} WHERE {index.predicate} OFFSET 0) AS {relation.alias}"


def _unique(change: Change, relation: Relation, index: Index) -> Demand:
    keys = [f"({key}){collation}" for key, collation in zip(index.keys, index.collations, strict=False)]
    filled = (
        "" if index.nulls_equal else " WHERE " + " AND ".join(f"({key}) IS NOT NULL" for key in index.keys)
    )
    tail = (
        f"{before_predicate(relation, index)}{filled} "
        f"GROUP BY {', '.join(keys)} HAVING pg_catalog.count(*) > 1"
    )
    return change.demand(
        DemandKind.UNIQUE,
        relation,
        f"the same {in_words(index.keys)} ({index.name})",
        tail,
        texts=[*index.keys, index.predicate],
        calls=index.calls,
        columns=relation.column_names(index.columns[: index.key_count]) if index.is_plain else (),
        only=relation.kind == PLAIN_TABLE,
        counted=Counted.GROUPS,
    )


def _expression(change: Change, relation: Relation, index: Index) -> Demand:
    computed = f"pg_catalog.num_nulls({', '.join(index.keys)})"
    return change.demand(
        DemandKind.INDEX_EXPRESSION,
        relation,
        f"make the expression of the index {index.name} fail",
        "",
        texts=[*index.keys, index.predicate],
        calls=index.calls,
        only=relation.kind == PLAIN_TABLE,
        raises=f"CASE WHEN {index.predicate} THEN {computed} END" if index.predicate else computed,
    )


def _size(change: Change, relation: Relation, index: Index) -> Iterator[Demand]:
    """Yield a demand if a key can be too long for a B-tree index."""
    numbers = index.columns[: index.key_count]
    wide = [
        key
        for number, key in zip(numbers, index.keys, strict=False)
        if number == 0 or relation.columns[number].size == -1
    ]
    if not wide:
        return
    size = " + ".join(f"coalesce(pg_catalog.pg_column_size({key}), 0)" for key in wide)
    bound = "the size is an upper bound: PostgreSQL compresses what it computed"
    yield change.demand(
        DemandKind.INDEX_SIZE,
        relation,
        f"are too long for the index {index.name}",
        f"{before_predicate(relation, index)} WHERE {size} > {LARGEST}",
        texts=[*index.keys, index.predicate],
        calls=index.calls,
        only=relation.kind == PLAIN_TABLE,
        rough=bound if len(numbers) > 1 or 0 in numbers or relation.oid in _retyped(change) else "",
    )


def _retyped(change: Change) -> frozenset[int]:
    return frozenset(oid for oid, _ in change.usings)
