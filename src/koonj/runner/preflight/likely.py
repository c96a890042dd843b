"""Find where the statistics of a large table show rows that break a demand, so that only these are read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from psycopg import AsyncConnection

from koonj.postgres.demands.demand import DemandKind
from koonj.postgres.demands.target_facts import ColumnStatistics, column_statistics
from koonj.runner.preflight import query
from koonj.runner.preflight.compose import Question
from koonj.runner.preflight.refusal import Refused

Rows = Callable[[str], Awaitable[list[tuple[Any, ...]] | Refused]]

_OF_VALUES = frozenset({DemandKind.CHECK, DemandKind.CAST, DemandKind.PARTITION, DemandKind.DOMAIN})
"""Demands that one value of a column can break, whatever the other rows have."""


async def likely_part(
    conn: AsyncConnection, question: Question, rows: Rows, *, uses_tail: bool
) -> query.Part | None:
    """Return which rows to read; None if the statistics show none that breaks the demand.

    They prove nothing: 50 NULLs in 5 million rows are a null_frac of 0, and a value can be gone since. So the
    rows are looked for.

    Raises: UnansweredError; psycopg.Error.
    """
    origin = question.reads[0].origin
    is_plain = len(question.demand.columns) == 1 and len(question.reads) == 1
    if not is_plain or any(level.layer for level in origin.levels):
        return None
    [column] = question.demand.columns
    found = await column_statistics(conn, origin.relation, column)
    if question.demand.kind is DemandKind.NOT_NULL:
        return query.ALL if found.nulls else None
    values = await _breaking(question, column, found, rows, uses_tail=uses_tail)
    return query.with_values(question, column, found.type, values) if values else None


async def _breaking(
    question: Question, column: str, found: ColumnStatistics, rows: Rows, *, uses_tail: bool
) -> tuple[str, ...]:
    """Return the values of the statistics that break the demand."""
    kind, values = question.demand.kind, tuple(dict.fromkeys((*found.common, *found.ends)))
    if kind is DemandKind.UNIQUE:
        return found.common[:1]
    if kind not in _OF_VALUES or not uses_tail or not values:
        return ()
    broken = await rows(query.breaking(question, column, found.type, values))
    return () if isinstance(broken, Refused) else tuple(row[0] for row in broken if row[0] is not None)
