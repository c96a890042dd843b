"""Rehearse: which migrations, from which start, and what the verdicts mean for the shell."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from koonj.cli.diagnostics import CommandError, ExitCode, UsageError
from koonj.cli.follow import follow
from koonj.cli.invocation import Call, found
from koonj.cli.rehearsal_text import RehearsalText
from koonj.cli.shapes import event_shape
from koonj.config import ScratchPlace, Settings, Target
from koonj.config.toml_file import did_you_mean
from koonj.migrations.folder import Folder
from koonj.postgres.connector import Connector, named_database
from koonj.runner.rehearse.events import MigrationRehearsalFinished, RehearsalFinished
from koonj.runner.rehearse.request import RehearsalRequest, names_to_rehearse
from koonj.runner.rehearse.start import RehearsalJob, start_rehearsal
from koonj.runner.rehearse.verdict import Rehearsal, Verdict
from koonj.runner.run.events import Event, Question
from koonj.runner.run.run import Run
from koonj.runner.target.status import TargetStatus, read_status

IDLE = 19
"""The niceness of what nobody waits for."""
_LOOK = 0.5
"""Seconds between two looks for the process that started an idle one."""


def rehearse(call: Call) -> ExitCode:
    """``koonj rehearse``. Raises CommandError."""
    if call.args.idle:
        with suppress(OSError):
            os.nice(IDLE)
    args = call.args
    if args.like is None and (args.all or args.numbers):
        alone = call.offstage()
        request = RehearsalRequest(
            names=_named(call, alone.places.migrations),
            major=args.pg,
            database="" if alone.target is None else named_database(alone.target),
            target_major=args.target_pg,
            again=args.again,
        )
        return asyncio.run(_rehearse(call, alone.scratch, alone.places.migrations, request))
    return asyncio.run(_rehearse_for_target(call, call.settings()))


def _named(call: Call, migrations: Path) -> tuple[str, ...] | None:
    """File names; None for all. Raises UsageError."""
    if call.args.all:
        return None
    folder = call.folder(migrations)
    return tuple(found(folder, text).name for text in call.args.numbers)


async def _end_with_parent(run: Run) -> None:
    """Cancel the run when the process that started this one is gone: nobody listens any more."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells a child that its parent has died
        await asyncio.sleep(_LOOK)
    with suppress(psycopg.Error, OSError):  # the server could not be asked: it ends with its statement
        await run.cancel()


async def _rehearse_for_target(call: Call, settings: Settings) -> ExitCode:
    """What is pending on a target, or from a target's real schema. Raises CommandError."""
    async with Connector() as connector:
        request = await _request(call, settings, connector)
    return await _rehearse(call, settings.scratch, settings.migrations, request)


async def _rehearse(call: Call, place: ScratchPlace, migrations: Path, request: RehearsalRequest) -> ExitCode:
    async with Connector() as connector:
        run = start_rehearsal(RehearsalJob(place, call.reader(migrations), request, connector))
        report = _Report(call)
        orphaned = asyncio.create_task(_end_with_parent(run)) if call.args.idle else None
        last = await follow(run, report.tell, _nobody, call.err, call.out.flush)
        if orphaned is not None:
            orphaned.cancel()
    assert isinstance(last, RehearsalFinished)
    return report.end(last)


async def _request(call: Call, settings: Settings, connector: Connector) -> RehearsalRequest:
    args = call.args
    like = _like(settings, args.like)
    folder = call.folder(settings.migrations)
    status = await _asked(connector, like or settings.target, folder)
    applied = frozenset(e.name for e in status.migrations if e.applied) if like else frozenset()
    names = _named(call, settings.migrations) if args.numbers else None
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
    )


def _like(settings: Settings, name: str | None) -> Target | None:
    if name is None:
        return None
    for target in settings.targets:
        if target.name == name:
            return target
    known = [target.name for target in settings.targets]
    raise UsageError(f"--like {name}: there is no such target.", did_you_mean(name, known))


async def _asked(connector: Connector, target: Target, folder: Folder) -> TargetStatus:
    """What is pending there. Raises CommandError."""
    status = await read_status(connector, target, folder)
    if status.error is not None:
        hint = f"{status.hint or ''}\nWithout a target: koonj rehearse --all, or koonj rehearse N".strip()
        raise CommandError(f"{target.name}: {status.error}", hint)
    return status


async def _nobody(_question: Question) -> str:
    return ""  # a rehearsal asks nothing


def _passes(rehearsal: Rehearsal, allowed: Sequence[str]) -> bool:
    """Is it verified, or allowed? A verdict of columns in another order may have a loss beneath it."""
    if rehearsal.verdict is Verdict.REORDERED and rehearsal.losses and Verdict.LOSSY not in allowed:
        return False
    return rehearsal.is_verified or rehearsal.verdict in allowed


@dataclass(slots=True)
class _Report:
    """What a rehearsal says to a person or a program."""

    call: Call
    passes: bool = True
    """Is every verdict until now verified, or allowed?"""

    def tell(self, event: Event) -> None:
        """Write one event, at once."""
        out = self.call.out
        if isinstance(event, MigrationRehearsalFinished):
            self.passes &= _passes(event.rehearsal, self.call.args.allow)
        if out.as_json:
            out.event(event_shape(event))
        else:
            text = RehearsalText(ascii_only=out.ascii_only, verbose=self.call.args.verbose)
            out.lines(text.lines(event))

    def end(self, last: RehearsalFinished) -> ExitCode:
        """Say how it ended; the exit code."""
        match last.result:
            case "failed":
                self.call.err.error(last.message, last.hint)
                return ExitCode.ERROR
            case "cancelled":
                self.call.err.say(last.message)
                return ExitCode.CANCELLED
        if not self.call.out.as_json:
            self.call.out.lines((last.message,))
        return ExitCode.OK if self.passes else ExitCode.NOT_VERIFIED
