"""Read what of a target can make a planned migration fail, or harm others: rights, room for locks, standbys.

No query here waits for a lock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.queries import query
from koonj.postgres.reading_settings import set_local

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

    role: str
    """Role that runs the migrations, if they do not change it themselves."""
    owners: Mapping[str, str]
    """Owner of each relation that the role may not alter: it owns neither the relation nor its schema."""
    closed: Mapping[str, str]
    """Schema of each relation that the role may not create."""
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
    conn: AsyncConnection, altered: Collection[str], created: Collection[str], locked: Collection[str]
) -> TargetConditions:
    """Read the conditions for a role that alters, creates and locks these relations, as the current role.

    The names are schema-qualified and quoted for SQL. A relation or a schema that does not exist is left out.

    Raises: psycopg.Error.
    """
    async with conn.transaction(force_rollback=True), conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(set_local({"statement_timeout": _LIMIT, "lock_timeout": _LIMIT}).encode())
        names: dict[str, object] = {"altered": sorted(altered), "created": sorted(created), "old": OLD}
        names["locked"] = sorted(locked)
        await cursor.execute(query("activity/target_conditions"), names)
        row = await cursor.fetchone()
    assert row is not None
    role, owners, closed, transactions, vacuums, *others = row
    return TargetConditions(
        role,
        MappingProxyType(owners or {}),
        MappingProxyType(closed or {}),
        tuple(OpenTransaction(*each) for each in transactions or ()),
        tuple(UrgentVacuum(*each) for each in vacuums or ()),
        *others,
    )
