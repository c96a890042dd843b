"""Carry out a run: plan, ask, lock, run the migrations."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial

import psycopg

from koonj.config import ScratchPlace, Target
from koonj.migrations.folder import FolderError, FolderReader
from koonj.postgres import advisory_lock, history
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.history import HistoryError
from koonj.postgres.kept_connection import KeptConnection
from koonj.postgres.pooler import must_hold_lock
from koonj.postgres.run_name import session_name
from koonj.postgres.session import clean, leave
from koonj.runner.apply.allow import record_decision
from koonj.runner.apply.context import RunContext, open_session
from koonj.runner.apply.endings import (
    RunEnd,
    all_done,
    all_probed,
    cancelled,
    failed_or_cancelled,
    lock_lost,
    locked,
    nothing_to_do,
    plan_changed,
    target_failure,
)
from koonj.runner.apply.failure import MigrationError
from koonj.runner.apply.interrupted_entry import SettleError, record_known_end
from koonj.runner.apply.lock import LockLostError, LockNotAcquiredError, acquire_lock
from koonj.runner.apply.repair import with_reports
from koonj.runner.apply.sequence import run_all
from koonj.runner.apply.statement_watch import watching, with_awaited_lock
from koonj.runner.impact.measurement import ImpactMeasurement
from koonj.runner.impact.wanted_locks import with_locks_of_batch, with_wanted_locks
from koonj.runner.plan.planner import PreparedPlan, ShownPlan
from koonj.runner.preparation import (
    DEFAULT_PLACE,
    Confirmation,
    Job,
    Reached,
    as_of_tool,
    ask,
    plan_now,
    plan_with_lock,
    usable,
)
from koonj.runner.run.events import (
    Event,
    MigrationFailed,
    MigrationFinished,
    MigrationProbed,
    MigrationUncommitted,
    PlanMade,
    RepairStarted,
    RunStarted,
)
from koonj.runner.run.lock_events import BlockerNotEnded
from koonj.runner.run.movable_run import MovableRun
from koonj.runner.run.request import Request
from koonj.runner.run.run import Cancelled, Control, Run
from koonj.runner.run.unblock_request import UnblockRequest


def start(
    connector: Connector,
    target: Target,
    reader: FolderReader,
    request: Request,
    place: ScratchPlace = DEFAULT_PLACE,
) -> Run:
    """Return an apply, rollback or probe. It starts when its events are read.

    `place`: the scratch server for the rehearsals that the plan needs.
    """
    job = Job(connector, target, reader, request, place)
    return Run(lambda control: _run(job, control, _stages(job, control)))


class Preparation:
    """The first part of a run: plan and question. `carry_out` does the rest, in any process.

    If the plan is not confirmed or not needed, the events of `run` end with a `RunFinished`.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self.confirmation: Confirmation | None = None
        """The plan that was confirmed; None: there is nothing to carry out."""
        self.run = Run(self._body)

    async def _body(self, control: Control) -> AsyncIterator[Event]:
        async for event in _run(self._job, control, self._stages(control)):
            if self.confirmation is None:
                yield event  # else it is the end of this part, and not of the run

    async def _stages(self, control: Control) -> AsyncGenerator[Event]:
        confirmation = Confirmation(self._job, control.run_id)
        async with _connection(self._job, control) as kept:
            async for event in ask(control, kept, confirmation):
                yield event
        self.confirmation = confirmation


def movable(confirmation: Confirmation) -> MovableRun:
    """Return the second part of a run that was confirmed, for any process."""
    job = confirmation.job
    return MovableRun(
        RunStarted(confirmation.run_id, job.target.name, job.request.direction),
        (PlanMade(confirmation.shown.plan),),
        job.reader.path,
        partial(carry_out, confirmation),
        job.connector.passwords,
    )


def carry_out(confirmation: Confirmation, connector: Connector) -> Run:
    """Return the second part of a run that was confirmed. It starts when its events are read.

    It plans again under the koonj lock, and runs nothing that was not shown.
    """
    job = replace(confirmation.job, connector=connector)
    return Run(
        lambda control: _run(job, control, _confirmed_stages(job, control, confirmation), confirmation),
        confirmation.run_id,
    )


