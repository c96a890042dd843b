"""Implement `koonj drift`: compare a target with its applied migrations."""

from __future__ import annotations

from koonj.cli.ask_target import run_for_answer
from koonj.cli.comparison_progress import ComparisonProgress
from koonj.cli.diagnostics import CommandError, ExitCode
from koonj.cli.drift_text import DriftText
from koonj.cli.follow import follow
from koonj.cli.invocation import Call
from koonj.cli.shapes import error_shape
from koonj.cli.ssh_notice import open_connector
from koonj.config import Settings
from koonj.runner.drift.report import DriftReport
from koonj.runner.drift.run import DriftFinished, DriftJob, start_drift
from koonj.runner.run.codec import to_plain
from koonj.runner.run.events import Question


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
    async with open_connector() as connector:
        job = DriftJob(connector, settings.target, folder, settings.scratch, call.args.pg)
        run = start_drift(job)
        last = await follow(
            run, ComparisonProgress(call, "applied migrations").show, _no_answer, call.err, call.out.flush
        )
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
