"""Prepare a run in this process, then let it continue in a process of its own, and follow it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from koonj.cli.diagnostics import ExitCode
from koonj.cli.follow import follow
from koonj.cli.moving import move_and_follow
from koonj.cli.run_dialogue import RunDialogue
from koonj.cli.ssh_notice import open_connector
from koonj.config import Settings
from koonj.migrations.folder import FolderReader
from koonj.runner.preparation import Confirmation, Job
from koonj.runner.run.events import Event, RunFinished
from koonj.runner.run.request import Request
from koonj.runner.start import Preparation, movable

if TYPE_CHECKING:
    from koonj.postgres.tunnel.leases import TunnelLeases


def run_moved(dialogue: RunDialogue, settings: Settings, reader: FolderReader, request: Request) -> ExitCode:
    """Plan, ask, move the run, and follow it to its end. Return the exit code."""
    confirmation, tunnels, last = asyncio.run(_prepare(dialogue, settings, reader, request))
    if confirmation is None:
        assert isinstance(last, RunFinished)
        return dialogue.print_result(last)
    return move_and_follow(dialogue, movable(confirmation), tunnels)


async def _prepare(
    dialogue: RunDialogue, settings: Settings, reader: FolderReader, request: Request
) -> tuple[Confirmation | None, TunnelLeases | None, Event]:
    out, err = dialogue.call.out, dialogue.call.err
    async with open_connector() as connector:
        preparation = Preparation(Job(connector, settings.target, reader, request, settings.scratch))
        last = await follow(preparation.run, dialogue.print_event, dialogue.answer, err, out.flush)
        confirmation = preparation.confirmation
        return confirmation, connector.take_tunnels() if confirmation is not None else None, last
