"""Implement `koonj apply` and `koonj rollback` for several targets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from koonj.cli.apply import moves, request_of
from koonj.cli.diagnostics import ExitCode, UsageError
from koonj.cli.fleet_dialogue import FleetDialogue
from koonj.cli.follow import follow
from koonj.cli.invocation import Call
from koonj.cli.moving import follow_here, move_and_follow
from koonj.cli.ssh_notice import open_connector
from koonj.config import ConfigError, Target
from koonj.postgres.connector import Connector
from koonj.runner.fleet.planning import AT_ONCE, Fleet, FleetConfirmation, FleetPreparation
from koonj.runner.fleet.run import movable_fleet
from koonj.runner.fleet.selection import chosen_targets
from koonj.runner.fleet.waves import CANARY
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event
from koonj.runner.run.request import Extent

if TYPE_CHECKING:
    from koonj.postgres.tunnel.leases import TunnelLeases


def run_on_targets(call: Call, direction: Direction) -> ExitCode:
    """Run `koonj apply` or `koonj rollback` with `--all-targets` or `--targets`, and return the exit code.

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
    request = request_of(call, targets[0], reader, direction)
    request = replace(
        request,
        # The state of each target is another one, so that "the next migration" would be another one, too.
        extent=Extent.ALL if request.extent is Extent.NEXT else request.extent,
        plan_only=False,  # as the run would plan it
        assume_yes=call.args.yes,
    )
    dialogue, moved = FleetDialogue(call), all(moves(call, target) for target in targets)
    fleet = partial(
        Fleet,
        targets=targets,
        reader=reader,
        request=request,
        place=settings.scratch,
        waves=call.args.wave or CANARY,
        at_once=call.args.at_once or AT_ONCE,
        max_failures=call.args.max_failures or 1,
        plan_only=call.args.plan,
    )
    confirmation, tunnels, last = asyncio.run(_run(dialogue, fleet, stays=not moved))
    if confirmation is not None and moved:
        return move_and_follow(dialogue, movable_fleet(confirmation), tunnels)
    return dialogue.print_result(last)


def _check_confirmed(call: Call, targets: tuple[Target, ...]) -> None:
    known = {target.name for target in targets}
    for name in call.args.confirmed:
        if name not in known:
            raise UsageError(f"--confirm {name} does not match the name of a chosen target.")


async def _run(
    dialogue: FleetDialogue, fleet: Callable[[Connector], Fleet], *, stays: bool
) -> tuple[FleetConfirmation | None, TunnelLeases | None, Event]:
    """Plan and ask. If the runs stay in this process, carry out what was confirmed."""
    out, err = dialogue.call.out, dialogue.call.err
    async with open_connector() as connector:
        connector.passwords.begin_run()
        preparation = FleetPreparation(fleet(connector))
        last = await follow(
            preparation.run, dialogue.print_event, dialogue.answer, err, out.flush, dialogue.cancel_lines
        )
        confirmation = preparation.confirmation
        if confirmation is not None and stays:
            last = await follow_here(dialogue, movable_fleet(confirmation), connector)
        return confirmation, None if confirmation is None or stays else connector.take_tunnels(), last
