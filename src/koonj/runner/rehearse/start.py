"""Start a rehearsal, and yield its events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass

import psycopg

from koonj.config import ScratchPlace
from koonj.humanize import count
from koonj.migrations.folder import Folder, FolderError, FolderReader
from koonj.migrations.migration import Migration
from koonj.postgres.catalog.read import read_target_catalog
from koonj.postgres.connector import Connector
from koonj.postgres.errors import TargetError
from koonj.postgres.read_transaction import REPEATABLE_READ, reading
from koonj.postgres.scratch.choose import open_scratch
from koonj.postgres.scratch.interface import ScratchError, ScratchServer
from koonj.postgres.scratch.settings import DATABASE
from koonj.postgres.untrusted import must_trust
from koonj.runner.rehearse.cache import Chain, VerdictCache, hash_catalog, make_chain, server_needs
from koonj.runner.rehearse.driver import Driver
from koonj.runner.rehearse.events import MigrationRehearsalFinished, RehearsalFinished, RehearsalStarted
from koonj.runner.rehearse.judge import RehearsalOrigin
from koonj.runner.rehearse.rehearsal_wording import other_major
from koonj.runner.rehearse.request import RehearsalRequest
from koonj.runner.rehearse.scratch_chain import ScratchChain
from koonj.runner.rehearse.script_run import LostError
from koonj.runner.rehearse.turn import take_turn
from koonj.runner.run.events import Event
from koonj.runner.run.run import Cancelled, Control, Run


@dataclass(frozen=True, slots=True)
class RehearsalJob:
    """Input of a rehearsal."""

    place: ScratchPlace
    reader: FolderReader
    request: RehearsalRequest
    connector: Connector
    """Used only to read the schema of the target in `request.like`."""


def start_rehearsal(job: RehearsalJob) -> Run:
    """Return a run that rehearses the requested migrations.

    It uses no target, except that it reads the schema of the one in `like`.
    """
    return Run(lambda control: rehearsal(job, control))


async def rehearsal(job: RehearsalJob, control: Control) -> AsyncIterator[Event]:
    """Yield the events of a rehearsal; the last one is a RehearsalFinished.

    At the end, the scratch database is always deleted. `control`: of the run that the rehearsal is part of.
    """
    finished: list[MigrationRehearsalFinished] = []
    try:
        async with aclosing(_rehearsal_events(job, control)) as events:  # type: ignore[type-var]  # a generator
            async for event in events:
                if isinstance(event, MigrationRehearsalFinished):
                    finished.append(event)
                yield event
        end = ("done", _counted(finished, cached_only=job.request.cached_only), "")
    except Cancelled:
        end = ("cancelled", "Cancelled. The scratch database was deleted.", "")
    except TargetError as error:
        end = ("failed", error.message, error.hint)
    except FolderError as error:
        end = ("failed", str(error), "Check the folder, or use another one with --migrations.")
    except (LostError, psycopg.Error) as error:
        end = ("failed", f"The connection to the scratch server was lost: {str(error).strip()}", "Retry.")
    not_verified = tuple(e.rehearsal.name for e in finished if not e.rehearsal.is_verified)
    yield RehearsalFinished(*end, not_verified)


def _counted(finished: list[MigrationRehearsalFinished], *, cached_only: bool) -> str:
    verified = sum(event.rehearsal.is_verified for event in finished)
    migrations = count(len(finished), "migration")
    if not finished:
        return "There is no cached verdict." if cached_only else "Nothing to rehearse."
    return (
        f"{migrations} rehearsed, all verified."
        if verified == len(finished)
        else f"{migrations} rehearsed, {verified} verified."
    )


async def _rehearsal_events(job: RehearsalJob, control: Control) -> AsyncIterator[Event]:
    if job.request.like is not None:
        must_trust(job.place, f"--like {job.request.like.name} runs code of that target on this machine")
    folder = await asyncio.to_thread(job.reader.read)
    migrations = _in_order(folder, job.request)
    extensions, database = await asyncio.to_thread(server_needs, migrations, job.request.database)
    server = await asyncio.to_thread(
        open_scratch,
        job.place,
        major=job.request.major,
        extensions=extensions,
        prefer_major=job.request.target_major,
        database=database or DATABASE,
    )
    try:
        async for event in _rehearse_on(server, job, control, migrations, database):
            yield event
    finally:
        await asyncio.shield(server.close())
        await asyncio.to_thread(folder.save_parsed)


async def _rehearse_on(
    server: ScratchServer,
    job: RehearsalJob,
    control: Control,
    migrations: tuple[Migration, ...],
    start: str,
) -> AsyncIterator[Event]:
    """Yield the events of a rehearsal on an open scratch server.

    `start`: what the cached verdicts depend on in addition to the version of the server.
    """
    notes = [
        *server.notes,
        *other_major(
            "the target", job.request.target_major, server.major, "the rehearsal uses a different version"
        ),
    ]
    fill = None
    like = job.request.like
    if like is not None:
        from koonj.postgres.scratch.copy_schema import copy_schema  # noqa: PLC0415 - only needed with `like`

        start += await control.unless_cancelled(_start_like(job))

        async def fill(server: ScratchServer) -> None:
            notes.extend(await copy_schema(job.connector, like, server))

    chain = await asyncio.to_thread(make_chain, migrations, server=server.source, start=start)
    origin = RehearsalOrigin(
        f"PostgreSQL {server.version}", server.major, None if like is None else like.name
    )
    wanted = _indexes(chain, job.request)
    scratch = ScratchChain(server, control, chain, fill)
    cache = await asyncio.to_thread(VerdictCache.of_user)
    driver = Driver(scratch, chain, origin, cache)
    try:
        if not job.request.again:
            await driver.read_cache(wanted)
        if job.request.cached_only:
            wanted = tuple(index for index in wanted if driver.has_cached(index))
        await driver.find_unrunnable_file(wanted)
        if not all(map(driver.has_cached, wanted)):
            async for waiting in take_turn(server, control):
                yield waiting
            if fill is not None:
                await scratch.go_to(0)
        names = tuple(chain.migrations[index].name for index in wanted)
        yield RehearsalStarted(server.source, server.major, origin.like, names, tuple(notes))
        async for event in driver.rehearse(wanted):
            yield event
        if like is None:
            await _keep_names(scratch, chain)
        await scratch.save_checkpoint()
    finally:
        with suppress(psycopg.Error):
            await scratch.close_connection()


async def _keep_names(scratch: ScratchChain, chain: Chain) -> None:
    """Keep the names in the scratch database for the forms of patterns, unless they are kept already."""
    done = chain.migrations[: scratch.position or 0]
    if not done:
        return
    from koonj.runner.rehearse.rehearsed_names import NamesCache  # noqa: PLC0415 - a cached rehearsal keeps none

    cache = await asyncio.to_thread(NamesCache.of_user)
    if not await asyncio.to_thread(cache.has, done):
        names = await scratch.names()
        if names is not None:
            await asyncio.to_thread(cache.keep, done, names)


async def _start_like(job: RehearsalJob) -> str:
    """Return a hash of the schema of the target in `like`.

    Raises: ConnectError.
    """
    assert job.request.like is not None
    like = job.request.like
    async with reading(job.connector, like, name="koonj rehearse", isolation=REPEATABLE_READ) as conn:
        return hash_catalog(await read_target_catalog(conn, like))


def _in_order(folder: Folder, request: RehearsalRequest) -> tuple[Migration, ...]:
    """Return the migrations of the chain, in the order in which they run.

    Raises: ScratchError for a name that cannot be rehearsed.
    """
    if request.like is None:
        return folder.migrations
    for name in request.names or ():
        if name in request.applied:
            raise ScratchError(
                f"{name} is already applied on {request.like.name}, so it cannot be rehearsed on that "
                "schema.",
                "To rehearse it from the folder's own files, omit --like.",
            )
    return tuple(m for m in folder.migrations if m.name not in request.applied)


def _indexes(chain: Chain, request: RehearsalRequest) -> tuple[int, ...]:
    names = None if request.names is None else set(request.names)
    return tuple(i for i, m in enumerate(chain.migrations) if names is None or m.name in names)
