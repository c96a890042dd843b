"""Drift: one target against its applied files, and what that means for the shell."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic

from koonj.cli.diagnostics import CommandError, ExitCode
from koonj.cli.drift_text import DriftText
from koonj.cli.follow import follow
from koonj.cli.invocation import Call
from koonj.cli.shapes import error_shape
from koonj.config import Settings
from koonj.postgres.connector import Connector
from koonj.runner.drift.report import DriftReport
from koonj.runner.drift.run import DriftFinished, DriftJob, Replayed, start_drift
from koonj.runner.run.codec import to_plain
from koonj.runner.run.events import Event, Question

_PATIENCE = 2.0
"""Seconds of silence after which a person is told how far it is."""


def drift(call: Call) -> ExitCode:
    """``koonj drift``. Raises CommandError."""
    settings = call.settings()
    last = asyncio.run(_finished(call, settings))
    if last.drift is not None:
        return _report(call, last.drift)
    if last.result == "cancelled":
        call.err.say(last.message)
        if call.out.as_json:
            call.out.document("drift", error_shape(last.message, last.hint))
        return ExitCode.CANCELLED
    raise CommandError(f"{settings.target.name}: {last.message}", last.hint)


async def _finished(call: Call, settings: Settings) -> DriftFinished:
    folder = call.folder(settings.migrations)
    async with Connector() as connector:
        job = DriftJob(connector, settings.target, folder, settings.scratch, call.args.pg)
        run = start_drift(job)
        last = await follow(run, _Progress(call).tell, _nobody, call.err, call.out.flush)
    assert isinstance(last, DriftFinished)
    return last


def _report(call: Call, found: DriftReport) -> ExitCode:
    if call.out.as_json:
        call.out.document("drift", {"drift": to_plain(found)})
    else:
        call.out.lines(DriftText(verbose=call.args.verbose).lines(found))
    return ExitCode.DECISION if found.differences else ExitCode.OK


async def _nobody(_question: Question) -> str:
    return ""  # nothing is asked


@dataclass(slots=True)
class _Progress:
    """What a person hears where it takes long."""

    call: Call
    _said: float = field(default_factory=monotonic)

    def tell(self, event: Event) -> None:
        """A line on stderr now and then, for a terminal."""
        if not isinstance(event, Replayed) or not self.call.err.is_terminal:
            return
        if event.done < event.of and monotonic() - self._said > _PATIENCE:
            self._said = monotonic()
            self.call.err.say(f"{event.done} of {event.of} applied migrations run on scratch …")
