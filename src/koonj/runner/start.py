"""Carry out a run: plan, ask, lock, run the migrations."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial

import psycopg

from koonj.config import ScratchPlace, Target
from koonj.migrations.folder import FolderError, FolderReader
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.history import HistoryError
from koonj.postgres.kept_connection import KeptConnection
from koonj.postgres.run_name import session_name
from koonj.postgres.session import leave
from koonj.runner.apply.context import open_session
from koonj.runner.apply.endings import (
    RunEnd,
    all_done,
    all_probed,
    cancelled,
    failed_or_cancelled,
    lock_lost,
    target_failure,
)
from koonj.runner.apply.failure import MigrationError
from koonj.runner.apply.interrupted_entry import SettleError
from koonj.runner.apply.lock import LockLostError
from koonj.runner.apply.statement_watch import with_awaited_lock
from koonj.runner.locked_run import run_under_lock
from koonj.runner.preparation import (
    DEFAULT_PLACE,
    Confirmation,
    Job,
    ask,
    usable,
)
from koonj.runner.run.events import (
    Event,
    MigrationFailed,
    MigrationFinished,
    MigrationProbed,
    MigrationUncommitted,
    PlanMade,
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
        end = lock_lost(error.holder, error.lock)
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
        async with aclosing(_change(job, control, kept, confirmation)) as changing:
            async for event in changing:
                yield event


async def _confirmed_stages(job: Job, control: Control, confirmation: Confirmation) -> AsyncGenerator[Event]:
    async with (
        _connection(job, control) as kept,
        aclosing(_change(job, control, kept, confirmation)) as changing,
    ):
        async for event in changing:
            yield event


def _connection(job: Job, control: Control) -> KeptConnection:
    return KeptConnection(job.connector, job.target, name=session_name(control.run_id))


async def _change(
    job: Job, control: Control, kept: KeptConnection, confirmation: Confirmation
) -> AsyncGenerator[Event]:
    """Run what was confirmed."""
    checked = await control.unless_cancelled(usable(kept, job, confirmation.reached))
    session = open_session(job.connector, job.target, checked.conn, control)
    try:
        running = run_under_lock(
            session, job, confirmation.shown, confirmation.measurement, pooled=checked.pooled
        )
        async with aclosing(running):
            async for event in running:
                yield event
    finally:
        if checked.pooled:
            await leave(checked.conn)
