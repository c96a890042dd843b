"""What a batch must know of the target before its transaction begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection

from koonj.postgres.queries import query


@dataclass(frozen=True, slots=True)
class BatchConditions:
    """What was found on the target."""

    has_deferrable: bool
    """A constraint can be deferred, so something can be left to check at COMMIT."""
    existing: frozenset[str]
    """Which of the relations exist."""


async def batch_conditions(conn: AsyncConnection, relations: Sequence[str]) -> BatchConditions:
    """Read them. `relations`: qualified names, quoted as in SQL.

    Raises: psycopg.Error.
    """
    cursor = await conn.execute(query("batch_conditions"), {"relations": list(relations)})
    row = await cursor.fetchone()
    assert row is not None
    return BatchConditions(row[0], frozenset(row[1]))
