"""Implement `koonj rehearse`."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from koonj.cli.diagnostics import CommandError, ExitCode, UsageError
from koonj.cli.follow import follow
from koonj.cli.invocation import Call, find_migration
from koonj.cli.rehearsal_text import RehearsalText
from koonj.cli.ssh_notice import open_connector
from koonj.config import ScratchPlace, Settings, Target
from koonj.config.toml_file import did_you_mean
from koonj.migrations.folder import Folder
from koonj.postgres.connection_string import named_database
from koonj.postgres.connector import Connector
from koonj.runner.rehearse.events import MigrationRehearsalFinished, RehearsalFinished
from koonj.runner.rehearse.request import RehearsalRequest, names_to_rehearse
from koonj.runner.rehearse.start import RehearsalJob, start_rehearsal
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.event_codec import event_to_plain
from koonj.runner.run.events import Event, Question
from koonj.runner.run.run import Run
from koonj.runner.target.status import TargetStatus, read_status

_IDLE_NICENESS = 19
"""Niceness of a rehearsal in the background: the lowest priority."""
_PARENT_CHECK_INTERVAL = 0.5
"""Seconds between two checks whether the parent process still exists."""


def rehearse(call: Call) -> ExitCode:
    """Run `koonj rehearse` and return the exit code.

    Raises:
        CommandError: the arguments, the settings, the folder or the target cannot be used.
    """
    if call.args.idle:
        with suppress(OSError):
            os.nice(_IDLE_NICENESS)
    args = call.args
    if args.like is None and (args.all or args.numbers):
        project = call.project_settings()
        request = RehearsalRequest(
            names=_requested_names(call, project.places.migrations),
            major=args.pg,
            database="" if project.target is None else named_database(project.target),
            target_major=args.target_pg,
            again=args.again,
            cached_only=args.cached,
        )
        return asyncio.run(_rehearse(call, project.scratch, project.places.migrations, request))
    return asyncio.run(_rehearse_for_target(call, call.settings()))


def _requested_names(call: Call, migrations: Path) -> tuple[str, ...] | None:
    """Return the file names of the arguments; None for all.

    Raises:
        UsageError: an argument means no migration, or several.
    """
    if call.args.all:
        return None
    folder = call.read_folder(migrations)
    return tuple(find_migration(folder, text).name for text in call.args.numbers)


async def _end_with_parent(run: Run) -> None:
    """Cancel the rehearsal when the parent process has exited."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - the system has no event for the exit of a parent
        await asyncio.sleep(_PARENT_CHECK_INTERVAL)
    with suppress(psycopg.Error, OSError):  # not sent: the run ends when its statement ends
        await run.cancel()


async def _rehearse_for_target(call: Call, settings: Settings) -> ExitCode:
    """Rehearse migrations after reading a target.

    koonj needs its status to find the pending and edited ones, or its real schema (--like).

    Raises:
        CommandError: the arguments, the folder or the target cannot be used.
    """
    async with open_connector() as connector:
        request = await _request(call, settings, connector)
    return await _rehearse(call, settings.scratch, settings.migrations, request)


async def _rehearse(call: Call, place: ScratchPlace, migrations: Path, request: RehearsalRequest) -> ExitCode:
    async with open_connector() as connector:
        run = start_rehearsal(RehearsalJob(place, call.folder_reader(migrations), request, connector))
        report = _RehearsalReport(call)
        watch = asyncio.create_task(_end_with_parent(run)) if call.args.idle else None
        last = await follow(run, report.show, _no_answer, call.err, call.out.flush)
        if watch is not None:
            watch.cancel()
    assert isinstance(last, RehearsalFinished)
    return report.print_result(last)


async def _request(call: Call, settings: Settings, connector: Connector) -> RehearsalRequest:
    args = call.args
    like = _like(settings, args.like)
    folder = call.read_folder(settings.migrations)
    status = await _read_status(connector, like or settings.target, folder)
    applied = frozenset(e.name for e in status.migrations if e.applied) if like else frozenset()
    names = _requested_names(call, settings.migrations) if args.numbers else None
    if names is None and args.all:
        names = tuple(m.name for m in folder.migrations if m.name not in applied)
    return RehearsalRequest(
        names=names_to_rehearse(status.migrations) if names is None else names,
        major=args.pg,
        like=like,
        applied=applied,
        database=named_database(like or settings.target),
        target_major=args.target_pg or (status.server.major if status.server else None),
        again=args.again,
        cached_only=args.cached,
    )


def _like(settings: Settings, name: str | None) -> Target | None:
    if name is None:
        return None
    for target in settings.targets:
        if target.name == name:
            return target
    known = [target.name for target in settings.targets]
    raise UsageError(f"--like {name}: no such target.", did_you_mean(name, known))


async def _read_status(connector: Connector, target: Target, folder: Folder) -> TargetStatus:
    """Return the status of a target.

    Raises:
        CommandError: the target cannot be reached or read.
    """
    status = await read_status(connector, target, folder)
    if status.error is not None:
        without = "To rehearse all migrations without a target, run: koonj rehearse --all"
        hint = f"{status.hint or ''}\n{without}".strip()
        raise CommandError(f"{target.name}: {status.error}", hint)
    return status


async def _no_answer(_question: Question) -> str:
    return ""  # a rehearsal asks no question


def _passes(rehearsal: Rehearsal, allowed: frozenset[str]) -> bool:
    """Return whether a rehearsal is verified or allowed."""
    return rehearsal.is_verified or rehearsal.verdict in allowed


@dataclass(slots=True)
class _RehearsalReport:
    """Printer of the events and the result of a rehearsal."""

    call: Call
    passes: bool = True
    """Whether every verdict up to now is verified or allowed."""

    def show(self, event: Event) -> None:
        """Print one event and flush."""
        out = self.call.out
        if isinstance(event, MigrationRehearsalFinished):
            self.passes &= _passes(event.rehearsal, self.call.args.allow)
        if out.as_json:
            out.event(event_to_plain(event))
        else:
            text = RehearsalText(ascii_only=out.ascii_only, verbose=self.call.args.verbose)
            out.lines(text.lines(event))

    def print_result(self, last: RehearsalFinished) -> ExitCode:
        """Print the result, and return the exit code."""
        match last.result:
            case "failed":
                self.call.err.error(last.message, last.hint)
                return ExitCode.ERROR
            case "cancelled":
                self.call.err.info(last.message)
                return ExitCode.CANCELLED
        if not self.call.out.as_json:
            self.call.out.lines((last.message,))
        return ExitCode.OK if self.passes else ExitCode.NOT_VERIFIED
