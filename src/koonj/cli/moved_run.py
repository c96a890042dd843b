"""Prepare a run in this process, then let it continue in a process of its own, and follow it."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

from koonj.cli.attach import end_of, watch
from koonj.cli.diagnostics import ExitCode
from koonj.cli.follow import follow
from koonj.cli.run_dialogue import RunDialogue
from koonj.config import Settings
from koonj.migrations.folder import FolderReader
from koonj.postgres.connector import Connector
from koonj.runner.own_process import MoveError, move
from koonj.runner.preparation import Confirmation, Job
from koonj.runner.process.followed_run import FollowedRun
from koonj.runner.process.login_session import keep_after_logout
from koonj.runner.run.events import Event, RunFinished
from koonj.runner.run.request import Request
from koonj.runner.start import Preparation, carry_out


def run_moved(dialogue: RunDialogue, settings: Settings, reader: FolderReader, request: Request) -> ExitCode:
    """Plan, ask, move the run, and follow it to its end. Return the exit code.

    The process is forked between two event loops: then this one has one thread and no connection.
    """
    call = dialogue.call
    confirmation, last = asyncio.run(_prepare(dialogue, settings, reader, request))
    if confirmation is None:
        assert isinstance(last, RunFinished)
        return dialogue.print_result(last)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until the run is followed, a Ctrl-C would end this process and say that the run is cancelled.
        signal.signal(signal.SIGINT, lambda *_: None)
    try:
        journal, pid = move(confirmation)
    except MoveError as error:
        if call.args.detach:
            call.err.error(f"The run cannot continue in a process of its own. {error} Nothing was changed.")
            return ExitCode.ERROR
        call.err.info(f"the run stays in this process, and ends with this terminal. {error}")
        return asyncio.run(_stay(dialogue, confirmation))
    if warning := keep_after_logout(pid, confirmation.run_id):
        call.err.info(warning)
    if call.args.detach and not call.out.as_json:
        call.out.lines((confirmation.run_id,))
    if call.args.detach:
        return ExitCode.OK
    run = FollowedRun(journal.files, journal.head, journal.end)
    code = end_of(dialogue, run, asyncio.run(watch(dialogue, run)))
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return code


async def _prepare(
    dialogue: RunDialogue, settings: Settings, reader: FolderReader, request: Request
) -> tuple[Confirmation | None, Event]:
    out, err = dialogue.call.out, dialogue.call.err
    async with Connector() as connector:
        preparation = Preparation(Job(connector, settings.target, reader, request, settings.scratch))
        last = await follow(preparation.run, dialogue.print_event, dialogue.answer, err, out.flush)
    return preparation.confirmation, last


async def _stay(dialogue: RunDialogue, confirmation: Confirmation) -> ExitCode:
    """Carry out the run in this process, without a journal."""
    out, err = dialogue.call.out, dialogue.call.err
    async with Connector() as connector:
        run = carry_out(confirmation, connector)
        last = await follow(run, dialogue.print_event, dialogue.answer, err, out.flush)
    assert isinstance(last, RunFinished)
    return dialogue.print_result(last)
