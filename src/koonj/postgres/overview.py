"""What koonj asks of a target before it reads the history: in one message, so that it costs one round trip.

It reads only the catalog. So it is decided whether the history is safe to read before anything of it is
evaluated.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.postgres import advisory_lock
from koonj.postgres.advisory_lock import LockHolder
from koonj.postgres.answer_limit import READ_SECONDS, LimitedAsyncConnection
from koonj.postgres.connector import ConnectError, Connector, ServerInfo, described
from koonj.postgres.history_inspection import Inspection, inspected
from koonj.postgres.leftovers import Leftover
from koonj.postgres.privileges import WriteConditions
from koonj.postgres.queries import query
from koonj.postgres.read_transaction import read_transaction

KEPT_SECONDS = 5.0
"""How long a kept connection may take for its first answer: a router can have dropped it without a word."""


@dataclass(frozen=True, slots=True)
class Overview:
    """A target at the begin of a transaction."""

    server: ServerInfo
    pid: int
    """Server process that answers in this transaction. Behind a pooler, it can be another one in the next."""
    holder: LockHolder | None
    """Session that holds the koonj lock."""
    history: Inspection
    conditions: WriteConditions
    locked: bool
    """The session has taken the koonj lock at the begin of the transaction, because that was wanted."""
    leftovers: tuple[Leftover, ...] = ()
    """What statements that stopped in the middle have left, if that was wanted."""


@asynccontextmanager
async def first_look(
    connector: Connector, target: Target, *, name: str, leftovers: bool = False
) -> AsyncIterator[tuple[LimitedAsyncConnection, Overview]]:
    """Connect, or use a connection that was kept, and read in one transaction as the target's role.

    If a kept connection is lost, a new one takes its place.

    Raises: ConnectError.
    """
    kept = connector.take_kept(target)
    async with AsyncExitStack() as stack:
        if kept is not None:
            stack.push_async_callback(connector.give_back, target, kept)
            kept.answer_limit = KEPT_SECONDS
            try:
                found = await stack.enter_async_context(overview(kept, target, leftovers=leftovers))
            except ConnectError:
                if not kept.closed:
                    raise
            else:
                kept.answer_limit = READ_SECONDS
                yield kept, found
                return
        conn = await connector.connect(target, name=name)
        stack.push_async_callback(connector.give_back, target, conn)
        yield conn, await stack.enter_async_context(overview(conn, target, leftovers=leftovers))


@asynccontextmanager
async def overview(
    conn: AsyncConnection, target: Target, *, lock: bool = False, leftovers: bool = False
) -> AsyncIterator[Overview]:
    """Read in a READ ONLY transaction of an open connection, as the target's role.

    `lock`: also try to take the koonj lock, before anything is read. `leftovers`: also look for them.

    Raises: ConnectError.
    """
    questions: Sequence[str] = (
        advisory_lock.TRY if lock else "SELECT false",
        advisory_lock.holder_query(conn),
        query("inspect_history"),
        query("may_write"),
        query("server_info"),
        query("leftovers") if leftovers else "SELECT WHERE false",
    )
    async with read_transaction(conn, target, questions=questions) as opened:
        [[locked]], holders, history, [conditions], [server], left = opened.answers
        yield Overview(
            server=described(conn, server, opened.seconds, target),
            pid=server[4],
            holder=advisory_lock.lock_holder(*holders[0]) if holders else None,
            history=inspected(history),
            conditions=WriteConditions._make(conditions),
            locked=locked,
            leftovers=tuple(Leftover(*row) for row in left),
        )
