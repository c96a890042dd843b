"""Adopt as a run, with a stream of events, so that the user can read the plan, confirm and cancel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from dataclasses import dataclass

import psycopg

from koonj.config import ScratchPlace, Target
from koonj.humanize import count
from koonj.migrations.folder import FolderError, FolderReader
from koonj.postgres.connector import Connector
from koonj.postgres.errors import TargetError, error_message
from koonj.runner.adopt.baseline import read_baseline
from koonj.runner.adopt.find import PreparedAdoption, find_evidence
from koonj.runner.adopt.plan import AdoptError, AdoptionPlan
from koonj.runner.adopt.record import LockedError, record_adoption
from koonj.runner.adopt.refusal import must_be_adoptable
from koonj.runner.adopt.written_files import written
from koonj.runner.drift.run import Replayed
from koonj.runner.run.confirmation_question import confirmation_question
from koonj.runner.run.events import Event, RunResult
from koonj.runner.run.run import Cancelled, Control, Run


@dataclass(frozen=True, slots=True)
class AdoptionJob:
    """Input of an adoption."""

    connector: Connector
    target: Target
    reader: FolderReader
    place: ScratchPlace
    last: str | None = None
    """Name of the last file to adopt; None: the last after which the schema is the target's."""
    reason: str | None = None
    """Why files are adopted although the schemas differ."""
    plan_only: bool = False
    assume_yes: bool = False
    major: int | None = None
    baseline: bool = False
    """Write the target's schema as the first migration, and adopt it."""


@dataclass(frozen=True, slots=True)
class AdoptionPlanned(Event):
    """The plan, before anything is recorded."""

    plan: AdoptionPlan


@dataclass(frozen=True, slots=True)
class AdoptionFinished(Event):
    """The last event."""

    result: RunResult
    message: str
    hint: str = ""
    adopted: tuple[str, ...] = ()
    """Names of the files that were recorded as applied."""
    written: tuple[str, ...] = ()
    """Paths of the files that were written."""


Report = Callable[[Event], None]


def start_adoption(job: AdoptionJob) -> Run:
    """Return a run that plans, asks, and records."""
    return Run(lambda control: _events(job, control))


async def _events(job: AdoptionJob, control: Control) -> AsyncIterator[Event]:
    queue: asyncio.Queue[Event | None] = asyncio.Queue()
    task = asyncio.create_task(_adopt(job, control, queue.put_nowait))
    task.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (event := await queue.get()) is not None:
            yield event
        yield task.result()
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def _adopt(job: AdoptionJob, control: Control, report: Report) -> AdoptionFinished:
    """Do all of it, and return how it ended."""
    try:
        return await _planned_and_recorded(job, control, report)
    except Cancelled:
        return AdoptionFinished(RunResult.CANCELLED, "Cancelled. Nothing was recorded.")
    except TargetError as error:
        return AdoptionFinished(_result(error), error.message, error.hint)
    except FolderError as error:
        return AdoptionFinished(RunResult.FAILED, str(error))
    except psycopg.Error as error:
        unknown = "If the connection was lost during COMMIT, all files are recorded, or none. "
        return AdoptionFinished(
            RunResult.FAILED, error_message(error), f"{unknown}Run: koonj status{job.target.option}"
        )


def _result(error: TargetError) -> RunResult:
    if isinstance(error, LockedError):
        return RunResult.LOCKED
    return RunResult.REFUSED if isinstance(error, AdoptError) else RunResult.FAILED


async def _planned_and_recorded(job: AdoptionJob, control: Control, report: Report) -> AdoptionFinished:
    prepared = await _prepared(job, control, report)
    plan = prepared.plan
    report(AdoptionPlanned(plan))
    must_be_adoptable(
        plan,
        job.target,
        named=job.last is not None,
        baseline=job.baseline,
        reason=job.reason,
        asks=_asks(job),
    )
    if job.plan_only:
        return AdoptionFinished(RunResult.NOTHING, "Plan only. Nothing was changed.")
    if _asks(job):
        what = f"Record {count(len(plan.adopted), 'migration')} as applied on {plan.target}"
        if job.baseline:
            what = f"Write {plan.last} and record it as applied on {plan.target}"
        question = confirmation_question(what, plan.target, protected=job.target.protected)
        control.expect_answer(question.id)
        report(question)
        if await control.wait_for_answer(question.id) != question.expected:
            return AdoptionFinished(RunResult.DECLINED, "Nothing was changed.")
    new = prepared.migrations if job.baseline else ()
    with written(job.reader.path, new) if new else nullcontext():
        names = await record_adoption(
            job.connector, job.target, job.reader, prepared, control, reason=job.reason
        )
    done = f"{count(len(names), 'migration')} recorded as applied on {plan.target}."
    return AdoptionFinished(RunResult.DONE, done, adopted=names, written=tuple(m.shown_path for m in new))


def _asks(job: AdoptionJob) -> bool:
    """Return whether the user is asked. As for other changes, --yes is not enough for a protected target."""
    return job.plan_only or job.target.protected or not job.assume_yes


async def _prepared(job: AdoptionJob, control: Control, report: Report) -> PreparedAdoption:
    folder = (await control.unless_cancelled(asyncio.to_thread(job.reader.read))).must_be_koonjs()
    last = job.last
    notes: tuple[str, ...] = ()
    if job.baseline:
        baseline = await control.unless_cancelled(read_baseline(job.connector, job.target, folder))
        folder, last, notes = baseline.folder, baseline.migration.name, baseline.notes
    return await find_evidence(
        job.connector,
        job.target,
        folder,
        job.place,
        control,
        last=last,
        major=job.major,
        notes=notes,
        on_progress=lambda done, of: report(Replayed(done, of)),
        on_waiting=report,
    )
