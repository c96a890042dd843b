"""Read what of a target can make a planned migration fail, or harm others: rights, room for locks, standbys.

No query here waits for a lock.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.queries import query
from koonj.postgres.reading_settings import set_local
from koonj.postgres.target_rights import RightsAsked, TargetRights

_LIMIT = "'3s'"
OLD = 10.0
"""Seconds from which on an open transaction is named: most end sooner."""


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """A transaction that holds a snapshot or has written something, and is open for a while."""

    name: str
    """``pid 16835`` or ``prepared transaction order-4711``."""
    application: str
    """Empty if there is none."""
    owner: str
    state: str
    """As in pg_stat_activity; ``prepared`` for a prepared transaction."""
    seconds: float
    """How long it has been open."""


@dataclass(frozen=True, slots=True)
class UrgentVacuum:
    """An autovacuum that prevents transaction id wraparound: it does not step aside for anybody."""

    relation: str
    pid: int
    seconds: float
    """How long it has worked on this relation."""


@dataclass(frozen=True, slots=True)
class TargetConditions:
    """What a plan has to expect on a target."""

    rights: TargetRights
    """What the role that runs the migrations may not do."""
    open_transactions: tuple[OpenTransaction, ...]
    """The oldest transactions of the database that a CONCURRENTLY statement waits for, at most three.

    Without those whose times are hidden from the role.
    """
    urgent_vacuums: tuple[UrgentVacuum, ...]
    """Those on the locked relations; none if the role may not see what they do."""
    lock_room: int
    """Number of locks for which the server's shared lock table has room in any case."""
    standbys: int
    """Number of connected standbys; 0 also if they are hidden from the role."""
    lag: float | None
    """Seconds that the slowest standby is behind in replaying; None: unknown or idle."""


async def target_conditions(
    conn: AsyncConnection, asked: RightsAsked, locked: Collection[str]
) -> TargetConditions:
    """Read the conditions for the current role, which needs these rights and locks these relations.

    The names are schema-qualified and quoted for SQL. A relation or a schema that does not exist is left out.

    Raises: psycopg.Error.
    """
    async with conn.transaction(force_rollback=True), conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(set_local({"statement_timeout": _LIMIT, "lock_timeout": _LIMIT}).encode())
        names: dict[str, object] = {
            "altered": sorted(asked.altered),
            "dropped": sorted(asked.dropped),
            "created": sorted(asked.created),
            "referenced": sorted(asked.referenced),
            "extensions": list(asked.extensions),
            "versions": list(asked.extensions.values()),
            "locked": sorted(locked),
            "old": OLD,
        }
        await cursor.execute(query("activity/target_conditions"), names)
        row = await cursor.fetchone()
    assert row is not None
    rights, transactions, vacuums, *others = row
    return TargetConditions(
        TargetRights.read(rights),
        tuple(OpenTransaction(*each) for each in transactions or ()),
        tuple(UrgentVacuum(*each) for each in vacuums or ()),
        *others,
    )