_COUNTED = (PlanMade, MigrationFinished, MigrationProbed, MigrationUncommitted)
"""Events on which the last one depends."""


async def _run(
    job: Job, control: Control, stages: AsyncGenerator[Event], confirmed: Confirmation | None = None
) -> AsyncIterator[Event]:
    """Yield the events of a run; exactly one end, whatever happens. `confirmed`: only its second part."""
    events: list[Event] = []
    if confirmed is None:
        yield RunStarted(control.run_id, job.target.name, job.request.direction, job.request.probe)
    else:
        events.append(PlanMade(confirmed.shown.plan))
    try:
        async with aclosing(_with_others(job, control, stages)) as all_stages:
            async for event in all_stages:
                if isinstance(event, _COUNTED):
                    events.append(event)
                yield event
        end = _successful_end(job, events)
    except MigrationError as error:
        failure = with_awaited_lock(error.failure, control)
        yield MigrationFailed(failure)
        end = failed_or_cancelled(failure, cancelled=control.cancelled)
    except RunEnd as error:
        end = error
    except LockLostError as error:
        end = lock_lost(error.holder)
    except (ConnectError, HistoryError, SettleError, FolderError, psycopg.Error) as error:
        failure = target_failure(error, job.target, job.request.direction)
        end = failed_or_cancelled(failure, cancelled=control.cancelled)
    except Cancelled:
        end = cancelled()
    for other in await control.last_events():
        yield other
    yield end.event(events)


async def _with_others(job: Job, control: Control, stages: AsyncGenerator[Event]) -> AsyncGenerator[Event]:
    """Yield the events of `stages`, and what users do beside them about blocking sessions."""

    async def unblock(request: UnblockRequest) -> Event:
        if job.reader.layout != "koonj":
            return _not_unblocked(request, job.reader.layout)
        from koonj.runner.apply.unblock import try_to_unblock  # noqa: PLC0415 - seldom needed

        return await try_to_unblock(job.connector, job.target, request, control.run_id)

    control.unblocker = unblock
    try:
        async with aclosing(stages):
            async for event in stages:
                for other in control.kept_events():
                    yield other
                yield event
    finally:
        control.unblocker = None


def _not_unblocked(request: UnblockRequest, tool: str) -> Event:
    """Return that nothing was done: koonj ends no session without an entry in its own history."""
    from koonj.postgres.blocking_sessions import command  # noqa: PLC0415 - seldom needed

    message = (
        f"koonj records in koonj.history that it ended a session, and there is none in a folder of {tool}. "
        f"To do it without koonj: {command(request.process, request.how)};"
    )
    return BlockerNotEnded(request.process.pid, request.how, request.who, message)


def _successful_end(job: Job, events: list[Event]) -> RunEnd:
    if job.request.probe:
        return all_probed(job.target.name, job.request.direction, events)
    return all_done(job.request.direction, events)


async def _stages(job: Job, control: Control) -> AsyncGenerator[Event]:
    confirmation = Confirmation(job, control.run_id)
    async with _connection(job, control) as kept:
        async for event in ask(control, kept, confirmation):
            yield event
        async for event in _change(job, control, kept, confirmation):
            yield event


async def _confirmed_stages(job: Job, control: Control, confirmation: Confirmation) -> AsyncGenerator[Event]:
    async with _connection(job, control) as kept:
        async for event in _change(job, control, kept, confirmation):
            yield event


def _connection(job: Job, control: Control) -> KeptConnection:
    return KeptConnection(job.connector, job.target, name=session_name(control.run_id))


async def _change(
    job: Job, control: Control, kept: KeptConnection, confirmation: Confirmation
) -> AsyncIterator[Event]:
    """Run what was confirmed."""
    checked = await control.unless_cancelled(usable(kept, job, confirmation.reached))
    session = open_session(job.connector, job.target, checked.conn, control)
    try:
        async for event in _run_under_lock(
            session, job, confirmation.shown, confirmation.measurement, pooled=checked.pooled
        ):
            yield event
    finally:
        if checked.pooled:
            await leave(checked.conn)


