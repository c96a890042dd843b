"""Read a snapshot from a scratch database, in the session of the migration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.demands.snapshot import Calls, Column, Constraint, Index, Relation, Snapshot, Type
from koonj.postgres.queries import query

Value = TypeVar("Value")

_ATTRDEF, _CONSTRAINT, _CLASS = 2604, 2606, 1259
"""OIDs of the catalogs, which never change (src/include/catalog)."""


async def read_snapshot(conn: AsyncConnection, oids: Collection[int] | None = None) -> Snapshot:
    """Return what the catalog demands; with `oids`, only of these relations, but of all types.

    Raises: psycopg.Error.
    """
    values = {"oids": None if oids is None else list(oids)}
    calls: Calls = {
        (classid, oid, column): tuple(names)
        for classid, oid, column, names in await _rows(conn, "calls", values)
    }
    columns = await _columns(conn, values, calls)
    indexes: dict[int, dict[int, Index]] = defaultdict(dict)
    for row in await _rows(conn, "indexes", values):
        index = _made(Index, row, calls.get((_CLASS, row[0], 0), ()))
        indexes[index.relation][index.oid] = index
    constraints: dict[int, dict[int, Constraint]] = defaultdict(dict)
    checks: dict[int, list[Constraint]] = defaultdict(list)
    for row in await _rows(conn, "constraints", values):
        one = _made(Constraint, row, calls.get((_CONSTRAINT, row[0], 0), ()))
        constraints[one.relation][one.oid] = one
        if one.domain and one.kind == "c":
            checks[one.domain].append(one)
    relations = {
        row[0]: _made(
            Relation,
            row,
            columns[row[0]],
            constraints[row[0]],
            indexes[row[0]],
            calls.get((_CLASS, row[0], 0), ()),
        )
        for row in await _rows(conn, "relations", values)
    }
    types = {row[0]: _made(Type, row, tuple(checks[row[0]])) for row in await _rows(conn, "types", values)}
    [(volatile, functions, event_triggers, reading)] = await _rows(conn, "surroundings", values)
    return Snapshot(
        relations, types, frozenset(volatile), frozenset(functions), event_triggers, frozenset(reading)
    )


async def read_locked(conn: AsyncConnection) -> dict[int, bool]:
    """Return the relations that the session has locked, and whether it can have written to them.

    Raises: psycopg.Error.
    """
    return dict(await _rows(conn, "locked", {}))


async def _columns(
    conn: AsyncConnection, values: dict[str, Any], calls: Calls
) -> dict[int, dict[int, Column]]:
    found: dict[int, dict[int, Column]] = defaultdict(dict)
    for oid, number, *rest, default_oid in await _rows(conn, "columns", values):
        # Before 15, the column itself depends on what its generation expression calls.
        called = calls.get((_ATTRDEF, default_oid or 0, 0), ()) or calls.get((_CLASS, oid, number), ())
        found[oid][number] = _made(Column, (number, *rest), called)
    return found


async def _rows(conn: AsyncConnection, name: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query(f"demands/{name}"), values, prepare=False)
        return await cursor.fetchall()


def _made(kind: Callable[..., Value], row: Sequence[Any], *more: Any) -> Value:
    """Return the value whose fields are the columns of a row, and `more`."""
    return kind(*map(_frozen, row), *more)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
