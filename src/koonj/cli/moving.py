"""Let a confirmed run continue in a process of its own, and follow it; or carry it out in this process."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

from koonj.cli.attach import end_of, watch
from koonj.cli.diagnostics import ExitCode
from koonj.cli.follow import follow
from koonj.cli.run_dialogue import RunDialogue
from koonj.postgres.connector import Connector
from koonj.runner.own_process import MoveError, move, new_journal
from koonj.runner.process.folders import mark_seen
from koonj.runner.process.followed_run import FollowedRun
from koonj.runner.process.journal import JournalError
from koonj.runner.process.login_session import keep_after_logout
from koonj.runner.process.recorded_run import RecordedRun
from koonj.runner.run.events import RunFinished
from koonj.runner.run.movable_run import MovableRun


def move_and_follow(dialogue: RunDialogue, movable: MovableRun) -> ExitCode:
    """Move the run, and follow it to its end, unless --detach is given. Return the exit code.

    The process is forked between two event loops: then this one has one thread and no connection.
    """
    call, run_id = dialogue.call, movable.started.run_id
    is_detached = getattr(call.args, "detach", False)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until the run is followed, a Ctrl-C would end this process and say that the run is cancelled.
        signal.signal(signal.SIGINT, lambda *_: None)
    try:
        journal, pid = move(movable)
    except MoveError as error:
        if is_detached:
            call.err.error(f"The run cannot continue in a process of its own. {error} Nothing was changed.")
            return ExitCode.ERROR
        call.err.info(f"the run stays in this process, and ends with this terminal. {error}")
        return asyncio.run(_stay(dialogue, movable))
    if warning := keep_after_logout(pid, run_id):
        call.err.info(warning)
    if is_detached and not call.out.as_json:
        call.out.lines((run_id,))
    if is_detached:
        return ExitCode.OK
    run = FollowedRun(journal.files, journal.head, journal.end)
    code = end_of(dialogue, run, asyncio.run(watch(dialogue, run)))
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return code


async def _stay(dialogue: RunDialogue, movable: MovableRun) -> ExitCode:
    """Carry out the run in this process, without a journal."""
    out, err = dialogue.call.out, dialogue.call.err
    async with Connector() as connector:
        run = movable.carry_out(connector)
        last = await follow(run, dialogue.print_event, dialogue.answer, err, out.flush, dialogue.cancel_lines)
    assert isinstance(last, RunFinished)
    return dialogue.print_result(last)


def carry_out_here(dialogue: RunDialogue, movable: MovableRun) -> ExitCode:
    """Carry out the run in this process, with a journal if one can be written. Return the exit code."""
    return asyncio.run(_here(dialogue, movable))


async def _here(dialogue: RunDialogue, movable: MovableRun) -> ExitCode:
    out, err = dialogue.call.out, dialogue.call.err
    try:
        journal = new_journal(movable.started, movable.plan, movable.folder)
    except JournalError:
        return await _stay(dialogue, movable)  # a run without a terminal can be one without a home
    async with Connector() as connector:
        run = RecordedRun(movable.carry_out(connector), lambda *_: None)
        run.begin(journal)
        last = await follow(run, dialogue.print_event, dialogue.answer, err, out.flush, dialogue.cancel_lines)
    mark_seen(journal.files)
    assert isinstance(last, RunFinished)
    return dialogue.print_result(last)
