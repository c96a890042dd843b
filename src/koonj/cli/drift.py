"""Implement `koonj drift`: compare a target with its applied migrations."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from koonj.cli.ask_target import run_for_answer
from koonj.cli.diagnostics import CommandError, ExitCode
from koonj.cli.drift_text import DriftText
from koonj.cli.follow import follow
from koonj.cli.invocation import Call
from koonj.cli.shapes import error_shape
from koonj.config import Settings
from koonj.postgres.connector import Connector
from koonj.runner.drift.report import DriftReport
from koonj.runner.drift.run import DriftFinished, DriftJob, Replayed, start_drift
from koonj.runner.rehearse.events import WaitingForScratch
from koonj.runner.rehearse.rehearsal_wording import waiting_for_scratch_words
from koonj.runner.run.codec import to_plain
from koonj.runner.run.events import Event, Question

_PROGRESS_INTERVAL = 2.0
"""Seconds between two progress messages."""


def drift(call: Call) -> ExitCode:
    """Run `koonj drift` and return the exit code.

    Raises:
        CommandError: the comparison failed.
    """
    settings = call.settings()
    last = run_for_answer(_run(call, settings))
    if last.drift is not None:
        return _report(call, last.drift)
    if last.result == "cancelled":
        call.err.info(last.message)
        if call.out.as_json:
            call.out.document("drift", error_shape(last.message, last.hint))
        return ExitCode.CANCELLED
    raise CommandError(f"{settings.target.name}: {last.message}", last.hint)


async def _run(call: Call, settings: Settings) -> DriftFinished:
    folder = call.read_folder(settings.migrations)
    async with Connector() as connector:
        job = DriftJob(connector, settings.target, folder, settings.scratch, call.args.pg)
        run = start_drift(job)
        last = await follow(run, _Progress(call).show, _no_answer, call.err, call.out.flush)
    assert isinstance(last, DriftFinished)
    return last


def _report(call: Call, drift_report: DriftReport) -> ExitCode:
    if call.out.as_json:
        call.out.document("drift", {"drift": to_plain(drift_report)})
    else:
        call.out.lines(DriftText(verbose=call.args.verbose).lines(drift_report))
    return ExitCode.DECISION if drift_report.differences else ExitCode.OK


async def _no_answer(_question: Question) -> str:
    return ""  # a comparison asks no question


@dataclass(slots=True)
class _Progress:
    """Progress messages on stderr during a long comparison."""

    call: Call
    _last_message: float = field(default_factory=monotonic)

    def show(self, event: Event) -> None:
        """Print how many migrations have run, if stderr is a terminal, and whom the comparison waits for."""
        if isinstance(event, WaitingForScratch):
            self.call.err.info(waiting_for_scratch_words(event.holder, event.seconds))
        if not isinstance(event, Replayed) or not self.call.err.is_terminal:
            return
        if event.done < event.of and monotonic() - self._last_message > _PROGRESS_INTERVAL:
            self._last_message = monotonic()
            self.call.err.info(
                f"{event.done} of {event.of} applied migrations have run on the scratch server …"
            )
