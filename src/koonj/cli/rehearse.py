"""Rehearse: which migrations, from which start, and what the verdicts mean for the shell."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass

from koonj.cli.call import Call, found
from koonj.cli.diagnostics import CommandError, ExitCode, UsageError
from koonj.cli.rehearsal_text import RehearsalText
from koonj.cli.running import follow
from koonj.cli.shapes import event_shape
from koonj.config import Settings, Target
from koonj.config.toml_file import did_you_mean
from koonj.migrations.folder import Folder, FolderReader
from koonj.postgres.connector import Connector
from koonj.runner.events import Event, Question
from koonj.runner.rehearse.events import MigrationRehearsed, RehearsalFinished
from koonj.runner.rehearse.request import RehearsalRequest, wanted
from koonj.runner.rehearse.start import RehearsalJob, start_rehearsal
from koonj.runner.rehearse.values import Proof
from koonj.runner.status import TargetStatus, read_status

IDLE = 19
"""The niceness of what nobody waits for."""


def rehearse(call: Call) -> ExitCode:
    """``koonj rehearse``. Raises CommandError."""
    if call.args.idle:
        with suppress(OSError):
            os.nice(IDLE)
    settings = call.settings()
    return asyncio.run(_rehearse(call, settings, call.reader(settings.migrations)))


async def _rehearse(call: Call, settings: Settings, reader: FolderReader) -> ExitCode:
    folder = call.folder(settings.migrations)
    async with Connector() as connector:
        request = await _request(call, settings, folder, connector)
        run = start_rehearsal(RehearsalJob(settings.scratch, reader, request, connector))
        report = _Report(call)
        last = await follow(run, report.tell, _nobody, call.err, call.out.flush)
    assert isinstance(last, RehearsalFinished)
    return report.end(last)


async def _request(call: Call, settings: Settings, folder: Folder, connector: Connector) -> RehearsalRequest:
    args = call.args
    like = _like(settings, args.like)
    status = None
    if like is not None or (not args.numbers and not args.all):
        status = await _asked(connector, like or settings.target, folder)
    names: tuple[str, ...] | None = tuple(found(folder, text).name for text in args.numbers)
    if not names:
        names = None if args.all or status is None else wanted(status.entries)
    applied = frozenset(e.name for e in status.entries if e.applied) if like and status else frozenset()
    if names is None and like is not None:
        names = tuple(m.name for m in folder.migrations if m.name not in applied)
    return RehearsalRequest(
        names=names,
        major=args.pg,
        like=like,
        applied=applied,
        target_major=args.target_pg or (status.server.major if status and status.server else None),
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


@dataclass(slots=True)
class _Report:
    """What a rehearsal says to a person or a program."""

    call: Call
    passes: bool = True
    """Is every verdict until now proved, or allowed?"""

    def tell(self, event: Event) -> None:
        """Write one event, at once."""
        out = self.call.out
        if isinstance(event, MigrationRehearsed):
            verdict = event.rehearsal.verdict
            self.passes &= verdict is Proof.PROVED or verdict.value in self.call.args.allow
        if out.as_json:
            out.event(event_shape(event))
        else:
            text = RehearsalText(ascii_only=out.ascii_only, verbose=self.call.args.verbose)
            out.lines(text.lines(event))

    def end(self, last: RehearsalFinished) -> ExitCode:
        """Say how it ended; the exit code."""
        match last.verdict:
            case "failed":
                self.call.err.error(last.message, last.hint)
                return ExitCode.ERROR
            case "interrupted":
                self.call.err.say(last.message)
                return ExitCode.INTERRUPTED
        if not self.call.out.as_json:
            self.call.out.lines((last.message,))
        return ExitCode.OK if self.passes else ExitCode.NOT_PROVED
