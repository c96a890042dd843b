"""The values that an INSERT writes into columns, as SQL that a target can compute."""

from __future__ import annotations

from collections.abc import Sequence

from koonj.postgres.demands.change import Change
from koonj.postgres.demands.layers import target_type
from koonj.postgres.demands.snapshot import Column, Relation
from koonj.sql.called_names import called_names
from koonj.sql.inserted_constants import COMPUTED, DEFAULT, MOST, Insertion
from koonj.sql.row_values import plain_name


def is_given(relation: Relation, column: Column, found: Insertion) -> bool:
    """Return whether a row gets a value for the column that is not its default."""
    place = _place(relation, column, found)
    return place >= 0 and (not found.rows or any(row[place : place + 1] != (DEFAULT,) for row in found.rows))


def unknown_values(relation: Relation, found: Insertion) -> str:
    """Return why the values are not those that the statement names; empty if they are."""
    if relation.runs_code:
        return "a trigger or a rule can change what it inserts"
    return f"it inserts more than {MOST:,} rows" if len(found.rows) > MOST else ""


def rows_of(
    change: Change, relation: Relation, numbers: Sequence[int], found: Insertion
) -> list[tuple[str, ...]]:
    """Return the values of these columns in each row; none if one of them is not a constant."""
    columns = [relation.columns[number] for number in numbers]
    kinds = [(one, _place(relation, one, found), target_type(change, one)) for one in columns]
    rows = list[tuple[str, ...]]()
    for row in found.rows[:MOST]:
        values = tuple(
            _value(one, row[place] if 0 <= place < len(row) else DEFAULT, kind) for one, place, kind in kinds
        )
        if not all(values):
            return []
        rows.append(values)
    return rows


def listed(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a VALUES list."""
    texts = [f"({', '.join(row)})" for row in rows]
    return f"VALUES {', '.join(texts)}"


def _place(relation: Relation, column: Column, found: Insertion) -> int:
    names = found.columns or tuple(plain_name(one.name) for one in relation.columns.values())
    name = plain_name(column.name)
    return names.index(name) if name in names else -1


def _value(column: Column, value: str, kind: str) -> str:
    if value == COMPUTED:
        return ""
    if value == DEFAULT:
        if column.generated or column.identity or column.calls or called_names(column.default):
            return ""
        value = column.default or "NULL"
    return f"({value})::{kind}" if kind else ""
