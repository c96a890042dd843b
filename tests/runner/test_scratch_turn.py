"""A second koonj on one configured scratch server says for whom it waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from koonj.config import ScratchPlace
from koonj.migrations.folder import FolderReader
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.scratch import ownership
from koonj.postgres.scratch.named_server import NamedServerScratch
from koonj.runner.drift.run import DriftJob, start_drift
from koonj.runner.rehearse import turn
from koonj.runner.rehearse.events import (
    MigrationRehearsalFinished,
    RehearsalFinished,
    RehearsalStarted,
    WaitingForScratch,
)
from koonj.runner.rehearse.request import RehearsalRequest
from koonj.runner.rehearse.start import RehearsalJob, start_rehearsal
from koonj.runner.run.events import Event
from koonj.runner.run.run import Run
from support.project import Project
from support.rehearsal_folder import RehearsalFolder


@pytest.fixture
def place(scratch: TemporaryServer) -> ScratchPlace:
    return ScratchPlace(scratch.dsn())


@pytest.fixture
async def busy(place: ScratchPlace) -> AsyncIterator[NamedServerScratch]:
    """Another koonj process that rehearses on the server."""
    other = await asyncio.to_thread(NamedServerScratch, place)
    await other.reset()
    yield other
    await other.close()


def rehearsal(tmp_path: Path, connector: Connector, place: ScratchPlace) -> Run:
    folder = RehearsalFolder(tmp_path, connector)
    folder.write(1, f"CREATE TABLE of_{tmp_path.name} ();", f"DROP TABLE of_{tmp_path.name};")
    return start_rehearsal(RehearsalJob(place, FolderReader(tmp_path), RehearsalRequest(), connector))


async def events_until_free(run: Run, busy: NamedServerScratch) -> list[Event]:
    """Return all events; the other process ends when the run has reported twice that it waits."""
    events: list[Event] = []
    async for event in run.events():
        events.append(event)
        if len(events) == 2:
            await busy.close()
    return events


async def test_rehearsal_reports_the_process_that_it_waits_for(
    tmp_path: Path,
    connector: Connector,
    place: ScratchPlace,
    busy: NamedServerScratch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turn, "REPEAT", 0.05)
    events = await events_until_free(rehearsal(tmp_path, connector, place), busy)
    waiting = [event for event in events if isinstance(event, WaitingForScratch)]
    assert len(waiting) >= 2
    assert events[: len(waiting)] == waiting, "before all other events"
    holder = waiting[0].holder
    assert holder is not None
    assert (holder.application_name, holder.user) == ("koonj rehearse", "postgres")
    assert waiting[1].seconds > waiting[0].seconds
    started, *_, finished, last = events[len(waiting) :]
    assert isinstance(started, RehearsalStarted)
    assert isinstance(finished, MigrationRehearsalFinished)
    assert isinstance(last, RehearsalFinished)
    assert last.result == "done"


async def test_waiting_rehearsal_can_be_cancelled(
    tmp_path: Path, connector: Connector, place: ScratchPlace, busy: NamedServerScratch
) -> None:
    run = rehearsal(tmp_path, connector, place)
    async for event in run.events():
        if isinstance(event, WaitingForScratch):
            await run.cancel()
    assert isinstance(event, RehearsalFinished)
    assert event.result == "cancelled"
    assert not busy.is_closed


async def test_error_after_a_long_wait_names_the_other_process(
    tmp_path: Path,
    connector: Connector,
    place: ScratchPlace,
    busy: NamedServerScratch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turn, "PATIENCE", 0.1)
    *_, last = [event async for event in rehearsal(tmp_path, connector, place).events()]
    assert isinstance(last, RehearsalFinished)
    assert last.result == "failed"
    assert "koonj rehearse (pid " in last.message
    assert not busy.is_closed


async def test_cached_verdict_does_not_wait(
    tmp_path: Path, connector: Connector, place: ScratchPlace
) -> None:
    first = [event async for event in rehearsal(tmp_path, connector, place).events()]
    other = await asyncio.to_thread(NamedServerScratch, place)
    try:
        await other.reset()
        again = [event async for event in rehearsal(tmp_path, connector, place).events()]
    finally:
        await other.close()
    assert not [event for event in (*first, *again) if isinstance(event, WaitingForScratch)]
    assert again[-1].result == "done"  # type: ignore[attr-defined]


async def test_drift_reports_the_process_that_it_waits_for(
    project: Project,
    place: ScratchPlace,
    busy: NamedServerScratch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turn, "REPEAT", 0.05)
    project.table(1)
    await project.apply()
    job = DriftJob(project.connector, project.target, FolderReader(project.path).read(), place)
    events = await events_until_free(start_drift(job), busy)
    assert isinstance(events[0], WaitingForScratch)
    assert events[-1].result == "done"  # type: ignore[attr-defined]


def test_two_waiting_processes_do_not_wait_for_each_other(place: ScratchPlace) -> None:
    """A process that tries to take the lock holds it for a moment; then it is nobody's."""
    first, second = (NamedServerScratch(place) for _ in range(2))

    async def turns() -> list[bool]:
        try:
            tries = [await one.try_turn() for one in (first, second, first)]
            await first.close()
            last = await second.try_turn()
            while not last.taken and len(tries) < 500:  # the server ends the first session a moment later
                await asyncio.sleep(0.02)
                last = await second.try_turn()
                tries.append(last)
            return [*(one.taken for one in tries[:3]), last.taken]
        finally:
            await second.close()

    assert asyncio.run(turns()) == [True, False, True, True]
    assert ownership.PATIENCE > 60
