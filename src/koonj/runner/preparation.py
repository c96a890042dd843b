"""Prepare a run: plan it, show the plan, ask. Nothing is changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from koonj.config import ScratchPlace, Target
from koonj.humanize import count, to_the_second
from koonj.migrations.folder import FolderReader
from koonj.migrations.history_entry import HistoryEntry
from koonj.postgres import history
from koonj.postgres.answer_limit import LimitedAsyncConnection
from koonj.postgres.connector import Connector
from koonj.postgres.history import HistoryError
from koonj.postgres.kept_connection import KeptConnection
from koonj.postgres.overview import Overview, overview
from koonj.postgres.pooler import must_keep_session
from koonj.postgres.privileges import must_be_able_to_write
from koonj.postgres.run_name import SHORT_ID
from koonj.postgres.target_identity import check_identity, must_be_same_database
from koonj.runner.apply.endings import declined, nothing_to_do, plan_only, refused
from koonj.runner.impact.measurement import ImpactMeasurement
from koonj.runner.plan.plan import make_plan
from koonj.runner.plan.planner import PreparedPlan, ShownPlan
from koonj.runner.run.confirmation_question import confirmation_question
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, PlanMade, Question
from koonj.runner.run.planned import Plan
from koonj.runner.run.request import Request
from koonj.runner.run.run import Control
from koonj.runner.target.connection_warnings import connection_warnings

if TYPE_CHECKING:
    from koonj.runner.apply.tool_rows import ToolRows

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
    turn: asyncio.Lock | None = None
    """Held while the plan is rehearsed, so that the plans of other targets read its verdicts; None: alone."""


@dataclass(slots=True)
class Confirmation:
    """What the user has seen and confirmed. Complete when the question was answered."""

    job: Job
    run_id: str
    shown: ShownPlan = field(init=False)
    measurement: ImpactMeasurement = field(init=False)
    reached: Reached | None = None
    """The connection on which the plan was made; None in another process."""


async def ask(control: Control, kept: KeptConnection, confirmation: Confirmation) -> AsyncIterator[Event]:
    """Plan, show the plan and ask; changes nothing. Complete `confirmation`."""
    job = confirmation.job
    conn = await control.unless_cancelled(kept.live())
    shown, reached = await control.unless_cancelled(plan_now(conn, job))
    server = reached.found.server
    measurement = ImpactMeasurement(
        job.connector, job.place, job.reader, job.target, job.request, server, turn=job.turn
    )
    if not shown.plan.conflicts:
        async for event in measurement.measure(kept, control, shown):
            yield event
    shown = measurement.with_impact(
        _with_refusal(await _with_warnings(shown, reached, job), reached, job.request)
    )
    shown = await _with_last_stop(as_of_tool(shown, reached), reached, job)
    confirmation.shown = shown.as_shown
    confirmation.measurement = measurement
    yield PlanMade(shown.plan)
    _check_plan(shown, job.request)
    confirmation.reached = await control.unless_cancelled(usable(kept, job, reached))
    if not job.request.assume_yes or job.target.protected:
        question = _question(shown.plan, probe=job.request.probe)
        control.expect_answer(question.id)
        yield question
        if await control.wait_for_answer(question.id) != question.expected:
            raise declined()


def as_of_tool(planned: PreparedPlan, reached: Reached) -> PreparedPlan:
    """Return the plan with what cannot run beside the tool to which the folder belongs."""
    if reached.tool_rows is None:
        return planned
    from koonj.runner.plan.tool_selection import with_tool_conflicts  # noqa: PLC0415 - few folders need it

    rows = reached.tool_rows
    new = [table.place for table in rows.new_tables]
    return with_tool_conflicts(planned, rows.tool, new)


async def _with_last_stop(planned: PreparedPlan, reached: Reached, job: Job) -> PreparedPlan:
    """Return the plan with a note about a run that ended in the middle of a migration: no history has it."""
    in_steps = {work.migration.name: work for work in planned.works if not work.in_one_transaction}
    if reached.tool_rows is None or not in_steps:
        return planned
    from koonj.runner.process.last_stop import last_stop  # noqa: PLC0415 - few folders need it

    head = await asyncio.to_thread(last_stop, job.reader.path, job.target.name)
    if head is None or head.migration not in in_steps or head.direction is not job.request.direction:
        return planned
    total, run = in_steps[head.migration].total, f"run {head.run[:SHORT_ID]} of this machine"
    at = f"statement {head.statement} of {total}, or later" if head.statement else "an unknown statement"
    note = (
        f"{head.migration}: {run}, from {to_the_second(head.started)}, ended in the middle of it, at {at}. "
        "What was committed before that stays; this run begins at statement 1, as "
        f"{reached.tool_rows.tool} does."
    )
    return replace(planned, plan=replace(planned.plan, notes=(note, *planned.plan.notes)))


async def _with_warnings(planned: PreparedPlan, reached: Reached, job: Job) -> PreparedPlan:
    """Return the plan with what is risky about the connection, as its first notes."""
    server = reached.found.server
    warnings = connection_warnings(job.target, server, await check_identity(job.target, server))
    return replace(planned, plan=replace(planned.plan, notes=(*warnings, *planned.plan.notes)))


def _with_refusal(planned: PreparedPlan, reached: Reached, request: Request) -> PreparedPlan:
    """Return a plan that nobody runs, with a note if the target would refuse it. A run says so itself."""
    if not request.plan_only:
        return planned
    server = reached.found.server
    try:
        must_be_able_to_write(reached.found.conditions, server, own_history=reached.tool_rows is None)
    except HistoryError as error:
        behind = (f"It is {server.lag_words}.",) if server.is_standby else ()
        notes = (" ".join((error.message, *behind, error.hint)), *planned.plan.notes)
        return replace(planned, plan=replace(planned.plan, notes=notes))
    return planned


@dataclass(frozen=True, slots=True)
class Reached:
    """A connection, and what the target answered on it."""

    conn: LimitedAsyncConnection
    found: Overview
    newest: int = 0
    """Id of the newest history entry; 0 if there is none."""
    pooled: bool = False
    """It is behind a pooler that keeps sessions."""
    checked: bool = False
    """A run can change the target on it."""
    tool_rows: ToolRows | None = None
    """The history of the tool to which the folder belongs; None if it is koonj's own."""


