"""Make up rows that differ from another row in one column only.

They show that a rollback finds its rows by columns that are not unique, or that can be NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from koonj.postgres.made_rows.tables import Column, Table
from koonj.postgres.made_rows.values import NULL

_MOST_COLUMNS = 8
"""Maximum number of columns of a table for which rows are made."""


def twins(
    table: Table,
    rows: Sequence[Mapping[int, str]],
    unique_value: Callable[[Column, int], str | None],
    words: frozenset[str],
    *,
    nulls: bool,
) -> Iterator[dict[int, str]]:
    """Yield additional rows of a table.

    `unique_value`: returns further values of a unique column by number; None for another column. `words`:
    those of the statements; other columns get no rows. `nulls`: also rows in which the column is NULL.
    """
    if len(rows) < 3:
        return
    unique = [column for column in table.columns if unique_value(column, 0) is not None]
    others = [column for column in table.columns if column not in unique]
    named = [column for column in others if column.name.lower() in words][:_MOST_COLUMNS]
    made, used = 0, {one.number: {row.get(one.number) for row in rows} for one in unique}
    for column in named:
        first, full = dict(rows[0]), _full_row(rows)
        other = next(
            (
                row[column.number]
                for row in rows
                if row.get(column.number) not in {None, NULL, first.get(column.number)}
            ),
            None,
        )
        changes = [(first, other)] if other is not None else []
        if nulls and not column.not_null:
            changes.append((full, NULL))
        for row, value in changes:
            made += 1
            fresh = {one.number: unique_value(one, made) or NULL for one in unique}
            if all(new not in used[number] for number, new in fresh.items()):
                yield {**row, **fresh, column.number: value}
            for number, new in fresh.items():
                used[number].add(new)
    if not unique and not table.bounds:
        yield dict(rows[0])


def half_twins(table: Table, rows: Sequence[Mapping[int, str]]) -> Iterator[dict[int, str]]:
    """Yield rows that have a part of their key in common with another row."""
    keys = [constraint.columns for constraint in table.constraints if constraint.kind in "pu"]
    if len(rows) < 3 or len(keys) != 1 or set(keys[0]) != table.unique:
        return
    for number in keys[0]:
        row = {**rows[1], number: rows[0].get(number, NULL)}
        if all(any(row[part] != old.get(part) for part in keys[0]) for old in rows):
            yield row


def _full_row(rows: Sequence[Mapping[int, str]]) -> dict[int, str]:
    """Return the row with the fewest NULLs."""
    nulls = [sum(value == NULL for value in row.values()) for row in rows]
    return dict(rows[nulls.index(min(nulls[1:]), 1)])
