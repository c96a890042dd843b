"""Implement `koonj runs`: list the runs of this user that have a journal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from koonj.cli.diagnostics import ExitCode, UsageError
from koonj.cli.invocation import Call
from koonj.humanize import count, to_the_second
from koonj.postgres.run_name import SHORT_ID
from koonj.runner.process.holder_process import is_stopped
from koonj.runner.process.journal_head import JournalHead, folder_hash
from koonj.runner.process.journal_reader import KnownRun, known_runs
from koonj.runner.run.codec import to_plain

IN_PROGRESS, ELSEWHERE, BROKEN_OFF, STOPPED = "in progress", "elsewhere", "no result", "stopped"
_WIDTH = 11


def list_runs(call: Call) -> ExitCode:
    """Run `koonj runs` and return the exit code."""
    runs = known_runs(call.environ)
    if call.out.as_json:
        call.out.document("runs", {"runs": [_shape(run) for run in runs]})
    else:
        call.out.lines(_lines(runs, hash_of_folder(call)))
    return ExitCode.OK


def hash_of_folder(call: Call) -> str:
    """Return what identifies the migrations folder of this project; empty if there is no project."""
    try:
        return folder_hash(call.project_folders().migrations)
    except UsageError:
        return ""


def _shape(run: KnownRun) -> dict[str, Any]:
    """Return the JSON form of a run."""
    shape = to_plain(run.head)
    del shape["folder_hash"], shape["statement"]
    running = run.head.result is None and run.alive
    state = {"running": running, "stopped": _is_stopped(run)}
    return {"run_id": shape.pop("run"), **state, **shape, "journal": str(run.files.journal)}


def _lines(runs: list[KnownRun], here: str) -> Iterator[str]:
    """Yield one line for each run, which fits 80 cells if its names are short, and details below it."""
    if not runs:
        yield "No run of this user has a journal on this machine."
    for run in _in_order(runs):
        indent = "  " if run.head.fleet else ""
        yield from (f"{indent}{line}" for line in _lines_of(run, here))
    if any(_word(run) == BROKEN_OFF for run in runs):
        yield "no result: its process ended early."
        yield "To see what the target contains, run: koonj status"


def _in_order(runs: list[KnownRun]) -> Iterator[KnownRun]:
    """Yield the runs as they are, but those on several targets before their parts."""
    parts: dict[str, list[KnownRun]] = {run.id: [] for run in runs if run.head.targets}
    for run in runs:
        parts.get(run.head.fleet, []).append(run)
    for run in runs:
        if run.head.fleet not in parts:
            yield run
            yield from parts.get(run.id, ())


def _lines_of(run: KnownRun, here: str) -> Iterator[str]:
    head, word = run.head, _word(run)
    yield f"{head.run[:SHORT_ID]}  {to_the_second(head.started)}  {word:<{_WIDTH}}  {_what(head)}"
    if head.result is None:
        at = f"at {head.migration}, " if head.migration else ""
        yield f"    {at}process {head.pid} on {head.host}"
    if word == STOPPED:
        yield f"    stopped by a signal; to continue it, run: kill -CONT {head.pid}"
    if head.folder_hash != here:
        yield f"    in {head.folder}"


def _what(head: JournalHead) -> str:
    """Return what a run does: ``apply on production: 12 of 40``."""
    if head.settles:
        return f"settle {head.settles} on {head.target}"
    where = count(head.targets, "target") if head.targets else head.target
    return f"{head.direction} on {where}: {head.committed} of {head.wanted}"


def _word(run: KnownRun) -> str:
    if run.head.result is not None:
        return run.head.result.value
    if run.alive is None:
        return ELSEWHERE
    if not run.alive:
        return BROKEN_OFF
    return STOPPED if _is_stopped(run) else IN_PROGRESS


def _is_stopped(run: KnownRun) -> bool:
    return run.is_in_progress and is_stopped(run.head.pid)
