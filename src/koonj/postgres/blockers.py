"""Find out who is in the way of a session that waits for a lock, and who waits because of it.

No query here waits for a lock on a relation, and none calls a function outside pg_catalog.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from koonj.config.duration import milliseconds
from koonj.postgres.locks.trace import LockMode, conflicting
from koonj.postgres.queries import query
from koonj.postgres.reading_settings import set_local

if TYPE_CHECKING:
    from psycopg import AsyncConnection


class BlockerKind(StrEnum):
    """What holds a lock that a session waits for."""

    SESSION = "session"
    PREPARED = "prepared"
    """A prepared transaction, which belongs to no session."""
    AUTOVACUUM = "autovacuum"
    """It steps aside for a session that waits for `deadlock_timeout`."""
    AUTOVACUUM_WRAPAROUND = "autovacuum_wraparound"
    """An autovacuum to prevent transaction id wraparound. It does not step aside."""
    KOONJ = "koonj"
    """Another session of koonj."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """A session or a prepared transaction that another session waits for.

    None stands for a value that the server does not show to this role, or that does not exist.
    """

    kind: BlockerKind
    depth: int
    """1: the migration waits for it; 2: one of those waits for it; and so on."""
    pid: int | None
    """None for a prepared transaction. Of parallel workers, the pid of their leader."""
    gid: str | None = None
    """Name of a prepared transaction."""
    behind: int | None = None
    """The pid of the session that waits for it. At depth 1, that of the run itself."""
    user: str | None = None
    application: str = ""
    address: str | None = None
    """Address of the client, or ``local`` for a Unix socket."""
    state: str | None = None
    """State of the session in PostgreSQL's words, such as ``idle in transaction``."""
    xact_seconds: float | None = None
    """How long its transaction has been open."""
    state_seconds: float | None = None
    """How long it has been in this state."""
    mode: str | None = None
    """Mode of its lock, such as ``ACCESS SHARE``."""
    granted: bool = True
    """False: it waits for the lock itself, before the other session."""
    query: str | None = None
    """First line of its last statement."""
    hidden: bool = False
    """The server hides its state and its statement from this role."""


@dataclass(frozen=True, slots=True)
class LockWait:
    """A lock that a session waits for, and who is in the way."""

    relation: str
    """Qualified name, quoted for SQL; empty if it waits for something else than a relation or a row."""
    mode: str
    """Such as ``ACCESS EXCLUSIVE``; empty if it does not wait for a relation."""
    object: str
    """PostgreSQL's word for what it waits for: ``relation``, ``transactionid`` (a row), ``virtualxid``, …"""
    seconds: float
    """How long it has waited."""
    blockers: tuple[Blocker, ...]
    """Each is followed by those that it waits for itself."""
    queue: int = 0
    """Number of sessions that wait because of this session."""
    longest: float = 0.0
    """Seconds that the first of those has waited."""


async def lock_wait(conn: AsyncConnection[Any], pid: int) -> LockWait | None:
    """Return what the session `pid` waits for; None if nobody is in its way.

    `conn` is another session. It is never in the way itself: it holds a snapshot for some milliseconds only.

    Raises: psycopg.Error.
    """
    # Rolled back, so that no setting and no snapshot stays: CREATE INDEX CONCURRENTLY waits for snapshots.
    async with conn.transaction(force_rollback=True):
        await conn.execute(WATCHING)
        cursor = await conn.execute(query("activity/blockers"), {"pid": pid})
        rows = await cursor.fetchall()
        if not rows:
            return None
        cursor = await conn.execute(query("activity/queue"), {"pid": pid})
        behind = await cursor.fetchone()
    assert behind is not None
    seconds, kind, mode, relation = rows[0][-4:]
    return LockWait(
        relation=relation or "",
        mode=_mode(mode) or "" if kind == "relation" else "",
        object=kind or "",
        seconds=max(0.0, seconds or 0.0),
        blockers=_as_tree([_blocker(*row[:-4]) for row in rows]),
        queue=behind[0],
        longest=behind[1],
    )


