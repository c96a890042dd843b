"""Find values that satisfy CHECK constraints, by asking the server which of many candidates do."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.made_rows.candidates import candidates
from koonj.postgres.made_rows.plan import Planner
from koonj.postgres.made_rows.tables import Column, Constraint, Table, domain_checks, quoted
from koonj.postgres.made_rows.values import NULL
from koonj.postgres.queries import query

_MOST_COMBINATIONS = 240
"""Maximum number of combinations of values that are tried for constraints with several columns."""
_PER_COLUMN = 12
"""Values of each column in these combinations."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Columns of a table that CHECK constraints connect, and the candidates for their values."""

    table: Table
    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...]
    rows: tuple[tuple[str, ...], ...]


async def satisfy(conn: AsyncConnection, planner: Planner, tables: Sequence[Table]) -> None:
    """Give the planner values that satisfy the CHECK constraints of tables and domains.

    Raises: psycopg.Error.
    """
    single = [group for table in tables for group in _single(planner, table) if group.rows]
    for group, good in zip(single, await _evaluate(conn, planner, single), strict=True):
        planner.choose(group.table, group.columns[0], [group.rows[at][0] for at in good])
    several = [group for table in tables for group in _several(planner, table) if group.rows]
    for group, good in zip(several, await _evaluate(conn, planner, several), strict=True):
        planner.choose_together(group.table, group.columns, [group.rows[at] for at in good])


def _single(planner: Planner, table: Table) -> Iterator[_Group]:
    for column in table.columns:
        own = tuple(c for c in table.constraints if c.kind == "c" and c.columns == (column.number,))
        if (own or domain_checks(planner.maker.types, column)) and not planner.refers(table, column):
            usual = planner.usual(table, column)
            found = candidates(planner.maker, column.type, column.modifier, usual)
            yield _Group(table, (column,), own, tuple((value,) for value in found if value != NULL))


def _several(planner: Planner, table: Table) -> Iterator[_Group]:
    wide = [c for c in table.constraints if c.kind == "c" and len(c.columns) > 1]
    while wide:
        numbers, mine = set(wide[0].columns), [wide.pop(0)]
        while near := next((c for c in wide if numbers & set(c.columns)), None):
            wide.remove(near)
            mine.append(near)
            numbers |= set(near.columns)
        columns = tuple(c for c in table.columns if c.number in numbers)
        values = [_varied(planner, table, column) for column in columns]
        yield _Group(table, columns, tuple(mine), tuple(_combinations(values)))


def _varied(planner: Planner, table: Table, column: Column) -> list[str]:
    found = planner.values(table, column)
    if not planner.refers(table, column) and not planner.has_choice(table, column):
        found = candidates(planner.maker, column.type, column.modifier, found)
    found = list(dict.fromkeys(found))[:_PER_COLUMN]
    return found if column.not_null or NULL in found else [*found, NULL]


def _combinations(values: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Yield rows: aligned ones first, then others in all directions."""
    longest = max(map(len, values), default=0)
    seen: set[tuple[str, ...]] = set()
    aligned = (
        tuple(one[(at + shift * k) % len(one)] for k, one in enumerate(values))
        for shift in (0, 1, -1, 2, -2, 3)
        for at in range(longest)
    )
    for row in itertools.chain(aligned, itertools.product(*values)):
        if len(seen) >= _MOST_COMBINATIONS:
            return
        if row not in seen:
            seen.add(row)
            yield row


async def _evaluate(conn: AsyncConnection, planner: Planner, groups: Sequence[_Group]) -> list[list[int]]:
    """Return for each group the indexes of the rows that satisfy all constraints."""
    if not groups:
        return []
    asked = [_question(planner, group) for group in groups]
    await conn.execute(
        "SELECT pg_catalog.set_config('koonj.tries', %s, true)", (json.dumps(asked),), prepare=False
    )
    await conn.execute(query("scratch/evaluate_checks"), prepare=False)
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute("SELECT pg_catalog.current_setting('koonj.tried')", prepare=False)
        row = await cursor.fetchone()
    assert row is not None
    return [sorted(found or ()) for found in json.loads(row[0])]


def _question(planner: Planner, group: _Group) -> dict[str, object]:
    """Return a query for the indexes of the good rows: the rows are between `before` and `after`."""
    names = ", ".join(quoted(column.name) for column in group.columns)
    conditions = [f"({constraint.text}) IS NOT FALSE" for constraint in group.constraints]
    domain = domain_checks(planner.maker.types, group.columns[0]) if len(group.columns) == 1 else ()
    conditions += [f"({check}) IS NOT FALSE" for check in domain]
    table = quoted(group.table.name)
    also = f", {names} AS value" if domain and names != '"value"' else ""
    return {
        "before": f"SELECT pg_catalog.json_agg(koonj_k) FROM (SELECT koonj_k, {names}{also} FROM (VALUES ",
        "rows": [f"({k}, {', '.join(row)})" for k, row in enumerate(group.rows)],
        "after": f") AS koonj_v(koonj_k, {names})) AS {table} WHERE {' AND '.join(conditions)}",
    }