async def _run_under_lock(
    session: RunContext, job: Job, shown: ShownPlan, measurement: ImpactMeasurement, *, pooled: bool
) -> AsyncIterator[Event]:
    """Acquire the koonj lock, plan again, and run what was shown.

    Only this part of a run changes the target.
    """
    control, conn = session.control, session.conn
    control.check()
    now = await control.unless_cancelled(plan_with_lock(conn, job, lock=True))
    try:
        async for waiting in acquire_lock(session, job.request.wait, taken=now is not None):
            yield waiting
    except LockNotAcquiredError as error:
        raise locked(error.waiting) from error
    planned, reached = now if now is not None else await control.unless_cancelled(plan_now(conn, job))
    planned = as_of_tool(measurement.with_impact(planned), reached)
    if planned.differs_from(shown) or planned.plan.conflicts:
        yield PlanMade(planned.plan)
        _check_changed_plan(planned, shown)
    if pooled:
        await must_hold_lock(conn)
    conn.answer_limit = None  # a statement of a migration can take hours
    session = replace(
        session,
        since=reached.newest,
        server=await clean(conn, job.target),
        tool_rows=reached.tool_rows,
    )
    control.working_on(conn)
    control.check()
    if job.request.batch:
        works = tuple(with_locks_of_batch(planned.works, measurement.rehearsals))
    else:
        works = tuple(with_wanted_locks(work, measurement.rehearsals) for work in planned.works)
    planned = replace(planned, works=works)
    async for event in _watched(session, job, planned, reached):
        yield event
    await _release_lock(session)


async def _watched(
    session: RunContext, job: Job, planned: PreparedPlan, reached: Reached
) -> AsyncIterator[Event]:
    """Run what was planned, and watch its session: who is in the way of a statement that takes long."""
    if job.request.probe:
        from koonj.runner.probe.run import run_probe  # noqa: PLC0415 - only for a probe

        events = run_probe(session, planned.works)
    else:
        events = _write(session, job, planned, reached)
    works = {work.migration.name: work for work in planned.works}
    async with watching(session, works) as watch:
        async for event in events:
            yield watch.see(event)


async def _write(
    session: RunContext, job: Job, planned: PreparedPlan, reached: Reached
) -> AsyncIterator[Event]:
    """Record what interrupted runs have committed and the decisions, and run the migrations."""
    if session.tool_rows is None:
        in_steps = any(not work.in_one_transaction for work in planned.works)
        await history.ensure(session.conn, reached.found.history, with_statements=in_steps)
    else:
        await session.tool_rows.ensure(session.conn, session.target)
    for interruption in planned.interruptions:
        repair = RepairStarted(interruption.entry.name, interruption.statement, interruption.repair)
        work = record_known_end(session.conn, session.target, interruption)
        async for event in with_reports(session.control, repair, work):
            yield event
    for decision in planned.decisions:
        yield await record_decision(session, decision, job.request.reason_of(decision.conflict))
    if job.request.batch:
        from koonj.runner.apply.batch import run_batch  # noqa: PLC0415 - only for a batch

        running = run_batch(session, planned.works)
    else:
        running = run_all(session, planned.works)
    async for event in running:
        yield event


def _check_changed_plan(planned: PreparedPlan, shown: ShownPlan) -> None:
    """End the run if the new plan has anything that was not shown.

    The new plan can be smaller: while this run waited for the lock, another run can have done its work.
    """
    has_more = not (planned.signature <= shown.signature and planned.decided <= shown.decided)
    if planned.plan.conflicts or has_more:
        raise plan_changed(planned.plan.conflicts)
    if not (planned.works or planned.decisions or planned.interruptions):
        raise nothing_to_do(planned.plan.direction)


async def _release_lock(session: RunContext) -> None:
    """Release the koonj lock, unless the connection is closed.

    If it is closed, the server has already released the lock.
    """
    if not session.conn.closed:
        await advisory_lock.unlock(session.conn)
