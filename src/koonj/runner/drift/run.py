"""Finding drift as a run: one stream of events, and a person who can cancel it."""

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
from koonj.runner.run.events import Event
from koonj.runner.run.run import Cancelled, Control, Run


@dataclass(frozen=True, slots=True)
class DriftJob:
    """Which target is to be compared with which files, and where those are run."""

    connector: Connector
    target: Target
    folder: Folder
    place: ScratchPlace
    major: int | None = None
    """Of the PostgreSQL to run them on; None: the target's, if there is one."""


@dataclass(frozen=True, slots=True)
class Replayed(Event):
    """So many of the applied migrations have run on scratch."""

    done: int
    of: int


@dataclass(frozen=True, slots=True)
class DriftFinished(Event):
    """The last event."""

    result: str
    """``done``, ``cancelled``, or ``failed`` where nothing can be said of drift."""
    message: str = ""
    """One sentence where it is not done."""
    hint: str = ""
    drift: DriftReport | None = None
    """None where it is not done."""


def start_drift(job: DriftJob) -> Run:
    """Ready to be listened to. Nothing is changed on the target."""
    return Run(lambda control: _events(job, control))


async def _events(job: DriftJob, control: Control) -> AsyncIterator[Event]:
    heard: asyncio.Queue[Replayed | None] = asyncio.Queue()
    finding = asyncio.create_task(_find(job, control, heard))
    finding.add_done_callback(lambda _: heard.put_nowait(None))
    try:
        while (event := await heard.get()) is not None:
            yield event
        yield finding.result()
    finally:
        finding.cancel()
        await asyncio.wait((finding,))


async def _find(job: DriftJob, control: Control, heard: asyncio.Queue[Replayed | None]) -> DriftFinished:
    try:
        drift = await find_drift(
            job.connector,
            job.target,
            job.folder,
            job.place,
            control,
            major=job.major,
            tell=lambda done, of: heard.put_nowait(Replayed(done, of)),
        )
    except Cancelled:
        return DriftFinished("cancelled", "Cancelled. Nothing was changed; the scratch is removed.")
    except TargetError as error:
        return DriftFinished("failed", error.message, error.hint)
    return DriftFinished("done", drift=drift)
