"""Keys that an INSERT writes: a row with the same one makes it fail. Only constants are known before."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from koonj.postgres.demands.change import Change, from_rows
from koonj.postgres.demands.demand import Demand, DemandKind
from koonj.postgres.demands.layers import is_numbered, target_type
from koonj.postgres.demands.snapshot import PLAIN_TABLE, Column, Index, Relation
from koonj.sql.called_names import called_names
from koonj.sql.inserted_constants import DEFAULT, Insertion, insertion
from koonj.sql.row_values import plain_name

MOST = 1000
"""Rows of constants that are compared with the target's."""


def demands(change: Change, text: str, written: Collection[int]) -> Iterator[Demand]:
    """Yield a demand for each unique index of the table. `written`: relations that the statement wrote to."""
    found = insertion(text)
    if found is None:
        return
    relations = [change.after.relations[oid] for oid in written if oid in change.after.relations]
    named = [one for one in relations if plain_name(one.alias) == found.table]
    if len(named) != 1 or not change.is_old(named[0].oid):
        return
    [relation] = named
    undecided = list[Demand]()
    for index in relation.indexes.values():
        if not index.unique or not index.valid or index.exclusion or _numbers_itself(relation, index, found):
            continue
        made = _demand(change, relation, index, found)
        if made.unknown:
            undecided.append(made)
        else:
            yield made
    yield from undecided[:1]


def _numbers_itself(relation: Relation, index: Index, found: Insertion) -> bool:
    """Return whether a key is numbered by a sequence, which gives no number twice."""
    keys = [relation.columns[number] for number in index.columns[: index.key_count] if number]
    return any(is_numbered(key) and not _is_given(relation, key, found) for key in keys)


def _is_given(relation: Relation, column: Column, found: Insertion) -> bool:
    place = _place(relation, column, found)
    return place >= 0 and (not found.rows or any(row[place : place + 1] != (DEFAULT,) for row in found.rows))


def _place(relation: Relation, column: Column, found: Insertion) -> int:
    names = found.columns or tuple(plain_name(one.name) for one in relation.columns.values())
    name = plain_name(column.name)
    return names.index(name) if name in names else -1


def _demand(change: Change, relation: Relation, index: Index, found: Insertion) -> Demand:
    rows = [] if index.predicate or not index.is_plain else _values(change, relation, index, found)
    return change.demand(
        DemandKind.INSERT,
        relation,
        f"have the key that it inserts ({index.name})",
        _tail(relation, index, rows) if rows else "",
        only=relation.kind == PLAIN_TABLE,
        unknown=_unknown(relation, found) or ("" if rows else "koonj cannot tell which keys it inserts"),
    )


def _unknown(relation: Relation, found: Insertion) -> str:
    if relation.runs_code:
        return "a trigger or a rule can change what it inserts"
    return f"it inserts more than {MOST:,} rows" if len(found.rows) > MOST else ""


def _values(change: Change, relation: Relation, index: Index, found: Insertion) -> list[str]:
    """Return the keys as SQL; none if one of them is not a constant."""
    rows = list[str]()
    for row in found.rows[:MOST]:
        values = [
            _value(change, relation, relation.columns[number], found, row)
            for number in index.columns[: index.key_count]
        ]
        if not all(values):
            return []
        rows.append(f"({', '.join(values)})")
    return rows


def _value(change: Change, relation: Relation, column: Column, found: Insertion, row: tuple[str, ...]) -> str:
    place, kind = _place(relation, column, found), target_type(change, column)
    value = row[place] if 0 <= place < len(row) else DEFAULT
    if value == DEFAULT:
        if column.generated or column.identity or column.calls or called_names(column.default):
            return ""
        value = column.default or "NULL"
    return f"({value})::{kind}" if kind else ""


def _tail(relation: Relation, index: Index, rows: list[str]) -> str:
    keys = relation.column_names(index.columns[: index.key_count])
    listed = f"VALUES {', '.join(rows)}"
    if not index.nulls_equal:
        return f"{from_rows(relation)} WHERE ({', '.join(keys)}) IN ({listed})"
    names = [f"koonj_k{number}" for number in range(len(keys))]
    same = " AND ".join(f"{key} IS NOT DISTINCT FROM {name}" for key, name in zip(keys, names, strict=True))
    given = f"({listed}) AS v ({', '.join(names)})"
    return f"{from_rows(relation)} WHERE EXISTS (SELECT FROM {given} WHERE {same})"
