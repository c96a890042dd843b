"""Read who blocks koonj on a target: the holder of the koonj lock, and whom its run waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from koonj.config import Target
from koonj.postgres import advisory_lock
from koonj.postgres.advisory_lock import LockHolder
from koonj.postgres.blockers import Blocker, lock_wait
from koonj.postgres.blocking_sessions import BlockingSession, with_rights
from koonj.postgres.connector import Connector
from koonj.runner.apply.statement_watch import NAME as WATCH
from koonj.runner.apply.unblock import NAME
from koonj.runner.process.blocked_run import blocked_run
from koonj.runner.process.holder_process import holder_state
from koonj.runner.run.holder_state import WORKS, HolderState
from koonj.runner.run.unblock_wording import as_blocker


@dataclass(frozen=True, slots=True)
class Obstruction:
    """The session that holds the koonj lock, and who is in its way."""

    holder: LockHolder | None
    """None: no run is in progress."""
    state: HolderState
    """What is known about its koonj process."""
    name: str
    """File name of the migration that waits, if that is known here."""
    awaited: str
    """The relation that it waits for, qualified and quoted for SQL; empty if that is not known."""
    sessions: tuple[BlockingSession, ...]
    """The holder itself, then those in its way."""


async def read_obstruction(connector: Connector, target: Target) -> Obstruction:
    """Return who blocks koonj. Changes nothing.

    Raises: ConnectError, psycopg.Error.
    """
    async with await connector.connect(target, name=NAME) as conn:
        holder = await advisory_lock.holder(conn)
        if holder is None:
            return Obstruction(None, WORKS, "", "", ())
        wait = await lock_wait(conn, holder.pid)
        # A run that tries without queueing waits for nobody, as far as the server knows.
        told = await asyncio.to_thread(blocked_run, holder.run)
        lock = wait or (None if told is None else told.lock)
        blockers = () if lock is None else lock.blockers
        sessions = await with_rights(conn, target, [as_blocker(holder), *_others(blockers)])
        state = await asyncio.to_thread(holder_state, holder.run)
    name, awaited = "" if told is None else told.name, "" if lock is None else lock.relation
    return Obstruction(holder, state, name, awaited, sessions)


async def read_blocking_sessions(
    connector: Connector, target: Target, blockers: Sequence[Blocker]
) -> tuple[BlockingSession, ...]:
    """Return blockers that a run has named, as they are now. Changes nothing.

    Raises: ConnectError, psycopg.Error.
    """
    async with await connector.connect(target, name=NAME) as conn:
        return await with_rights(conn, target, blockers)


def _others(blockers: Sequence[Blocker]) -> list[Blocker]:
    return [blocker for blocker in blockers if blocker.application not in (NAME, WATCH)]
