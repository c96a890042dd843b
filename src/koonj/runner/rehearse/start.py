"""A rehearsal from its first event to its last."""

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
from koonj.postgres.scratch.choose import open_scratch
from koonj.postgres.scratch.interface import ScratchError, ScratchServer
from koonj.postgres.scratch.settings import DATABASE
from koonj.runner.rehearse.cache import Chain, VerdictCache, chain, hash_of
from koonj.runner.rehearse.driver import Driver
from koonj.runner.rehearse.events import MigrationRehearsalFinished, RehearsalFinished, RehearsalStarted
from koonj.runner.rehearse.judge import RehearsalOrigin
from koonj.runner.rehearse.rehearsal_wording import other_major
from koonj.runner.rehearse.request import RehearsalRequest
from koonj.runner.rehearse.scratch_chain import ScratchChain
from koonj.runner.rehearse.script_run import LostError
from koonj.runner.run.events import Event
from koonj.runner.run.run import Cancelled, Control, Run


@dataclass(frozen=True, slots=True)
class RehearsalJob:
    """What a rehearsal was given."""

    place: ScratchPlace
    reader: FolderReader
    request: RehearsalRequest
    connector: Connector
    """Used only to read the schema of the target that `request.like` names."""


def start_rehearsal(job: RehearsalJob) -> Run:
    """A rehearsal, ready to be listened to.

    Nothing of it touches a target, but for reading the schema of the one that `like` names.
    """
    return Run(lambda control: rehearsal(job, control))


async def rehearsal(job: RehearsalJob, control: Control) -> AsyncIterator[Event]:
    """All of it, within a run that has its own control; the last event is a RehearsalFinished.

    Whichever way it goes, the scratch is gone at its end.
    """
    seen: list[MigrationRehearsalFinished] = []
    try:
        async with aclosing(_stages(job, control)) as stages:  # type: ignore[type-var]  # a generator
            async for event in stages:
                if isinstance(event, MigrationRehearsalFinished):
                    seen.append(event)
                yield event
        end = ("done", _counted(seen), "")
    except Cancelled:
        end = ("cancelled", "Cancelled. The scratch is removed.", "")
    except TargetError as error:
        end = ("failed", error.message, error.hint)
    except FolderError as error:
        end = ("failed", str(error), "Look at the folder, or name another one with --migrations.")
    except (LostError, psycopg.Error) as error:
        end = ("failed", f"The scratch server was lost: {str(error).strip()}", "Try again.")
    not_verified = tuple(e.rehearsal.name for e in seen if not e.rehearsal.is_verified)
    yield RehearsalFinished(*end, not_verified)


def _counted(seen: list[MigrationRehearsalFinished]) -> str:
    verified = sum(event.rehearsal.is_verified for event in seen)
    what = count(len(seen), "migration")
    if not seen:
        return "Nothing to rehearse."
    return (
        f"{what} rehearsed, all verified."
        if verified == len(seen)
        else f"{what} rehearsed, {verified} verified."
    )


async def _stages(job: RehearsalJob, control: Control) -> AsyncIterator[Event]:
    folder = await asyncio.to_thread(job.reader.read)
    migrations = _in_order(folder, job.request)
    extensions, database = await asyncio.to_thread(_needs, migrations, job.request)
    server = await asyncio.to_thread(
        open_scratch,
        job.place,
        major=job.request.major,
        extensions=extensions,
        prefer_major=job.request.target_major,
        database=database or DATABASE,
    )
    try:
        async for event in _on(server, job, control, migrations, database):
            yield event
    finally:
        await asyncio.shield(server.close())


async def _on(
    server: ScratchServer,
    job: RehearsalJob,
    control: Control,
    migrations: tuple[Migration, ...],
    start: str,
) -> AsyncIterator[Event]:
    """On a scratch that is open. `start`: what its first state depends on beside its version."""
    notes = [
        *other_major("the target", job.request.target_major, server.major, "rehearsed on another version")
    ]
    fill = None
    like = job.request.like
    if like is not None:
        from koonj.postgres.scratch.copy_schema import copy_schema  # noqa: PLC0415 - only this way needs it

        start += await control.unless_cancelled(_start_like(job))

        async def fill(server: ScratchServer) -> None:
            notes.extend(await copy_schema(job.connector, like, server))

    made = await asyncio.to_thread(chain, migrations, server=server.source, start=start)
    setting = RehearsalOrigin(
        f"PostgreSQL {server.version}", server.major, None if like is None else like.name
    )
    wanted = _indexes(made, job.request)
    stage = ScratchChain(server, control, made, fill)
    kept = await asyncio.to_thread(VerdictCache.of_user)
    walk = Driver(stage, made, setting, kept)
    try:
        if not job.request.again:
            await walk.look_up(wanted)
        if job.request.known_only:
            wanted = tuple(index for index in wanted if walk.knows(index))
        await walk.look_ahead(wanted)
        if fill is not None and not all(map(walk.knows, wanted)):
            await stage.go_to(0)
        names = tuple(made.migrations[index].name for index in wanted)
        yield RehearsalStarted(server.source, server.major, setting.like, names, tuple(notes))
        async for event in walk.walk(wanted):
            yield event
        await stage.keep()
    finally:
        with suppress(psycopg.Error):
            await stage.close_connection()


async def _start_like(job: RehearsalJob) -> str:
    """Which schema it begins from, as a hash. Raises ConnectError."""
    assert job.request.like is not None
    conn = await job.connector.connect(job.request.like, name="koonj rehearse")
    async with conn:
        return hash_of(await read_target_catalog(conn, job.request.like))


def _in_order(folder: Folder, request: RehearsalRequest) -> tuple[Migration, ...]:
    """What is run, in this order. Raises ScratchError for a name that cannot be rehearsed."""
    if request.like is None:
        return folder.migrations
    for name in request.names or ():
        if name in request.applied:
            raise ScratchError(
                f"{name} is applied on {request.like.name}: its schema holds it already.",
                "Rehearse it from the folder's own files: leave --like out.",
            )
    return tuple(m for m in folder.migrations if m.name not in request.applied)


def _indexes(made: Chain, request: RehearsalRequest) -> tuple[int, ...]:
    names = None if request.names is None else set(request.names)
    return tuple(i for i, m in enumerate(made.migrations) if names is None or m.name in names)


def _needs(migrations: tuple[Migration, ...], request: RehearsalRequest) -> tuple[frozenset[str], str]:
    """Names that CREATE EXTENSION asks for; and the database's, where a file may mean it."""
    named = any(b"database" in migration.raw.lower() for migration in migrations)
    extensions = frozenset(
        statement.name.strip('"')
        for migration in migrations
        if b"extension" in migration.raw.lower()
        for statement in migration.sections.body.statements
        if statement.verb == "create" and statement.kind == "extension" and statement.name
    )
    return extensions, request.database if named else ""
