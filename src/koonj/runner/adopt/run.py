"""Adopt as a run, with a stream of events, so that the user can read the plan, confirm and cancel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

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
from koonj.runner.adopt.tool_folder import read_tool_folder
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
    into: Path | None = None
    """Convert the files of another tool into this folder, and adopt those that its history has as applied."""
    shown_into: str = ""
    """The same, as the user knows it."""

    @property
    def written_to(self) -> FolderReader:
        """The folder that has the files when they are recorded."""
        return self.reader if self.into is None else FolderReader(self.into, layout="koonj")


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
        made=_made(job),
        reason=job.reason,
        asks=_asks(job),
    )
    if job.plan_only:
        return AdoptionFinished(RunResult.NOTHING, "Plan only. Nothing was changed.")
    if _asks(job):
        what = f"Record {count(len(plan.adopted), 'migration')} as applied on {plan.target}"
        if job.into is not None:
            files, number = count(len(prepared.created), "file"), len(plan.adopted)
            what = f"Write {files} to {job.shown_into}, and record {number} as applied on {plan.target}"
        elif job.baseline:
            what = f"Write {plan.last} and record it as applied on {plan.target}"
        question = confirmation_question(what, plan.target, protected=job.target.protected)
        control.expect_answer(question.id)
        report(question)
        if await control.wait_for_answer(question.id) != question.expected:
            return AdoptionFinished(RunResult.DECLINED, "Nothing was changed.")
    new, reader = prepared.created, job.written_to
    with written(reader.path, new) if new else nullcontext():
        names: tuple[str, ...] = ()
        if prepared.migrations:
            names = await record_adoption(
                job.connector, job.target, reader, prepared, control, reason=job.reason
            )
    done = f"{count(len(names), 'migration')} recorded as applied on {plan.target}."
    return AdoptionFinished(RunResult.DONE, done, adopted=names, written=tuple(m.shown_path for m in new))


def _asks(job: AdoptionJob) -> bool:
    """Return whether the user is asked. As for other changes, --yes is not enough for a protected target."""
    return job.plan_only or job.target.protected or not job.assume_yes


def _made(job: AdoptionJob) -> str:
    """Return the options with which koonj makes the files; empty if they are there."""
    if job.into is not None:
        return f"--convert --into {job.shown_into}"
    return "--baseline" if job.baseline else ""


async def _prepared(job: AdoptionJob, control: Control, report: Report) -> PreparedAdoption:
    folder = await control.unless_cancelled(asyncio.to_thread(job.reader.read))
    if job.into is None and folder.layout is not None:
        raise AdoptError(
            f"This folder belongs to {folder.layout.name} ({folder.layout.evidence}).",
            "To write its migrations as koonj's files into a new folder, and adopt them, run: "
            f"koonj adopt --convert --into FOLDER{job.target.option}",
        )
    find = partial(
        find_evidence,
        job.connector,
        job.target,
        place=job.place,
        control=control,
        major=job.major,
        on_progress=lambda done, of: report(Replayed(done, of)),
        on_waiting=report,
    )
    if job.into is not None:
        reading = read_tool_folder(job.connector, job.target, folder, job.written_to, job.shown_into)
        found = await control.unless_cancelled(reading)
        applied = found.applied if found.has_history else None
        prepared = await find(found.folder, notes=found.notes, applied=applied, ignored=found.places)
        return replace(prepared, created=found.folder.migrations)
    if not job.baseline:
        return await find(folder, last=job.last)
    baseline = await control.unless_cancelled(read_baseline(job.connector, job.target, folder))
    prepared = await find(baseline.folder, last=baseline.migration.name, notes=baseline.notes)
    return replace(prepared, created=prepared.migrations)
