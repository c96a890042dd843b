"""Show what an interrupted apply or rollback has committed, and let the user decide what cannot be proved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.folder import Folder, FolderError, FolderReader
from koonj.migrations.history_entry import Action
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.state_rules import states
from koonj.migrations.states import State
from koonj.postgres import advisory_lock, history
from koonj.postgres.advisory_lock import holder_words
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.history import HistoryError
from koonj.postgres.kept_passwords import KeptPasswords
from koonj.postgres.overview import overview
from koonj.postgres.pooler import must_keep_session
from koonj.postgres.privileges import must_be_able_to_write
from koonj.postgres.run_name import session_name
from koonj.postgres.session import clean, leave
from koonj.postgres.target_identity import check_identity, must_be_same_database
from koonj.runner.apply.allow import record_decision
from koonj.runner.apply.context import RunContext, open_session
from koonj.runner.apply.endings import RunEnd, failed_or_cancelled, target_failure
from koonj.runner.apply.interrupted_entry import SettleError, record_end, repaired
from koonj.runner.apply.repair import with_reports
from koonj.runner.apply.statement_watch import watching
from koonj.runner.evidence.interruption import Interruption, find_interruptions
from koonj.runner.evidence.interruption_wording import finding_words, next_run_words
from koonj.runner.evidence.statement_evidence import Effect, StatementEvidence
from koonj.runner.plan.decisions import Decision
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, InterruptionSettled, RepairStarted, RunResult, RunStarted
from koonj.runner.run.movable_run import MovableRun
from koonj.runner.run.run import Cancelled, Control, Run
from koonj.runner.run.unblock_request import UnblockRequest


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


class RunningError(SettleError):
    """Raised if a run is in progress."""


@dataclass(frozen=True, slots=True)
class InterruptedMigration:
    """A migration, and what is known of its interruption; None if it was not interrupted."""

    status: MigrationStatus
    interruption: Interruption | None
    warning: str = ""
    """That the target is another database than before, as sentences; empty if it is not."""


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
        warning = (await check_identity(target, seen.server)).words
        entries = await history.read_entries(conn, seen.history, end=True)
    status = next((s for s in states(folder, entries) if s.name == name), None)
    if status is None:
        raise SettleError(f"{name} has no file, and no history on this target.", "To list all: koonj status")
    found = await find_interruptions(conn, target, entries)
    entry = status.last_entry
    return InterruptedMigration(status, None if entry is None else found.get(entry.id), warning)


@dataclass(frozen=True, slots=True)
class ShownInterruption:
    """What the user has seen of an interruption."""

    entry_id: int
    statement: int
    evidence: StatementEvidence | None

    @classmethod
    def of(cls, interruption: Interruption) -> ShownInterruption:
        """Return what a dialog or a command shows of `interruption`."""
        return cls(interruption.entry.id, interruption.statement, interruption.evidence)


@dataclass(frozen=True, slots=True)
class ConfirmedSettlement:
    """What the user has decided about an interruption, as it was shown."""

    run_id: str
    target: Target
    folder: str
    """Path of the migrations."""
    name: str
    """File name of the migration."""
    direction: Direction
    settlement: Settlement
    shown: ShownInterruption


def confirmed_settlement(
    target: Target, folder: Path, found: InterruptedMigration, settlement: Settlement
) -> ConfirmedSettlement:
    """Return a decision about `found`, an interruption.

    Raises: SettleError: the decision does not fit.
    """
    interruption = _checked(found, settlement)
    direction, shown = Direction(interruption.entry.action), ShownInterruption.of(interruption)
    name = found.status.name
    return ConfirmedSettlement(str(uuid4()), target, str(folder), name, direction, settlement, shown)


def movable_settlement(confirmed: ConfirmedSettlement, passwords: KeptPasswords | None = None) -> MovableRun:
    """Return the run that carries out a decision, for any process. It asks nothing."""
    target, name, direction = confirmed.target, confirmed.name, confirmed.direction
    reader = FolderReader(Path(confirmed.folder), layout="koonj")

    async def work(connector: Connector, control: Control) -> InterruptionSettled:
        folder = await control.unless_cancelled(asyncio.to_thread(reader.read))
        settlement, seen = confirmed.settlement, confirmed.shown
        return await settle(connector, target, folder, name, settlement, control=control, shown=seen)

    async def unblock(connector: Connector, control: Control, request: UnblockRequest) -> Event:
        from koonj.runner.apply.unblock import try_to_unblock  # noqa: PLC0415 - seldom needed

        return await try_to_unblock(connector, target, request, control.run_id)

    async def events(connector: Connector, control: Control) -> AsyncGenerator[Event]:
        control.unblocker = partial(unblock, connector, control)
        try:
            async for event in with_reports(control, _repair(confirmed), work(connector, control)):
                yield event
            assert isinstance(event, InterruptionSettled)
            settled = event
            end = RunEnd(RunResult.DONE, f"Recorded. {next_run_words(settled, Action(direction))}")
        except RunningError as error:
            end = RunEnd(RunResult.LOCKED, f"{error.message} {error.hint}".rstrip())
        except SettleError as error:
            end = RunEnd(RunResult.FAILED, f"{error.message} {error.hint}".rstrip())
        except (ConnectError, HistoryError, FolderError, psycopg.Error) as error:
            end = failed_or_cancelled(target_failure(error, target, direction), cancelled=control.cancelled)
        except Cancelled:
            end = RunEnd(RunResult.CANCELLED, "Cancelled. Nothing was recorded.")
        control.unblocker = None
        for other in await control.last_events():
            yield other
        yield end.event(())

    started = RunStarted(confirmed.run_id, target.name, direction, settles=name)
    return MovableRun(
        started,
        (),
        reader.path,
        lambda connector: Run(partial(events, connector), confirmed.run_id),
        passwords,
    )


def _repair(confirmed: ConfirmedSettlement) -> RepairStarted:
    evidence = confirmed.shown.evidence
    commands = evidence.repair if confirmed.settlement.repair and evidence is not None else ()
    return RepairStarted(confirmed.name, confirmed.shown.statement, commands)


async def settle(
    connector: Connector,
    target: Target,
    folder: Folder,
    name: str,
    settlement: Settlement,
    *,
    control: Control | None = None,
    shown: ShownInterruption | None = None,
) -> InterruptionSettled:
    """Carry out and record what the user decides.

    `shown`: what the user has seen of the interruption; if it is different now, nothing is done.

    Raises: Cancelled, ConnectError, HistoryError, SettleError, psycopg.Error.
    """
    control = control or Control()
    conn = await control.unless_cancelled(connector.connect(target, name=session_name(control.run_id)))
    async with conn:
        async with overview(conn, target) as seen:
            pass
        await must_be_same_database(target, seen.server)
        pooled = await must_keep_session(connector, target, conn, seen.pid)
        must_be_able_to_write(seen.conditions, seen.server)
        control.working_on(conn)
        try:
            session = open_session(connector, target, conn, control)
            return await _settle(session, folder, name, settlement, shown)
        finally:
            control.working_on(None)
            if pooled:
                await leave(conn)


async def _settle(
    session: RunContext, folder: Folder, name: str, settlement: Settlement, shown: ShownInterruption | None
) -> InterruptionSettled:
    conn = session.conn
    if not await advisory_lock.try_lock(conn):
        holder = await advisory_lock.holder(conn)
        raise RunningError(
            f"{holder_words(holder)} holds the koonj lock: a run is in progress. Nothing was recorded.",
            "Retry when that run has finished.",
        )
    conn.answer_limit = None  # a repair can take hours
    session = replace(session, server=await clean(conn, session.target))
    found = await _read(conn, session.target, folder, name)
    interruption = _checked(found, settlement)
    if shown is not None and shown != ShownInterruption.of(interruption):
        raise SettleError(
            f"{name} is not settled: what is known of it has changed since it was shown.",
            "Look at it again, then decide.",
        )
    session.control.check()
    done, what = interruption.entry.statements_done, f"statement {interruption.statement} runs again"
    if settlement.repair:
        commands = "; ".join(interruption.evidence.repair) if interruption.evidence is not None else ""
        async with watching(session, {}) as watch:
            watch.see(RepairStarted(name, interruption.statement, ()))
            interruption = await repaired(conn, session.target, interruption)
        done, what = interruption.known_done or 0, f"repaired with {commands}"
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
