"""Show what an interrupted apply or rollback has committed, and let the user decide what cannot be proved."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.state_rules import states
from koonj.migrations.states import State
from koonj.postgres import advisory_lock, history
from koonj.postgres.advisory_lock import holder_words
from koonj.postgres.connector import Connector
from koonj.postgres.errors import TargetError
from koonj.postgres.overview import overview
from koonj.postgres.pooler import must_keep_session
from koonj.postgres.privileges import must_be_able_to_write
from koonj.postgres.session import clean, leave, set_timeouts
from koonj.runner.apply.allow import record_decision
from koonj.runner.apply.context import RunContext, open_session
from koonj.runner.apply.interrupted_entry import record_end
from koonj.runner.evidence.interruption import Interruption, find_interruptions
from koonj.runner.evidence.interruption_wording import finding_words
from koonj.runner.evidence.statement_evidence import Effect
from koonj.runner.plan.decisions import Decision
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.events import InterruptionSettled
from koonj.runner.run.run import Control


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the user decides about an interrupted migration. At most one of the first three is given."""

    done: int | None = None
    """Number of the statement after which the next run continues."""
    again: int | None = None
    """Number of the statement that the next run runs again."""
    repair: bool = False
    """Run the commands that remove or complete what the statement left."""
    reason: str | None = None

    @property
    def is_given(self) -> bool:
        """Whether the user decides something."""
        return self.repair or self.done is not None or self.again is not None


class SettleError(TargetError):
    """Raised if a settlement is not possible; nothing was recorded."""


class RunningError(SettleError):
    """Raised if a run is in progress."""


@dataclass(frozen=True, slots=True)
class InterruptedMigration:
    """A migration, and what is known of its interruption; None if it was not interrupted."""

    status: MigrationStatus
    interruption: Interruption | None


async def read_interrupted(
    connector: Connector, target: Target, folder: Folder, name: str
) -> InterruptedMigration:
    """Return what is known about the migration `name` (a file name), with SELECT only.

    Raises: ConnectError, HistoryError, SettleError, psycopg.Error.
    """
    async with await connector.connect(target, name="koonj settle") as conn:
        return await _read(conn, target, folder, name)


async def _read(conn: AsyncConnection, target: Target, folder: Folder, name: str) -> InterruptedMigration:
    async with overview(conn, target) as seen:
        entries = await history.read_entries(conn, seen.history, end=True)
    status = next((s for s in states(folder, entries) if s.name == name), None)
    if status is None:
        raise SettleError(f"{name} has no file, and no history on this target.", "To list all: koonj status")
    found = await find_interruptions(conn, target, entries)
    entry = status.last_entry
    return InterruptedMigration(status, None if entry is None else found.get(entry.id))


async def settle(
    connector: Connector, target: Target, folder: Folder, name: str, settlement: Settlement
) -> InterruptionSettled:
    """Carry out and record what the user decides.

    Raises: ConnectError, HistoryError, SettleError, psycopg.Error.
    """
    async with await connector.connect(target, name="koonj settle") as conn:
        async with overview(conn, target) as seen:
            pass
        pooled = await must_keep_session(connector, target, conn, seen.pid)
        must_be_able_to_write(seen.conditions)
        try:
            return await _settle(open_session(connector, target, conn, Control()), folder, name, settlement)
        finally:
            if pooled:
                await leave(conn)


async def _settle(
    session: RunContext, folder: Folder, name: str, settlement: Settlement
) -> InterruptionSettled:
    conn = session.conn
    if not await advisory_lock.try_lock(conn):
        holder = await advisory_lock.holder(conn)
        raise RunningError(
            f"{holder_words(holder)} holds the koonj lock: a run is in progress. Nothing was recorded.",
            "Retry when that run has finished.",
        )
    conn.answer_limit = None  # a repair can take hours
    await clean(conn, session.target)
    found = await _read(conn, session.target, folder, name)
    interruption = _checked(found, settlement)
    done, what = interruption.entry.statements_done, f"statement {interruption.statement} runs again"
    if settlement.repair:
        interruption, done, what = await _repair(session, folder, name, interruption)
    elif settlement.done is not None:
        done, what = settlement.done, f"statement {settlement.done} is done"
    reason = f"{what}: {settlement.reason}" if settlement.reason else what
    event = await record_end(conn, session.target, interruption, done, reason)
    conflict = Conflict(name, State.INTERRUPTED.value, "", "", can_allow=True)
    await record_decision(session, Decision(found.status, conflict), f"{reason}. {event.evidence}")
    await advisory_lock.unlock(conn)
    return event


def _checked(found: InterruptedMigration, settlement: Settlement) -> Interruption:
    """Return the interruption if the settlement fits it.

    Raises: SettleError.
    """
    interruption, name = found.interruption, found.status.name
    if interruption is None:
        raise SettleError(f"{name} is {found.status.state}: there is nothing to settle.", "")
    if interruption.is_running:
        raise RunningError(
            f"{name} is not settled. {finding_words(interruption)}", "Wait until it has ended."
        )
    number = settlement.done if settlement.done is not None else settlement.again
    if number is not None and number != interruption.statement:
        doubt = f"Only statement {interruption.statement} is in doubt."
        if not interruption.statement:
            doubt = "No statement is in doubt: the next run continues by itself."
        raise SettleError(f"{name} is not settled. {doubt}", "")
    if settlement.repair and (interruption.evidence is None or not interruption.evidence.repair):
        raise SettleError(f"{name} is not settled: there is nothing to repair.", finding_words(interruption))
    proved = interruption.evidence is not None and interruption.evidence.effect is Effect.DONE
    if settlement.done is not None and not proved and not (settlement.reason or "").strip():
        raise SettleError(
            f"{name} is not settled. The target does not show that statement {number} is done.",
            "If you know that it is, add --reason TEXT. The reason is recorded in the history.",
        )
    return interruption


async def _repair(
    session: RunContext, folder: Folder, name: str, interruption: Interruption
) -> tuple[Interruption, int, str]:
    """Run the commands of the repair. Return what is known then, the number of done statements, and what ran.

    Raises: SettleError, psycopg.Error.
    """
    assert interruption.evidence is not None
    commands = interruption.evidence.repair
    await set_timeouts(session.conn, "0", "0", local=False)
    for command in commands:
        await session.conn.execute(command.encode())
    after = (await _read(session.conn, session.target, folder, name)).interruption
    if after is None or after.known_done is None:
        raise SettleError(
            f"The repair of {name} has run, but the statement is still in doubt.",
            "" if after is None else finding_words(after),
        )
    return after, after.known_done, f"repaired with {'; '.join(commands)}"
