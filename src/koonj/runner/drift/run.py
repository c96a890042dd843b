"""Find drift as a run, with a stream of events, so that the user can cancel it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from koonj.config import ScratchPlace, Target
from koonj.migrations.folder import Folder
from koonj.postgres.connector import Connector
from koonj.postgres.errors import TargetError
from koonj.runner.drift.find import find_drift
from koonj.runner.drift.report import DriftReport
from koonj.runner.rehearse.events import WaitingForScratch
from koonj.runner.run.events import Event
from koonj.runner.run.run import Cancelled, Control, Run


@dataclass(frozen=True, slots=True)
class DriftJob:
    """Input of a drift comparison."""

    connector: Connector
    target: Target
    folder: Folder
    place: ScratchPlace
    major: int | None = None
    """Major version of the PostgreSQL to run the files on; None: the target's, if it is installed."""


@dataclass(frozen=True, slots=True)
class Replayed(Event):
    """Progress: `done` of `of` applied migrations have run on the scratch server."""

    done: int
    of: int


Progress = Replayed | WaitingForScratch


@dataclass(frozen=True, slots=True)
class DriftFinished(Event):
    """The last event."""

    result: str
    """``done``, ``cancelled``, or ``failed`` if the schemas could not be compared."""
    message: str = ""
    """The reason in one or two sentences; empty if the result is ``done``."""
    hint: str = ""
    drift: DriftReport | None = None
    """None unless the result is ``done``."""


def start_drift(job: DriftJob) -> Run:
    """Return a run that finds drift. It changes nothing on the target."""
    return Run(lambda control: _events(job, control))


async def _events(job: DriftJob, control: Control) -> AsyncIterator[Event]:
    queue: asyncio.Queue[Progress | None] = asyncio.Queue()
    task = asyncio.create_task(_find(job, control, queue))
    task.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (event := await queue.get()) is not None:
            yield event
        yield task.result()
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def _find(job: DriftJob, control: Control, queue: asyncio.Queue[Progress | None]) -> DriftFinished:
    try:
        drift = await find_drift(
            job.connector,
            job.target,
            job.folder,
            job.place,
            control,
            major=job.major,
            on_progress=lambda done, of: queue.put_nowait(Replayed(done, of)),
            on_waiting=queue.put_nowait,
        )
    except Cancelled:
        return DriftFinished(
            "cancelled", "Cancelled. Nothing was changed, and the scratch database was deleted."
        )
    except TargetError as error:
        return DriftFinished("failed", error.message, error.hint)
    return DriftFinished("done", drift=drift)
