"""A run from its first event to its last."""

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
from koonj.postgres.connector import ConnectError, Connector, ServerInfo, describe
from koonj.postgres.history import HistoryError
from koonj.postgres.privileges import must_be_able_to_write
from koonj.postgres.session import clean, must_be_direct
from koonj.runner.apply.allow import record_decision
from koonj.runner.apply.context import RunContext, open_session
from koonj.runner.apply.endings import (
    RunEnd,
    all_done,
    all_probed,
    cancelled,
    changed,
    connection_lost,
    declined,
    lock_lost,
    locked,
    nothing,
    outside_failure,
    plan_only,
    stopped,
    stopped_by,
)
from koonj.runner.apply.failure import MigrationError
from koonj.runner.apply.lock import LockLostError, LockNotAcquiredError, acquire_lock, keep_lock
from koonj.runner.apply.steps import run_steps
from koonj.runner.apply.transaction import run_transaction
from koonj.runner.impact.measurement import ImpactMeasurement
from koonj.runner.plan.plan import make_plan
from koonj.runner.plan.planner import PreparedPlan
from koonj.runner.plan.work import Work
from koonj.runner.probe.plan import as_probe
from koonj.runner.probe.run import run_probe
from koonj.runner.run.events import (
    Direction,
    Event,
    MigrationFailed,
    MigrationFinished,
    MigrationProbed,
    MigrationStarted,
    Plan,
    PlanMade,
    Question,
    QuestionKind,
    RunStarted,
)
from koonj.runner.run.request import Request
from koonj.runner.run.run import Cancelled, Control, Run

NO_PLACE = ScratchPlace()
"""A server that koonj runs itself."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a run was given."""

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
    place: ScratchPlace = NO_PLACE,
) -> Run:
    """An apply or rollback, ready to be listened to; nothing happens before its events are read.

    `place`: where what it needs to know is rehearsed.
    """
    job = Job(connector, target, reader, request, place)
    return Run(lambda control: _run(job, control))


async def _run(job: Job, control: Control) -> AsyncIterator[Event]:
    """Every stage, and one ending whichever way it goes."""
    yield RunStarted(control.run_id, job.target.name, job.request.direction, job.request.probe)
    seen: list[Event] = []
    try:
        async with aclosing(_stages(job, control)) as stages:
            async for event in stages:
                if isinstance(event, (PlanMade, MigrationFinished, MigrationProbed)):
                    seen.append(event)
                yield event
        end = _all_ran(job, seen)
    except MigrationError as error:
        yield MigrationFailed(error.failure)
        end = stopped_by(error.failure, cancelled=control.cancelled)
    except RunEnd as error:
        end = error
    except LockLostError as error:
        end = lock_lost(error.holder)
    except (ConnectError, HistoryError, FolderError, psycopg.Error) as error:
        end = stopped_by(
            outside_failure(error, job.target, job.request.direction), cancelled=control.cancelled
        )
    except Cancelled:
        end = cancelled()
    yield end.event(seen)


def _all_ran(job: Job, seen: list[Event]) -> RunEnd:
    if job.request.probe:
        return all_probed(job.target.name, job.request.direction, seen)
    return all_done(job.request.direction, seen)


async def _stages(job: Job, control: Control) -> AsyncGenerator[Event]:
    conn = await control.unless_cancelled(job.connector.connect(job.target, name="koonj"))
    async with conn:
        control.working_on(conn)
        session = open_session(job.connector, job.target, conn, control)
        server = await describe(conn)
        shown = await _plan(session, job, server)
        measuring = ImpactMeasurement(job.connector, job.place, job.reader, job.target, job.request, server)
        if not shown.plan.conflicts:
            async for event in measuring.listen(conn, control, shown):
                yield event
        shown = measuring.with_impact(shown)
        yield PlanMade(shown.plan)
        _must_go_on(shown, job.request)
        await must_be_able_to_write(conn)
        if not job.request.assume_yes or job.target.protected:
            question = _question(shown.plan, probe=job.request.probe)
            control.expect(question.id)
            yield question
            if await control.answer_to(question.id) != question.expected:
                raise declined()
        async for event in _locked(session, job, shown, measuring):
            yield event


