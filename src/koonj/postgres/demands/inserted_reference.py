"""Rows that an INSERT writes and that refer to others: these must be on the target, or be inserted before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from koonj.postgres.demands.change import Change
from koonj.postgres.demands.demand import INSERTED, OTHERS, Counted, Demand, DemandKind, GivenRows
from koonj.postgres.demands.inserted_values import listed, rows_of, unknown_values
from koonj.postgres.demands.snapshot import PLAIN_TABLE, Constraint, Index, Relation
from koonj.sql.inserted_constants import MOST, Insertion
from koonj.sql.row_values import plain_name

Given = Mapping[int, Sequence[GivenRows]]
"""The rows that the statements so far have inserted, by the OID of the relation."""
NEW = "koonj_new"
"""Name of the rows that the statement inserts, in the query of a demand."""


def of_new_rows(demand: Demand, relation: Relation, keys: tuple[str, ...] = ()) -> Demand:
    """Return the demand as one of the rows that a statement inserts into a relation."""
    return replace(demand, relation=relation.name, counted=Counted.INSERTED, keys=keys)


def given_rows(change: Change, relation: Relation, found: Insertion) -> GivenRows | None:
    """Return the keys that are there after an INSERT; None if it is not certain that they are."""
    keys = {number for index in _unique(relation) for number in index.columns[: index.key_count] if number}
    numbers = [number for number in sorted(keys) if rows_of(change, relation, [number], found)]
    names = relation.column_names(numbers)
    if not numbers or unknown_values(relation, found) or not _are_there(relation, found):
        return None
    return GivenRows(relation.name, change.statement, names, tuple(rows_of(change, relation, numbers, found)))


def _are_there(relation: Relation, found: Insertion) -> bool:
    """Return whether a row that ON CONFLICT leaves out has the key of one that is there."""
    return not found.on_conflict or len(_unique(relation)) == 1


def _unique(relation: Relation) -> list[Index]:
    return [index for index in relation.indexes.values() if index.unique and index.valid]


def demands(change: Change, relation: Relation, found: Insertion, given: Given) -> Iterator[Demand]:
    """Yield a demand for each foreign key of the table to one that was there before the migration."""
    for constraint in relation.constraints.values():
        parent = change.after.relations.get(constraint.other)
        if constraint.kind != "f" or parent is None or not change.is_old(parent.oid):
            continue
        if constraint.parent not in relation.constraints:  # else: for a partition of the table it refers to
            yield from _demand(change, relation, constraint, parent, found, given.get(parent.oid, ()))


def _demand(
    change: Change,
    child: Relation,
    constraint: Constraint,
    parent: Relation,
    found: Insertion,
    given: Collection[GivenRows],
) -> Iterator[Demand]:
    columns = child.column_names(constraint.columns)
    own = given_rows(change, child, found) if parent.oid == child.oid else None
    reference = parent.column_names(constraint.other_columns)
    there = [*given, *(() if own is None else (own,))]
    rows = rows_of(change, child, constraint.columns, found)
    unknown = unknown_values(child, found) or ("" if rows else "koonj cannot tell which rows it inserts")
    known = set(_referenced(there, reference))
    rows = [row for row in rows if row not in known]
    if not rows and not unknown:
        return
    is_own = parent.oid == child.oid and not set(reference) <= set(own.columns if own is not None else ())
    may = [
        change.may(parent.oid).replace("this table", parent.name),
        "its own rows can be among them" if is_own else "",
        "ON CONFLICT can leave rows out" if found.on_conflict else "",
        "a key over a period can be covered by several rows" if constraint.period else "",
        "the key is DEFERRABLE, so that a later statement can insert them" if constraint.deferrable else "",
    ]
    made = change.demand(
        DemandKind.INSERT,
        parent,
        f"have {', '.join(columns)} without a row in {parent.name} ({constraint.name})",
        _tail(constraint, reference, rows) if rows else "",
        calls=[one for one in constraint.operators if "(pg_catalog." not in one],
        only=parent.kind == PLAIN_TABLE,
        may=next(filter(None, may), ""),
        unknown=unknown,
    )
    made = replace(
        made,
        sources=(change.source(parent.oid, OTHERS, only=parent.kind == PLAIN_TABLE),),
        reference=reference,
        operators=constraint.operators,
    )
    yield of_new_rows(with_given(made, there), child, columns)


def _tail(constraint: Constraint, reference: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    items = [_item(place) for place in range(len(reference))]
    filled = (" OR " if constraint.match == "f" else " AND ").join(f"{one} IS NOT NULL" for one in items)
    pairs = zip(reference, constraint.operators, items, strict=False)
    matches = " AND ".join(f"p.{one} {operator} {item}" for one, operator, item in pairs)
    names = ", ".join(f"{INSERTED}{place}" for place in range(len(reference)))
    return (
        f"FROM ({listed(rows)}) AS {NEW} ({names}) WHERE ({filled}) "
        f"AND NOT EXISTS (SELECT FROM {OTHERS} AS p WHERE {matches})"
    )


def _item(place: int) -> str:
    return f"{NEW}.{INSERTED}{place}"


def with_given(demand: Demand, given: Iterable[GivenRows]) -> Demand:
    """Return the demand less the rows that refer to inserted ones; unchanged if these are too many."""
    rows = _referenced(given, demand.reference) if demand.tail else []
    if not rows or len(rows) > MOST:
        return demand
    names = [f"koonj_g{place}" for place in range(len(demand.reference))]
    pairs = zip(names, demand.operators, range(len(names)), strict=False)
    matches = " AND ".join(f"g.{name} {operator} {_item(place)}" for name, operator, place in pairs)
    values = f"({listed(rows)}) AS g ({', '.join(names)})"
    return replace(demand, tail=f"{demand.tail} AND NOT EXISTS (SELECT FROM {values} WHERE {matches})")


def _referenced(given: Iterable[GivenRows], reference: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the values of these columns in rows that are known."""
    rows, wanted = list[tuple[str, ...]](), [plain_name(one) for one in reference]
    for one in given:
        names = [plain_name(name) for name in one.columns]
        if set(wanted) <= set(names):
            places = [names.index(name) for name in wanted]
            rows += [tuple(row[place] for place in places) for row in one.rows]
    return rows