async def holders_of(
    conn: AsyncConnection[Any], pid: int, wanted: Sequence[tuple[str, LockMode]]
) -> LockWait | None:
    """Return who keeps the session `pid` from taking the wanted locks; None if nobody does.

    For a session that does not wait for them. `wanted`: qualified names, quoted for SQL, and modes.

    Raises: psycopg.Error.
    """
    values = {
        "pid": pid,
        "names": [name for name, _ in wanted],
        "modes": [_spelling(mode) for _, mode in wanted],
        "conflicts": [" ".join(map(_spelling, conflicting(mode))) for _, mode in wanted],
    }
    async with conn.transaction(force_rollback=True):
        await conn.execute(WATCHING)
        rows = await (await conn.execute(query("activity/lock_holders"), values)).fetchall()
    if not rows:
        return None
    _, _, mode, relation = rows[0][-4:]
    blockers = tuple(_blocker(*row[:-4]) for row in rows)
    return LockWait(relation, _mode(mode) or "", "relation", 0.0, blockers)


async def deadlock_timeout(conn: AsyncConnection[Any]) -> float | None:
    """Return after how many seconds an autovacuum steps aside for a session that waits for its lock.

    Raises: psycopg.Error.
    """
    row = await (await conn.execute("SHOW deadlock_timeout")).fetchone()
    found = None if row is None else milliseconds(row[0])
    return None if found is None else found / 1000


def _as_tree(blockers: list[Blocker]) -> tuple[Blocker, ...]:
    """Return the blockers, each followed by those that it waits for itself."""
    ordered: list[Blocker] = []

    def add(blocker: Blocker) -> None:
        ordered.append(blocker)
        for other in blockers:
            if blocker.pid is not None and other.behind == blocker.pid and other.depth == blocker.depth + 1:
                add(other)

    for blocker in blockers:
        if blocker.depth == 1:
            add(blocker)
    return tuple(ordered)


def _blocker(
    depth: int,
    waiter: int,
    pid: int | None,
    gid: str | None,
    user: str | None,
    application: str | None,
    address: str | None,
    state: str | None,
    xact_seconds: float | None,
    state_seconds: float | None,
    mode: str | None,
    granted: bool,  # noqa: FBT001 - the parameters are the query's columns, in order
    text: str | None,
    autovacuum: bool,  # noqa: FBT001
    hidden: bool,  # noqa: FBT001
) -> Blocker:
    blocker = Blocker(BlockerKind.SESSION, depth, pid, gid, waiter, mode=_mode(mode), granted=granted)
    activity = (user, application, address, state, xact_seconds, state_seconds, text, hidden)
    return with_activity(blocker, *activity, autovacuum=autovacuum)


def with_activity(
    blocker: Blocker,
    user: str | None,
    application: str | None,
    address: str | None,
    state: str | None,
    xact_seconds: float | None,
    state_seconds: float | None,
    text: str | None,
    hidden: bool,  # noqa: FBT001 - the parameters are columns of a query, in order
    *,
    autovacuum: bool,
) -> Blocker:
    """Return the blocker with what its session does, as the server shows it."""
    return replace(
        blocker,
        kind=_kind(blocker, application, text, autovacuum=autovacuum),
        user=user,
        application=application or "",
        address=address,
        state=state,
        xact_seconds=xact_seconds,
        state_seconds=state_seconds,
        query=_first_line(text),
        hidden=hidden,
    )


def _kind(blocker: Blocker, application: str | None, text: str | None, *, autovacuum: bool) -> BlockerKind:
    """Return what a blocker is. `text`: its last statement."""
    if blocker.gid is not None or blocker.pid is None:
        return BlockerKind.PREPARED
    if autovacuum:
        urgent = "(to prevent wraparound)" in (text or "")
        return BlockerKind.AUTOVACUUM_WRAPAROUND if urgent else BlockerKind.AUTOVACUUM
    return BlockerKind.KOONJ if (application or "").split(" ")[0] == "koonj" else BlockerKind.SESSION


def _first_line(text: str | None) -> str | None:
    """Return the first line of a statement that is not blank; None if it is hidden or there was none."""
    return next((line.strip() for line in (text or "").splitlines() if line.strip()), None)


def _mode(name: str | None) -> str | None:
    """Return a mode of pg_locks in the words of LOCK TABLE: ``AccessShareLock`` is ``ACCESS SHARE``."""
    return None if name is None else _MODES.get(name, name)


def _spelling(mode: LockMode) -> str:
    """Return a mode as pg_locks spells it: ``AccessShareLock``."""
    return f"{mode.value.title().replace(' ', '')}Lock"


_MODES = {_spelling(mode): mode.value for mode in LockMode}

TIMEOUT = "2s"
"""Limit for each query. They take milliseconds."""
LOCK_TIMEOUT = "100ms"

WATCHING = set_local({"statement_timeout": f"'{TIMEOUT}'", "lock_timeout": f"'{LOCK_TIMEOUT}'"}).encode()
"""What a transaction of the watch sets first."""