async def _locked(
    session: RunContext, job: Job, shown: PreparedPlan, measuring: ImpactMeasurement
) -> AsyncIterator[Event]:
    """All that changes the target: under its lock, and only what was shown."""
    session.control.check()
    await must_be_direct(session.conn)
    try:
        async for waiting in acquire_lock(session, job.request.wait):
            yield waiting
    except LockNotAcquiredError as error:
        raise locked(error.holder, error.seconds) from error
    planned = measuring.with_impact(await _plan(session, job, measuring.server))
    if (planned.signature, planned.decided) != (shown.signature, shown.decided) or planned.plan.conflicts:
        yield PlanMade(planned.plan)
        _must_be_within(planned, shown)
    await clean(session.conn, job.target)
    session.control.check()
    if job.request.probe:
        async for event in run_probe(session, planned.works):
            yield event
        await _leave(session)
        return
    await history.ensure(session.conn)
    session = replace(session, since=await history.latest(session.conn))
    for decision in planned.decisions:
        yield await record_decision(session, decision, job.request.reason_of(decision.conflict.state))
    for index, work in enumerate(planned.works, start=1):
        _must_be_connected(session)
        session.control.check()
        async for event in _migrate(session, work, index, len(planned.works)):
            yield event
    await _leave(session)


async def _plan(session: RunContext, job: Job, server: ServerInfo) -> PreparedPlan:
    folder = await asyncio.to_thread(job.reader.read)
    planned = await make_plan(session.conn, job.target, folder, job.request, server)
    return as_probe(planned) if job.request.probe else planned


def _must_go_on(planned: PreparedPlan, request: Request) -> None:
    if planned.plan.conflicts:
        raise stopped(planned.plan.conflicts)
    if not planned.works and not planned.decisions:
        raise nothing(request.direction)
    if request.plan_only:
        raise plan_only()


def _must_be_within(planned: PreparedPlan, shown: PreparedPlan) -> None:
    """While this run waited, another may have done its work: that is well. All else is looked at again."""
    more = not (planned.signature <= shown.signature and planned.decided <= shown.decided)
    if planned.plan.conflicts or more:
        raise changed(planned.plan.conflicts)
    if not planned.works and not planned.decisions:
        raise nothing(planned.plan.direction)


def _must_be_connected(session: RunContext) -> None:
    if session.conn.closed:
        raise connection_lost()


def _question(plan: Plan, *, probe: bool) -> Question:
    """The policy: an ordinary target wants a yes, a protected one its name, typed."""
    verb = "Apply" if plan.direction is Direction.APPLY else "Roll back"
    number = len(plan.migrations)
    what = f"{verb} {count(number, 'migration')} on {plan.target}"
    if probe:
        thing = "migration" if plan.direction is Direction.APPLY else "rollback"
        what = f"Probe {count(number, thing)} on {plan.target}, and roll all of it back"
    if plan.protected:
        text = f"{what}? The target is protected: type its name, {plan.target}."
        return Question(str(uuid4()), QuestionKind.TYPED, text, plan.target)
    return Question(str(uuid4()), QuestionKind.YES, f"{what}?", "yes")


async def _migrate(session: RunContext, work: Work, index: int, of: int) -> AsyncIterator[Event]:
    run = run_transaction if work.in_one_transaction else run_steps
    await asyncio.to_thread(getattr, work.migration, "fingerprints")  # a long file takes a second
    yield MigrationStarted(
        work.migration.name, work.direction, index, of, work.total, work.in_one_transaction
    )
    async for event in run(session, work):
        yield event
    if not session.conn.closed:
        await clean(session.conn, session.target)
        await keep_lock(session)


async def _leave(session: RunContext) -> None:
    """Give the lock back; a connection that is gone has given it back by itself."""
    if not session.conn.closed:
        await advisory_lock.unlock(session.conn)
