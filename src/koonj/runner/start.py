"""Carry out a run: plan, ask, lock, run the migrations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from uuid import uuid4

import psycopg

from koonj.config import ScratchPlace, Target
from koonj.humanize import count
from koonj.migrations.folder import FolderError, FolderReader
from koonj.postgres import advisory_lock, history
from koonj.postgres.answer_limit import LimitedAsyncConnection
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.history import HistoryError
from koonj.postgres.kept_connection import KeptConnection
from koonj.postgres.overview import Overview, overview
from koonj.postgres.pooler import must_hold_lock, must_keep_session
from koonj.postgres.privileges import must_be_able_to_write
from koonj.postgres.session import clean, leave
from koonj.runner.apply.allow import record_decision
from koonj.runner.apply.context import RunContext, open_session
from koonj.runner.apply.endings import (
    RunEnd,
    all_done,
    all_probed,
    cancelled,
    declined,
    failed_or_cancelled,
    lock_lost,
    locked,
    nothing_to_do,
    plan_changed,
    plan_only,
    refused,
    target_failure,
)
from koonj.runner.apply.failure import MigrationError
from koonj.runner.apply.interrupted_entry import SettleError, record_known_end
from koonj.runner.apply.lock import LockLostError, LockNotAcquiredError, acquire_lock
from koonj.runner.apply.sequence import run_all
from koonj.runner.apply.statement_watch import lock_budget, watching, with_awaited_lock
from koonj.runner.impact.measurement import ImpactMeasurement
from koonj.runner.plan.plan import make_plan
from koonj.runner.plan.planner import PreparedPlan
from koonj.runner.run.events import (
    Direction,
    Event,
    MigrationFailed,
    MigrationFinished,
    MigrationProbed,
    Plan,
    PlanMade,
    Question,
    QuestionKind,
    RunStarted,
)
from koonj.runner.run.request import Request
from koonj.runner.run.run import Cancelled, Control, Run

DEFAULT_PLACE = ScratchPlace()
"""The scratch server that koonj runs itself."""


@dataclass(frozen=True, slots=True)
class Job:
    """Input of a run."""

    connector: Connector
    target: Target
    reader: FolderReader
    request: Request
    place: ScratchPlace


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
    return Run(lambda control: _run(job, control))


async def _run(job: Job, control: Control) -> AsyncIterator[Event]:
    """Yield the events of a run; exactly one end, whatever happens."""
    yield RunStarted(control.run_id, job.target.name, job.request.direction, job.request.probe)
    events: list[Event] = []
    try:
        async with aclosing(_stages(job, control)) as stages:
            async for event in stages:
                if isinstance(event, (PlanMade, MigrationFinished, MigrationProbed)):
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
    yield end.event(events)


def _successful_end(job: Job, events: list[Event]) -> RunEnd:
    if job.request.probe:
        return all_probed(job.target.name, job.request.direction, events)
    return all_done(job.request.direction, events)


async def _stages(job: Job, control: Control) -> AsyncGenerator[Event]:
    async with KeptConnection(job.connector, job.target, name="koonj") as kept:
        conn = await control.unless_cancelled(kept.live())
        shown, reached = await control.unless_cancelled(_plan(conn, job))
        server = reached.found.server
        measurement = ImpactMeasurement(job.connector, job.place, job.reader, job.target, job.request, server)
        if not shown.plan.conflicts:
            async for event in measurement.measure(kept, control, shown):
                yield event
        shown = measurement.with_impact(shown)
        yield PlanMade(shown.plan)
        _check_plan(shown, job.request)
        checked = await control.unless_cancelled(_usable(kept, job, reached))
        if not job.request.assume_yes or job.target.protected:
            question = _question(shown.plan, probe=job.request.probe)
            control.expect_answer(question.id)
            yield question
            if await control.wait_for_answer(question.id) != question.expected:
                raise declined()
            checked = await control.unless_cancelled(_usable(kept, job, checked))
        session = open_session(job.connector, job.target, checked.conn, control)
        try:
            async for event in _run_under_lock(session, job, shown, measurement, pooled=checked.pooled):
                yield event
        finally:
            if checked.pooled:
                await leave(checked.conn)


@dataclass(frozen=True, slots=True)
class _Reached:
    """A connection, and what the target answered on it."""

    conn: LimitedAsyncConnection
    found: Overview
    newest: int = 0
    """Id of the newest history entry; 0 if there is none."""
    pooled: bool = False
    """It is behind a pooler that keeps sessions."""
    checked: bool = False
    """A run can change the target on it."""


async def _plan(conn: LimitedAsyncConnection, job: Job) -> tuple[PreparedPlan, _Reached]:
    """Plan the request.

    Raises: ConnectError, HistoryError, FolderError, psycopg.Error.
    """
    planned = await _plan_if(conn, job, lock=False)
    assert planned is not None
    return planned


async def _plan_if(
    conn: LimitedAsyncConnection, job: Job, *, lock: bool
) -> tuple[PreparedPlan, _Reached] | None:
    """Plan the request; with `lock`, only if the koonj lock is free, and take it.

    The lock costs no round trip: the message that takes it begins to read, too.

    Raises: as `_plan`.
    """
    folder = await asyncio.to_thread(job.reader.read)
    async with overview(conn, job.target, lock=lock) as found:
        if lock and not found.locked:
            return None
        entries = await history.read_entries(conn, found.history, end=True)
    planned = await make_plan(conn, job.target, folder, job.request, found.server, entries)
    if job.request.probe:
        from koonj.runner.probe.plan import as_probe  # noqa: PLC0415 - only for a probe

        planned = as_probe(planned)
    return planned, _Reached(conn, found, newest=max((entry.id for entry in entries), default=0))


async def _usable(kept: KeptConnection, job: Job, before: _Reached) -> _Reached:
    """Check that a run can change the target; not again on a connection that was checked.

    Raises: ConnectError, HistoryError, psycopg.Error.
    """
    conn, found = await kept.live(), before.found
    if conn is before.conn and before.checked:
        return before
    if conn is not before.conn:
        async with overview(conn, job.target) as found:
            pass
    pooled = await must_keep_session(job.connector, job.target, conn, found.pid)
    must_be_able_to_write(found.conditions)
    return _Reached(conn, found, pooled=pooled, checked=True)


async def _run_under_lock(
    session: RunContext, job: Job, shown: PreparedPlan, measurement: ImpactMeasurement, *, pooled: bool
) -> AsyncIterator[Event]:
    """Acquire the koonj lock, plan again, and run what was shown.

    Only this part of a run changes the target.
    """
    control, conn = session.control, session.conn
    control.check()
    now = await control.unless_cancelled(_plan_if(conn, job, lock=True))
    try:
        async for waiting in acquire_lock(session, job.request.wait, taken=now is not None):
            yield waiting
    except LockNotAcquiredError as error:
        raise locked(error.holder, error.seconds) from error
    planned, reached = now if now is not None else await control.unless_cancelled(_plan(conn, job))
    planned = measurement.with_impact(planned)
    if planned.differs_from(shown) or planned.plan.conflicts:
        yield PlanMade(planned.plan)
        _check_changed_plan(planned, shown)
    if pooled:
        await must_hold_lock(conn)
    conn.answer_limit = None  # a statement of a migration can take hours
    session = replace(session, since=reached.newest, server=await clean(conn, job.target))
    control.working_on(conn)
    control.check()
    async for event in _watched(session, job, planned, reached):
        yield event
    await _release_lock(session)


async def _watched(
    session: RunContext, job: Job, planned: PreparedPlan, reached: _Reached
) -> AsyncIterator[Event]:
    """Run what was planned, and watch its session: who is in the way of a statement that takes long."""
    if job.request.probe:
        from koonj.runner.probe.run import run_probe  # noqa: PLC0415 - only for a probe

        events = run_probe(session, planned.works)
    else:
        events = _write(session, job, planned, reached)
    budgets = {work.migration.name: lock_budget(work) for work in planned.works}
    async with watching(session, budgets) as watch:
        async for event in events:
            yield watch.see(event)


async def _write(
    session: RunContext, job: Job, planned: PreparedPlan, reached: _Reached
) -> AsyncIterator[Event]:
    """Record what interrupted runs have committed and the decisions, and run the migrations."""
    in_steps = any(not work.in_one_transaction for work in planned.works)
    await history.ensure(session.conn, reached.found.history, with_statements=in_steps)
    for interruption in planned.interruptions:
        yield await record_known_end(session.conn, session.target, interruption)
    for decision in planned.decisions:
        yield await record_decision(session, decision, job.request.reason_of(decision.conflict.state))
    async for event in run_all(session, planned.works):
        yield event


def _check_plan(planned: PreparedPlan, request: Request) -> None:
    """End the run if the plan has conflicts or no work, or only a plan is requested."""
    if planned.plan.conflicts:
        raise refused(planned.plan.conflicts)
    if not (planned.works or planned.decisions or planned.interruptions):
        raise nothing_to_do(request.direction)
    if request.plan_only:
        raise plan_only()


def _check_changed_plan(planned: PreparedPlan, shown: PreparedPlan) -> None:
    """End the run if the new plan has anything that was not shown.

    The new plan can be smaller: while this run waited for the lock, another run can have done its work.
    """
    has_more = not (planned.signature <= shown.signature and planned.decided <= shown.decided)
    if planned.plan.conflicts or has_more:
        raise plan_changed(planned.plan.conflicts)
    if not (planned.works or planned.decisions or planned.interruptions):
        raise nothing_to_do(planned.plan.direction)


def _question(plan: Plan, *, probe: bool) -> Question:
    """Return the confirmation question.

    A protected target requires its name, other targets ``yes``.
    """
    verb = "Apply" if plan.direction is Direction.APPLY else "Roll back"
    number = len(plan.migrations)
    what = f"{verb} {count(number, 'migration')} on {plan.target}"
    if not number and not plan.allowed:
        what = f"Record on {plan.target} what interrupted migrations have committed"
    if probe:
        noun = "migration" if plan.direction is Direction.APPLY else "rollback"
        what = f"Probe {count(number, noun)} on {plan.target} and roll everything back"
    if plan.protected:
        text = f"{what}? The target is protected. Type its name ({plan.target}) to confirm."
        return Question(str(uuid4()), QuestionKind.TYPED, text, plan.target)
    return Question(str(uuid4()), QuestionKind.YES, f"{what}?", "yes")


async def _release_lock(session: RunContext) -> None:
    """Release the koonj lock, unless the connection is closed.

    If it is closed, the server has already released the lock.
    """
    if not session.conn.closed:
        await advisory_lock.unlock(session.conn)
