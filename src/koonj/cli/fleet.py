"""Implement `koonj apply` for several targets."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from koonj.cli.apply import request_of
from koonj.cli.diagnostics import ExitCode, UsageError
from koonj.cli.fleet_dialogue import FleetDialogue
from koonj.cli.follow import follow
from koonj.cli.invocation import Call
from koonj.config import ConfigError, Settings, Target
from koonj.migrations.folder import FolderReader
from koonj.postgres.connector import Connector
from koonj.runner.fleet.run import AT_ONCE, Fleet, FleetRun
from koonj.runner.fleet.selection import chosen_targets
from koonj.runner.fleet.waves import CANARY
from koonj.runner.run.direction import Direction
from koonj.runner.run.fleet_events import FleetFinished
from koonj.runner.run.request import Extent, Request


def apply_to_targets(call: Call) -> ExitCode:
    """Run `koonj apply --all-targets` or `--targets`, and return the exit code.

    Raises:
        CommandError: the arguments, the settings or the folder cannot be used.
    """
    settings = call.settings()
    try:
        targets = chosen_targets(settings.targets, call.args.targets)
    except ConfigError as error:
        raise UsageError(str(error)) from error
    _check_confirmed(call, targets)
    reader = call.folder_reader(settings.migrations)
    request = request_of(call, targets[0], reader, Direction.APPLY)
    request = replace(
        request,
        # The state of each target is another one, so that "the next migration" would be another one, too.
        extent=Extent.ALL if request.extent is Extent.NEXT else request.extent,
        plan_only=False,  # as the run would plan it
        assume_yes=call.args.yes,
    )
    return asyncio.run(_run(call, settings, targets, reader, request))


def _check_confirmed(call: Call, targets: tuple[Target, ...]) -> None:
    known = {target.name for target in targets}
    for name in call.args.confirmed:
        if name not in known:
            raise UsageError(f"--confirm {name} does not match the name of a chosen target.")


async def _run(
    call: Call, settings: Settings, targets: tuple[Target, ...], reader: FolderReader, request: Request
) -> ExitCode:
    args, dialogue = call.args, FleetDialogue(call)
    async with Connector() as connector:
        fleet = Fleet(
            connector,
            targets,
            reader,
            request,
            settings.scratch,
            waves=args.wave or CANARY,
            at_once=args.at_once or AT_ONCE,
            max_failures=args.max_failures or 1,
            plan_only=args.plan,
        )
        last = await follow(
            FleetRun(fleet),
            dialogue.show,
            dialogue.answer,
            call.err,
            call.out.flush,
            dialogue.cancel_lines,
        )
    assert isinstance(last, FleetFinished)
    return dialogue.print_result(last)
