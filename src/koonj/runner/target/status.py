"""What a target is like now. SELECT only: it makes nothing, and works for a role that may only read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import psycopg

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.state_rules import MigrationStatus, State, problems_of, states
from koonj.postgres import advisory_lock, history
from koonj.postgres.advisory_lock import LockHolder, holder_words
from koonj.postgres.connector import ConnectError, Connector, ServerInfo, describe, safe_dsn
from koonj.postgres.errors import error_message
from koonj.postgres.history import HistoryError


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """One target, as far as it is known."""

    target: str
    dsn: str
    """Without its secrets."""
    protected: bool
    server: ServerInfo | None
    """None where it was not reached."""
    error: str | None = None
    hint: str | None = None
    has_history: bool = False
    """False as well where that is not known: see `error`."""
    migrations: tuple[MigrationStatus, ...] = ()
    """Empty where the states are not known."""
    running: LockHolder | None = None
    """A run that goes on there now."""

    @property
    def known(self) -> bool:
        """Are the states known?"""
        return self.error is None

    @property
    def applied(self) -> int:
        """How many migrations are in the database."""
        return sum(status.applied for status in self.migrations)

    @property
    def pending(self) -> int:
        """How many wait to be applied, whatever else is to be said of them."""
        return sum(not status.applied for status in self.migrations)

    @property
    def problems(self) -> tuple[MigrationStatus, ...]:
        """Those that need a person."""
        return problems_of(self.migrations)


async def read_status(connector: Connector, target: Target, folder: Folder) -> TargetStatus:
    """Ask one target; a target that cannot be reached or read is an answer too, not an exception."""
    status = TargetStatus(target.name, safe_dsn(target), target.protected, None)
    try:
        conn = await connector.connect(target, name="koonj status")
        async with conn:
            status = replace(status, server=await describe(conn))
            running = await advisory_lock.holder(conn)
            has_history = await history.exists(conn)
            entries = await history.read_entries(conn)
    except (ConnectError, HistoryError) as error:
        return replace(status, error=error.message, hint=error.hint)
    except psycopg.Error as error:
        message = error_message(error)
        return replace(status, error=message, hint="The connection was lost while reading. Try again.")
    statuses = await asyncio.to_thread(states, folder, entries)
    return replace(status, has_history=has_history, migrations=_running(statuses, running), running=running)


def _running(statuses: Sequence[MigrationStatus], holder: LockHolder | None) -> tuple[MigrationStatus, ...]:
    """What looks interrupted may be running at this moment: the lock tells."""
    if holder is None:
        return tuple(statuses)
    note = f"running now, or interrupted: {holder_words(holder)} holds the target's lock"
    return tuple(replace(e, note=note) if e.state is State.INTERRUPTED else e for e in statuses)
