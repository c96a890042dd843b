"""Constraints that a COMMIT can have to check, in an open transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from psycopg import AsyncConnection, sql
from psycopg.rows import tuple_row

from koonj.postgres.queries import query


class CheckTime(Enum):
    """When the server checks a constraint."""

    IMMEDIATE = sql.SQL("IMMEDIATE")
    DEFERRED = sql.SQL("DEFERRED")


@dataclass(frozen=True, slots=True)
class DeferrableConstraint:
    """All constraints of one name in a schema, as SET CONSTRAINTS changes them."""

    schema: str
    name: str
    deferred: bool
    """Whether they are checked at COMMIT unless the transaction says otherwise."""


async def read_deferrable(conn: AsyncConnection) -> list[DeferrableConstraint]:
    """Return the constraints that the session's role can change with SET CONSTRAINTS, by name.

    Raises: psycopg.Error.
    """
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("deferrable_constraints"), prepare=False)
        return [DeferrableConstraint(*row) for row in await cursor.fetchall()]


async def set_check_time(
    conn: AsyncConnection, constraints: Iterable[DeferrableConstraint], when: CheckTime
) -> None:
    """Change for the rest of the transaction when constraints are checked. IMMEDIATE checks them now, too.

    Raises: psycopg.Error.
    """
    if names := [sql.Identifier(one.schema, one.name) for one in constraints]:
        text = sql.SQL("SET CONSTRAINTS {} {}").format(sql.SQL(", ").join(names), when.value)
        await conn.execute(text, prepare=False)
