"""Ask the catalog: each function runs one query of ``queries/evidence/``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import AsyncConnection

from koonj.postgres.queries import query

Facts = Mapping[str, Any]
"""Facts about a statement from before it was sent, as koonj.statement stores them."""


async def rows_of(conn: AsyncConnection, name: str, values: Facts) -> list[tuple[Any, ...]]:
    """Return the rows of one query."""
    cursor = await conn.execute(query(f"evidence/{name}"), values)
    return await cursor.fetchall()


async def row_of(conn: AsyncConnection, name: str, values: Facts) -> tuple[Any, ...] | None:
    """Return the first row of one query; None if it has none."""
    rows = await rows_of(conn, name, values)
    return rows[0] if rows else None
