"""Rows that an INSERT writes: their keys, what they refer to, and their checks. Only constants are known."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from koonj.postgres.demands import inserted_reference
from koonj.postgres.demands.change import Change, from_rows
from koonj.postgres.demands.demand import Demand, DemandKind, GivenRows
from koonj.postgres.demands.inserted_reference import Given
from koonj.postgres.demands.inserted_values import is_given, listed, rows_of, unknown_values
from koonj.postgres.demands.layers import is_numbered
from koonj.postgres.demands.snapshot import PLAIN_TABLE, Index, Relation
from koonj.sql.inserted_constants import Insertion, insertion
from koonj.sql.row_values import plain_name


def inserted_into(change: Change, found: Insertion, written: Collection[int]) -> Relation | None:
    """Return the relation of an INSERT. `written`: relations that the statement wrote to."""
    relations = [change.after.relations[oid] for oid in written if oid in change.after.relations]
    named = [one for one in relations if plain_name(one.alias) == found.table]
    return named[0] if len(named) == 1 else None


def demands(change: Change, text: str, written: Collection[int], given: Given) -> Iterator[Demand]:
    """Yield the demands of an INSERT: of those that cannot be asked, one.

    `given`: the rows that statements before it have inserted, by the OID of the relation.
    """
    found = insertion(text)
    relation = None if found is None else inserted_into(change, found, written)
    if found is None or relation is None:
        return
    undecided = list[Demand]()
    for made in (
        *_keys(change, relation, found),
        *inserted_reference.demands(change, relation, found, given),
        *_checks(change, relation, found),
    ):
        if made.unknown:
            undecided.append(made)
        else:
            yield made
    yield from undecided[:1]


def given(change: Change, text: str, written: Collection[int]) -> tuple[int, GivenRows] | None:
    """Return the OID of the relation of an INSERT and its rows; None if these are not certain to be there."""
    found = insertion(text)
    relation = None if found is None else inserted_into(change, found, written)
    if found is None or relation is None:
        return None
    rows = inserted_reference.given_rows(change, relation, found)
    return None if rows is None else (relation.oid, rows)


def _keys(change: Change, relation: Relation, found: Insertion) -> Iterator[Demand]:
    """Yield a demand for each unique index: a row with the same key makes the statement fail."""
    if found.on_conflict or not change.is_old(relation.oid):
        return
    for index in relation.indexes.values():
        if index.unique and index.valid and not index.exclusion:
            keys = [relation.columns[number] for number in index.columns[: index.key_count] if number]
            if not any(is_numbered(key) and not is_given(relation, key, found) for key in keys):
                yield _key(change, relation, index, found)


def _key(change: Change, relation: Relation, index: Index, found: Insertion) -> Demand:
    is_plain = index.is_plain
    rows = rows_of(change, relation, index.columns[: index.key_count], found) if is_plain else []
    unknown = "" if rows else "koonj cannot tell which keys it inserts"
    return change.demand(
        DemandKind.INSERT,
        relation,
        f"have the key that it inserts ({index.name})",
        _tail(relation, index, rows) if rows else "",
        only=relation.kind == PLAIN_TABLE,
        unknown=unknown_values(relation, found) or unknown,
    )


def _tail(relation: Relation, index: Index, rows: list[tuple[str, ...]]) -> str:
    keys = relation.column_names(index.columns[: index.key_count])
    if not index.nulls_equal:
        return f"{from_rows(relation)} WHERE ({', '.join(keys)}) IN ({listed(rows)})"
    names = [f"koonj_k{number}" for number in range(len(keys))]
    same = " AND ".join(f"{key} IS NOT DISTINCT FROM {name}" for key, name in zip(keys, names, strict=True))
    values = f"({listed(rows)}) AS v ({', '.join(names)})"
    return f"{from_rows(relation)} WHERE EXISTS (SELECT FROM {values} WHERE {same})"


def _checks(change: Change, relation: Relation, found: Insertion) -> Iterator[Demand]:
    """Yield a demand for each CHECK that the rows must pass and the rehearsal has not decided.

    A check of constants gives the same answer everywhere, so it has passed; unless it calls a function that
    can read other rows. What is not from VALUES can come from the rows of the target.
    """
    if not change.is_old(relation.oid):
        return
    checks = [(one.name, one) for one in relation.constraints.values() if one.kind == "c"]
    for column in relation.columns.values():
        for domain in change.after.domains(column.type_oid):
            checks += [(f"{one.name} of {domain.name}", one) for one in domain.checks]
    for name, check in checks:
        calls = sorted(set(check.calls) & change.after.reading)
        why = f"it calls {', '.join(calls)}, which can read other rows" if calls else ""
        if not found.rows:
            why = why or "koonj cannot tell which rows it inserts"
        if why:
            made = change.demand(
                DemandKind.INSERT, relation, f"do not pass the check {name}", "", unknown=why
            )
            yield inserted_reference.of_new_rows(made, relation)
