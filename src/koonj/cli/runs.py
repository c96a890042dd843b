"""Implement `koonj runs`: list the runs of this user that have a journal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from koonj.cli.diagnostics import ExitCode
from koonj.cli.invocation import Call
from koonj.humanize import to_the_second
from koonj.postgres.run_name import SHORT_ID
from koonj.runner.process.journal_head import JournalHead
from koonj.runner.process.journal_reader import KnownRun, known_runs
from koonj.runner.run.codec import to_plain

IN_PROGRESS, ELSEWHERE, BROKEN_OFF = "in progress", "elsewhere", "no result"
_WIDTH = 11


def list_runs(call: Call) -> ExitCode:
    """Run `koonj runs` and return the exit code."""
    runs = known_runs(call.environ)
    if call.out.as_json:
        call.out.document("runs", {"runs": [_shape(run) for run in runs]})
    else:
        call.out.lines(_lines(runs))
    return ExitCode.OK


def _shape(run: KnownRun) -> dict[str, Any]:
    """Return the JSON form of a run."""
    shape = to_plain(run.head)
    del shape["folder_hash"], shape["statement"]
    running = run.head.result is None and run.alive
    return {"run_id": shape.pop("run"), "running": running, **shape, "journal": str(run.files.journal)}


def _lines(runs: list[KnownRun]) -> Iterator[str]:
    if not runs:
        yield "No run of this user has a journal on this machine."
    for run in runs:
        head = run.head
        done = f"{head.committed} of {head.wanted}"
        yield (
            f"{head.run[:SHORT_ID]}  {to_the_second(head.started)}  {_word(run):<{_WIDTH}}  "
            f"{head.direction} on {head.target}: {done}{_detail(run)}  {head.folder}"
        )
    if any(_word(run) == BROKEN_OFF for run in runs):
        yield "no result: its process ended early. To see what the target contains, run: koonj status"


def _word(run: KnownRun) -> str:
    if run.head.result is not None:
        return run.head.result.value
    if run.alive is None:
        return ELSEWHERE
    return IN_PROGRESS if run.alive else BROKEN_OFF


def _detail(run: KnownRun) -> str:
    """Return what a run that has no result is, or was, doing."""
    head: JournalHead = run.head
    where = f", process {head.pid} on {head.host}" if head.result is None else ""
    at = f", at {head.migration}" if head.result is None and head.migration else ""
    return f"{at}{where}"
