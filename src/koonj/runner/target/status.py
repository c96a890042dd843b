"""Read the status of a target, with SELECT only."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import psycopg

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.state_rules import MigrationStatus, State, problems_of, states
from koonj.postgres import history
from koonj.postgres.advisory_lock import LockHolder, holder_words
from koonj.postgres.connection_cause import ConnectProblem
from koonj.postgres.connector import ConnectError, Connector, ServerInfo, safe_dsn
from koonj.postgres.errors import error_message
from koonj.postgres.history import HistoryError
from koonj.postgres.outside_cause import retry_hint
from koonj.postgres.overview import first_look


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """Status of one target, or the error that kept koonj from reading it."""

    target: str
    """Name of the target."""
    dsn: str
    """Connection string without secrets."""
    protected: bool
    server: ServerInfo | None
    """The connected server; None if it was not reached."""
    error: str | None = None
    hint: str | None = None
    problem: ConnectProblem | None = None
    """What kind of failure it was, if the server was not reached."""
    has_history: bool = False
    """The table `koonj.history` exists. Also False if that is unknown: see `error`."""
    migrations: tuple[MigrationStatus, ...] = ()
    """Status of each migration; empty if unknown: see `error`."""
    running: LockHolder | None = None
    """Session of the run that is in progress on the target."""

    @property
    def is_known(self) -> bool:
        """Whether the states of the migrations are known."""
        return self.error is None

    @property
    def applied(self) -> int:
        """Number of applied migrations."""
        return sum(status.applied for status in self.migrations)

    @property
    def pending(self) -> int:
        """Number of migrations that are not applied, in any state."""
        return sum(not status.applied for status in self.migrations)

    @property
    def problems(self) -> tuple[MigrationStatus, ...]:
        """Migrations in a state that needs a decision or a fix by the user."""
        return problems_of(self.migrations)


async def read_status(connector: Connector, target: Target, folder: Folder) -> TargetStatus:
    """Read the status of one target.

    If it cannot be read, the status has an error; nothing is raised.
    """
    status = TargetStatus(target.name, safe_dsn(target), target.protected, None)
    try:
        async with first_look(connector, target, name="koonj status") as (conn, found):
            status = replace(status, server=found.server)
            entries = await history.read_entries(conn, found.history, end=True)
    except ConnectError as error:
        return replace(status, error=error.message, hint=error.hint, problem=error.problem)
    except HistoryError as error:
        return replace(status, error=error.message, hint=error.hint)
    except psycopg.Error as error:
        return replace(status, error=error_message(error), hint=retry_hint(error))
    statuses = await asyncio.to_thread(states, folder, entries)
    await asyncio.to_thread(folder.save_parsed)
    return replace(
        status,
        has_history=found.history.has_table,
        migrations=_running(statuses, found.holder),
        running=found.holder,
    )


def _running(statuses: Sequence[MigrationStatus], holder: LockHolder | None) -> tuple[MigrationStatus, ...]:
    """Add a note to interrupted migrations if a run holds the lock.

    They can be running at this moment.
    """
    if holder is None:
        return tuple(statuses)
    note = f"running now, or interrupted: {holder_words(holder)} holds the koonj lock"
    return tuple(replace(s, note=note) if s.state is State.INTERRUPTED else s for s in statuses)