async def plan_now(conn: LimitedAsyncConnection, job: Job) -> tuple[PreparedPlan, Reached]:
    """Plan the request.

    Raises: ConnectError, HistoryError, FolderError, psycopg.Error.
    """
    planned = await plan_with_lock(conn, job, lock=False)
    assert planned is not None
    return planned


async def plan_with_lock(
    conn: LimitedAsyncConnection, job: Job, *, lock: bool
) -> tuple[PreparedPlan, Reached] | None:
    """Plan the request; with `lock`, only if the koonj lock is free, and take it.

    The lock costs no round trip: the message that takes it begins to read, too.

    Raises: as `plan_now`.
    """
    folder = (await asyncio.to_thread(job.reader.read)).must_be_runnable()
    entries: tuple[HistoryEntry, ...] = ()
    tool = None
    async with overview(conn, job.target, lock=lock) as found:
        if lock and not found.locked:
            return None
        if folder.layout is None:
            entries = await history.read_entries(conn, found.history, end=True)
        else:
            from koonj.runner.tool_plan import read_tool_plan  # noqa: PLC0415 - few folders need it

            tool = await read_tool_plan(conn, job.target, folder, job.request)
    selected = None if tool is None else tool.selected
    planned = await make_plan(conn, job.target, folder, job.request, found.server, entries, selected)
    if job.request.probe:
        from koonj.runner.probe.plan import as_probe  # noqa: PLC0415 - only for a probe

        planned = as_probe(planned)
    if job.request.batch:
        from koonj.runner.plan.batch import as_batch  # noqa: PLC0415 - only for a batch

        planned = as_batch(planned)
    newest = max((entry.id for entry in entries), default=0)
    return planned, Reached(conn, found, newest=newest, tool_rows=None if tool is None else tool.rows)


async def usable(kept: KeptConnection, job: Job, before: Reached | None) -> Reached:
    """Check that a run can change the target; not again on a connection that was checked.

    Raises: ConnectError, HistoryError, psycopg.Error.
    """
    conn = await kept.live()
    if before is None or conn is not before.conn:
        async with overview(conn, job.target) as found:
            pass
    elif before.checked:
        return before
    else:
        found = before.found
    await must_be_same_database(job.target, found.server)
    pooled = await must_keep_session(job.connector, job.target, conn, found.pid)
    folder = await asyncio.to_thread(job.reader.read)
    must_be_able_to_write(found.conditions, found.server, own_history=folder.layout is None)
    return Reached(conn, found, pooled=pooled, checked=True)


def _check_plan(planned: PreparedPlan, request: Request) -> None:
    """End the run if the plan has conflicts or no work, or only a plan is requested."""
    if planned.plan.conflicts:
        raise refused(planned.plan.conflicts)
    if not (planned.works or planned.decisions or planned.interruptions):
        raise nothing_to_do(request.direction)
    if request.plan_only:
        raise plan_only()


def _question(plan: Plan, *, probe: bool) -> Question:
    """Return the confirmation question.

    A protected target requires its name, other targets ``yes``.
    """
    verb = "Apply" if plan.direction is Direction.APPLY else "Roll back"
    number = len(plan.migrations)
    together = " in one transaction" if plan.batch else ""
    what = f"{verb} {count(number, 'migration')} on {plan.target}{together}"
    if not number and not plan.allowed:
        what = f"Record on {plan.target} what interrupted migrations have committed"
    if probe:
        noun = "migration" if plan.direction is Direction.APPLY else "rollback"
        what = f"Probe {count(number, noun)} on {plan.target} and roll everything back"
    return confirmation_question(what, plan.target, protected=plan.protected)
