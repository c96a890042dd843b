"""Implement `koonj settle`: show and decide what an interrupted migration has committed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from koonj.cli.ask_target import ask_target
from koonj.cli.diagnostics import CommandError, ExitCode, UsageError
from koonj.cli.interruption_shape import interruption_shape
from koonj.cli.invocation import Call, must_be_confirmed, number_of
from koonj.cli.run_dialogue import RunDialogue
from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.names import TO_LIST
from koonj.migrations.state_rules import states
from koonj.migrations.states import State
from koonj.postgres.connector import Connector
from koonj.postgres.kept_passwords import KeptPasswords
from koonj.runner.apply.interrupted_entry import SettleError
from koonj.runner.evidence.interruption_wording import interruption_lines, place_words
from koonj.runner.run.codec import to_plain
from koonj.runner.run.events import Event, InterruptionSettled
from koonj.runner.settle import (
    ConfirmedSettlement,
    InterruptedMigration,
    RunningError,
    Settlement,
    confirmed_settlement,
    movable_settlement,
    read_interrupted,
)

if TYPE_CHECKING:
    from koonj.postgres.tunnel.leases import TunnelLeases


def settle_command(call: Call) -> ExitCode:
    """Run `koonj settle` and return the exit code.

    Raises:
        CommandError: it cannot be settled, or the target cannot be reached.
    """
    settings, args = call.settings(), call.args
    target, folder = settings.target, call.read_folder(settings.migrations)
    name = _name(folder, args.number)
    settlement = Settlement(args.done, args.again, args.repair, args.reason)
    try:
        if settlement.is_given:
            must_be_confirmed(target, args.confirm)
        read = ask_target(
            target, partial(_read, target=target, folder=folder, name=name, settlement=settlement)
        )
    except SettleError as error:
        raise _refused(target, error) from error
    if not settlement.is_given:
        return _show(call, target, read.found)
    try:
        confirmed = confirmed_settlement(target, settings.migrations, read.found, settlement)
        return _carry_out(call, confirmed, read)
    except SettleError as error:
        raise _refused(target, error) from error
    finally:
        if read.tunnels is not None:
            read.tunnels.leave()


def _refused(target: Target, error: SettleError) -> CommandError:
    code = ExitCode.LOCKED if isinstance(error, RunningError) else ExitCode.ERROR
    return CommandError(f"{target.name}: {error.message}", error.hint, code)


@dataclass(frozen=True, slots=True)
class _Read:
    """What is known of the migration, and what was opened for that, so that the run needs no other login."""

    found: InterruptedMigration
    passwords: KeptPasswords
    tunnels: TunnelLeases | None


async def _read(
    connector: Connector, *, target: Target, folder: Folder, name: str, settlement: Settlement
) -> _Read:
    """Read what is known of the migration. The tunnel stays open if the user decides something."""
    found = await read_interrupted(connector, target, folder, name)
    return _Read(found, connector.passwords, connector.take_tunnels() if settlement.is_given else None)


def _name(folder: Folder, text: str) -> str:
    """Return the file name that a number or a file name means.

    Raises:
        UsageError: there is none, or several.
    """
    number = number_of(text)
    if not text.isdigit():
        return text.rpartition("/")[2]
    names = [status.name for status in states(folder, ()) if status.number == number]
    if not names:
        raise UsageError(f"No file has the number {number}.", TO_LIST)
    if len(names) > 1:
        raise UsageError(
            f"{len(names)} files have the number {number}: {', '.join(names)}.",
            "Use the file name instead of the number.",
        )
    return names[0]


def _show(call: Call, target: Target, found: InterruptedMigration) -> ExitCode:
    """Print what is known and what can be done; exit code 4 if the user must decide."""
    interruption, status = found.interruption, found.status
    if found.warning and not call.out.as_json:
        call.err.info(f"warning: {found.warning}")
    if call.out.as_json:
        call.out.document("settle", _shape(target, found))
    elif interruption is None:
        call.out.lines((f"{status.name} is {status.state}: there is nothing to settle.",))
    else:
        state = State.FAILED if interruption.has_failed else State.INTERRUPTED
        state = State.RUNNING if interruption.is_running else state
        place = place_words(interruption, status.migration)
        call.out.lines((f"{call.marks.for_state(state)} {state}  {status.name}  {place}",))
        lines = interruption_lines(interruption, status, target.option)
        call.out.lines(f"    {line}" for line in lines)
    if interruption is None or interruption.known_done is not None:
        return ExitCode.OK
    return ExitCode.LOCKED if interruption.is_running else ExitCode.DECISION


def _shape(target: Target, found: InterruptedMigration) -> dict[str, Any]:
    interruption, status = found.interruption, found.status
    shape: dict[str, Any] = {
        "target": target.name,
        "name": status.name,
        "warnings": [found.warning] if found.warning else [],
        "interruption": None,
        "settled": None,
    }
    if interruption is not None:
        shape["interruption"] = interruption_shape(interruption, status, target.option)
    return shape


def _carry_out(call: Call, confirmed: ConfirmedSettlement, read: _Read) -> ExitCode:
    from koonj.cli.moving import carry_out_here, move_and_follow  # noqa: PLC0415 - only for a decision

    dialogue = _Dialogue(call)
    carry_out = move_and_follow if call.moves_runs_on(confirmed.target) else carry_out_here
    movable = movable_settlement(confirmed, read.passwords)
    dialogue.print_event(movable.started)
    code = carry_out(dialogue, movable)
    if dialogue.settled is not None:
        _report(call, confirmed, dialogue.settled)
    return code


@dataclass
class _Dialogue(RunDialogue):
    """Printer of the events of a settlement. With --json, the output is one document."""

    settled: InterruptionSettled | None = field(default=None, init=False)

    def print_event(self, event: Event) -> None:
        if isinstance(event, InterruptionSettled):
            self.settled = event
        if not self.call.out.as_json:
            super().print_event(event)


def _report(call: Call, confirmed: ConfirmedSettlement, event: InterruptionSettled) -> None:
    target = confirmed.target
    if call.out.as_json:
        what = {"target": target.name, "name": event.name}
        settled = {"warnings": (), "interruption": None, "settled": to_plain(event)}
        call.out.document("settle", {**what, **settled})
    elif event.done < event.of:
        call.out.lines((f"To continue, run: koonj {confirmed.direction}{target.option}",))
