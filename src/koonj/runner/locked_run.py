"""The part of a run that changes the target: under the koonj lock, and under those of the folder's tool."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from koonj.postgres import advisory_lock, history
from koonj.postgres.pooler import must_hold_lock
from koonj.postgres.session import clean
from koonj.runner.apply.allow import record_decision
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.endings import locked, nothing_to_do, plan_changed
from koonj.runner.apply.interrupted_entry import record_known_end
from koonj.runner.apply.lock import LockNotAcquiredError, acquire_lock
from koonj.runner.apply.repair import with_reports
from koonj.runner.apply.sequence import run_all
from koonj.runner.apply.statement_watch import watching
from koonj.runner.impact.measurement import ImpactMeasurement
from koonj.runner.impact.wanted_locks import with_locks_of_batch, with_wanted_locks
from koonj.runner.plan.planner import PreparedPlan, ShownPlan
from koonj.runner.preparation import Job, Reached, as_of_tool, plan_now, plan_with_lock
from koonj.runner.run.events import Event, PlanMade, RepairStarted

if TYPE_CHECKING:
    from koonj.runner.apply.tool_locks import ToolLocks  # few folders need it


async def run_under_lock(
    session: RunContext, job: Job, shown: ShownPlan, measurement: ImpactMeasurement, *, pooled: bool
) -> AsyncGenerator[Event]:
    """Acquire the koonj lock, plan again, and run what was shown.

    Only this part of a run changes the target.
    """
    control, conn, start = session.control, session.conn, monotonic()
    control.check()
    now = await control.unless_cancelled(plan_with_lock(conn, job, lock=True))
    try:
        async for waiting in acquire_lock(session, job.request.wait, taken=now is not None):
            yield waiting
        found = now if now is not None else await control.unless_cancelled(plan_now(conn, job))
        rows = found[1].tool_rows
        if rows is None or not (rows.keys or rows.row_lock):
            events = _checked(session, job, shown, measurement, found, pooled=pooled)
        else:
            from koonj.runner.apply.tool_locks import ToolLocks  # noqa: PLC0415 - few folders need it

            locks = ToolLocks(session, rows, start, job.request.wait, probe=job.request.probe)
            session = replace(session, tool_locks=locks)
            events = _under_tool_locks(session, locks, job, shown, measurement, pooled=pooled)
        async with aclosing(events):  # its end releases a lock that is a row, also if nobody reads on
            async for event in events:
                yield event
    except LockNotAcquiredError as error:
        raise locked(error.waiting) from error
    await _release_lock(session)


async def _under_tool_locks(
    session: RunContext,
    locks: ToolLocks,
    job: Job,
    shown: ShownPlan,
    measurement: ImpactMeasurement,
    *,
    pooled: bool,
) -> AsyncGenerator[Event]:
    """Take the locks of the folder's tool, plan again, and run what was shown. Release them at any end."""
    try:
        async for waiting in locks.take_keys():
            yield waiting
        found = await session.control.unless_cancelled(plan_now(session.conn, job))
        if locks.has_row:
            for event in _changed(measurement.with_impact(found[0]), found[1], shown):
                yield event
            async for waiting in locks.take_row():
                yield waiting
            found = await session.control.unless_cancelled(plan_now(session.conn, job))
        async for event in _checked(session, job, shown, measurement, found, pooled=pooled):
            yield event
    except GeneratorExit:  # nobody reads on, so the connection can be in the middle of something
        locks.leave_connection()
        raise
    finally:
        await locks.release()


def _changed(planned: PreparedPlan, reached: Reached, shown: ShownPlan) -> Iterator[Event]:
    """Yield the plan if it is no longer what was shown. End the run if it has more, or conflicts."""
    planned = as_of_tool(planned, reached)
    if planned.differs_from(shown) or planned.plan.conflicts:
        yield PlanMade(planned.plan)
        _check_changed_plan(planned, shown)


async def _checked(
    session: RunContext,
    job: Job,
    shown: ShownPlan,
    measurement: ImpactMeasurement,
    found: tuple[PreparedPlan, Reached],
    *,
    pooled: bool,
) -> AsyncGenerator[Event]:
    """Run what was planned under the locks, if it is not more than was shown."""
    conn, control = session.conn, session.control
    planned, reached = measurement.with_impact(found[0]), found[1]
    for event in _changed(planned, reached, shown):
        yield event
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
