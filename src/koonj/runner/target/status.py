"""Read the status of a target, with SELECT only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import Action, HistoryEntry
from koonj.migrations.state_rules import MigrationStatus, State, problems_of, progress_words, states
from koonj.migrations.tally import Tally
from koonj.postgres import history
from koonj.postgres.advisory_lock import LockHolder
from koonj.postgres.connection_cause import ConnectProblem
from koonj.postgres.connection_string import safe_dsn
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.errors import error_message
from koonj.postgres.history import HistoryError
from koonj.postgres.leftovers import Leftover
from koonj.postgres.outside_cause import retry_hint
from koonj.postgres.overview import Overview, first_look
from koonj.postgres.server_info import ServerInfo
from koonj.postgres.target_identity import check_identity
from koonj.runner.evidence.interruption import Interruption, find_interruptions
from koonj.runner.evidence.interruption_wording import place_words
from koonj.runner.run.holder_state import WORKS, HolderState
from koonj.runner.target.connection_warnings import connection_warnings

UNREAD = "Check that the server is running and reachable. To retry, run: koonj status"
"""What to do if a target cannot be read."""


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
    target_option: str = ""
    """Option that names the target in a command (`Target.option`)."""
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
    silence: tuple[str, ...] = ()
    """That this run does nothing, and what to do about that, as sentences; empty if it works."""
    holder_state: HolderState = WORKS
    """What is known about the koonj process of this run."""
    interruptions: Mapping[str, Interruption] = field(default_factory=dict)
    """What is known of migrations that run in several transactions, or were interrupted; by file name."""
    last_run: HistoryEntry | None = None
    """The newest entry of the history that is no decision: what ran last; None if nothing has run."""
    leftovers: tuple[Leftover, ...] = ()
    """What other statements that stopped in the middle have left in the database."""
    warnings: tuple[str, ...] = ()
    """What is risky about the connection itself, as sentences; the worst first."""
    tool: str = ""
    """The other migration tool that the folder belongs to; empty if the folder is koonj's own."""
    tool_history: str = ""
    """The table from which the states were read; empty if the tool has none on this target."""
    is_other_database: bool = False
    """It is another database than at the first connection; the first warning says so."""

    @property
    def is_known(self) -> bool:
        """Whether the states of the migrations are known."""
        return self.error is None

    @property
    def applied(self) -> int:
        """Number of applied migrations."""
        return self.tally.applied

    @property
    def pending(self) -> int:
        """Number of migrations that are not applied, in any state."""
        return self.tally.pending

    @property
    def tally(self) -> Tally:
        """Numbers of migrations: applied, pending, conflicts. Counts them each time."""
        return Tally.of(self.migrations)

    @property
    def problems(self) -> tuple[MigrationStatus, ...]:
        """Migrations in a state that needs a decision or a fix by the user."""
        return problems_of(self.migrations)


async def read_status(connector: Connector, target: Target, folder: Folder) -> TargetStatus:
    """Read the status of one target.

    If it cannot be read, the status has an error; nothing is raised.
    """
    status = TargetStatus(target.name, safe_dsn(target), target.protected, None, target.option)
    try:
        async with first_look(connector, target, name="koonj status", leftovers=True) as (conn, found):
            identity = await check_identity(target, found.server)
            status = replace(
                status,
                server=found.server,
                is_other_database=identity.is_other,
                warnings=connection_warnings(target, found.server, identity),
            )
            if folder.layout is not None:
                from koonj.runner.target.tool_status import read_tool_states  # noqa: PLC0415 - few folders need it

                of_tool = await read_tool_states(conn, target, folder)
                has_history = found.history.has_table
                holder = await _of_holder(found.holder, target, recorded=False)
                return replace(status, has_history=has_history, **of_tool, **holder)
            entries = await history.read_entries(conn, found.history, end=True)
            interruptions = await find_interruptions(conn, target, entries)
    except ConnectError as error:
        return replace(status, error=error.message, hint=error.hint, problem=error.problem)
    except HistoryError as error:
        return replace(status, error=error.message, hint=error.hint)
    except psycopg.Error as error:
        return replace(status, error=error_message(error), hint=retry_hint(error))
    statuses = states(folder, entries)  # not in a thread: the screen reads all targets in one already
    await asyncio.to_thread(folder.save_parsed)
    tried = await _tried_again(found.holder, statuses)
    return replace(
        status,
        has_history=found.history.has_table,
        last_run=next((entry for entry in reversed(entries) if entry.action is not Action.ALLOW), None),
        migrations=tuple(_explained(s, interruptions, tried) for s in statuses),
        **await _of_holder(found.holder, target, recorded=True),
        interruptions={i.entry.name: i for i in interruptions.values()},
        leftovers=_of_migrations(_unexplained(found, interruptions.values()), statuses),
    )


async def _of_holder(holder: LockHolder | None, target: Target, *, recorded: bool) -> dict[str, Any]:
    """Return the fields of a status that are about the run in progress.

    `recorded`: whether koonj has a history of its own there.
    """
    if holder is None:
        return {}
    from koonj.runner.process.holder_process import holder_state  # noqa: PLC0415 - seldom needed
    from koonj.runner.run.unblock_wording import silence_lines  # noqa: PLC0415 - as above

    state = await asyncio.to_thread(holder_state, holder.run)
    silence = tuple(silence_lines(holder, state, target, recorded=recorded))
    return {"running": holder, "holder_state": state, "silence": silence}


def _unexplained(found: Overview, interruptions: Iterable[Interruption]) -> tuple[Leftover, ...]:
    """Return the leftovers that the evidence of an interrupted migration does not name already."""
    told = " ".join(i.evidence.text for i in interruptions if i.evidence is not None)
    leftovers = found.leftovers if found.history.has_table else ()
    return tuple(leftover for leftover in leftovers if leftover.name not in told)


def _of_migrations(
    leftovers: tuple[Leftover, ...], statuses: Sequence[MigrationStatus]
) -> tuple[Leftover, ...]:
    """Return the leftovers without the constraints that no applied migration has added."""
    if not any(leftover.kind == "constraint" for leftover in leftovers):
        return leftovers
    from koonj.runner.target.constraint_origin import of_applied  # noqa: PLC0415 - few databases have any

    return of_applied(leftovers, statuses)


async def _tried_again(holder: LockHolder | None, statuses: Sequence[MigrationStatus]) -> str | None:
    """Return the migration that failed and that the run in progress works on now; None if there is none.

    The history shows it only when its transaction is committed.
    """
    if holder is None or holder.run is None or all(s.state is not State.FAILED for s in statuses):
        return None
    from koonj.runner.process.holder_process import migration_at_work  # noqa: PLC0415 - seldom needed

    return await asyncio.to_thread(migration_at_work, holder.run)


def _explained(
    status: MigrationStatus, interruptions: Mapping[int, Interruption], tried: str | None
) -> MigrationStatus:
    """Return the status of a migration with what is known about a run of it that has no recorded end.

    `tried`: the migration that a run tries again now.
    """
    if status.state is State.FAILED and status.name == tried:
        return replace(status, state=State.RUNNING, note=f"a run tries it again now; {status.note}")
    entry = status.last_entry
    found = None if entry is None or status.state is not State.INTERRUPTED else interruptions.get(entry.id)
    if entry is None or found is None:
        return status
    note = status.note.replace(progress_words(entry), place_words(found, status.migration))
    if found.is_running:
        return replace(status, state=State.RUNNING, note=note)
    return replace(status, note=note, continues=found.known_done is not None)
