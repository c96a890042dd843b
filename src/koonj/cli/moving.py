"""Let a confirmed run continue in a process of its own, and follow it; or carry it out in this process."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from koonj.cli.attach import end_of, watch
from koonj.cli.diagnostics import ExitCode
from koonj.cli.dialogue import Dialogue
from koonj.cli.follow import follow
from koonj.cli.ssh_notice import tell_on_stderr
from koonj.postgres.connector import Connector
from koonj.runner.own_process import MoveError, connector_of, move, new_journal
from koonj.runner.process.followed_run import FollowedRun
from koonj.runner.process.journal import JournalError
from koonj.runner.process.login_session import keep_after_logout
from koonj.runner.process.process_wording import left_words, no_journal_words
from koonj.runner.process.recorded_run import RecordedRun
from koonj.runner.process.seen_runs import mark_end_seen
from koonj.runner.run.events import Event
from koonj.runner.run.movable_run import MovableRun
from koonj.runner.run.run import Run

if TYPE_CHECKING:
    from koonj.postgres.tunnel.leases import TunnelLeases


def move_and_follow(dialogue: Dialogue, movable: MovableRun, tunnels: TunnelLeases | None = None) -> ExitCode:
    """Move the run, and follow it to its end, unless --detach is given. Return the exit code.

    The process is forked between two event loops: then this one has one thread and no connection. `tunnels`:
    those of the plan. They stay open as long as this process, so that the other one joins them: ssh does not
    log in a second time.
    """
    try:
        return _move_and_follow(dialogue, movable)
    finally:
        if tunnels is not None:
            tunnels.leave()


def _move_and_follow(dialogue: Dialogue, movable: MovableRun) -> ExitCode:
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
    if getattr(call.args, "leave", False):
        call.err.info(left_words(run_id))
        return ExitCode.LEFT
    run = FollowedRun(journal.files, journal.head, journal.end)
    code = end_of(dialogue, run, asyncio.run(watch(dialogue, run)))
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return code


async def _stay(dialogue: Dialogue, movable: MovableRun) -> ExitCode:
    """Carry out the run in this process, without a journal."""
    async with connector_of(movable, tell_on_stderr) as connector:
        last = await _follow(dialogue, movable.carry_out(connector))
    return dialogue.print_result(last)


async def _follow(dialogue: Dialogue, run: Run) -> Event:
    out, err = dialogue.call.out, dialogue.call.err
    return await follow(run, dialogue.print_event, dialogue.answer, err, out.flush, dialogue.cancel_lines)


def carry_out_here(dialogue: Dialogue, movable: MovableRun) -> ExitCode:
    """Carry out the run in this process, with a journal if one can be written. Return the exit code."""
    return asyncio.run(_here(dialogue, movable))


async def _here(dialogue: Dialogue, movable: MovableRun) -> ExitCode:
    async with connector_of(movable, tell_on_stderr) as connector:
        last = await follow_here(dialogue, movable, connector)
    return dialogue.print_result(last)


async def follow_here(dialogue: Dialogue, movable: MovableRun, connector: Connector) -> Event:
    """Carry out the run in this process, with a journal if one can be written. Return its last event."""
    run = movable.carry_out(connector)
    try:
        journal = new_journal(movable.started, movable.shown, movable.folder)
    except JournalError as error:  # a run without a terminal can be one without a home
        dialogue.call.err.info(no_journal_words(error))
        return await _follow(dialogue, run)
    recorded = RecordedRun(run, lambda *_: None)
    recorded.begin(journal)
    last = await _follow(dialogue, recorded)
    mark_end_seen(journal.files, last)
    return last
