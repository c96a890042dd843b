"""Which functions and types the role of a target may not create, alter or drop (object_rights.sql)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.queries import query
from koonj.postgres.target_rights import Owner
from koonj.sql.object_statement import ObjectStatement


@dataclass(frozen=True, slots=True)
class ObjectRefusal:
    """Why PostgreSQL refuses a statement. Names are quoted for SQL."""

    closed: str | None
    """Schema in which the role may not create; None: it may, or need not."""
    name: str
    """Qualified name of the object; empty if it is not owned by somebody else."""
    owner: Owner | None


async def object_rights(
    conn: AsyncConnection, asked: Sequence[ObjectStatement]
) -> Mapping[ObjectStatement, ObjectRefusal]:
    """Return what the current role may not do, as far as the catalog tells. What does not exist is left out.

    Raises: psycopg.Error.
    """
    values = {
        "kinds": [one.kind for one in asked],
        "acts": [one.act.value for one in asked],
        "schemas": [one.schema for one in asked],
        "names": [one.name for one in asked],
        "bare": [one.bare for one in asked],
    }
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("activity/object_rights"), values)
        rows = await cursor.fetchall()
    found = {}
    for number, closed, name, *owner in rows:
        if closed is not None or name is not None:
            by = Owner(*owner) if name is not None else None
            found[asked[number - 1]] = ObjectRefusal(closed, name or "", by)
    return found
