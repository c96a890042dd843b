"""Implement `koonj apply` and `koonj rollback`."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field

from koonj.cli.diagnostics import ExitCode, UsageError
from koonj.cli.follow import follow
from koonj.cli.invocation import Call, find_migration, number_of
from koonj.cli.prompt import ask, can_ask
from koonj.cli.run_text import RunText
from koonj.config import ScratchPlace, Target
from koonj.config.rehearsal import switched
from koonj.migrations.folder import FolderReader
from koonj.migrations.states import State
from koonj.postgres.connector import Connector
from koonj.runner.impact.gate import POLICY_STATES
from koonj.runner.plan.selection import DECISIONS, UNKNOWN_NUMBER
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.event_codec import event_to_plain
from koonj.runner.run.events import Direction, Event, PlanMade, Question, RunFinished, RunResult
from koonj.runner.run.request import Extent, Request
from koonj.runner.start import start

_CODES = {
    RunResult.DONE: ExitCode.OK,
    RunResult.NOTHING: ExitCode.OK,
    RunResult.PROBED: ExitCode.OK,
    RunResult.FAILED: ExitCode.ERROR,
    RunResult.CANCELLED: ExitCode.CANCELLED,
    RunResult.LOCKED: ExitCode.LOCKED,
}
_DECISIONS = frozenset({*(state.value for state in DECISIONS), "rollback_missing"})


def run(call: Call, direction: Direction) -> ExitCode:
    """Run `koonj apply` or `koonj rollback` and return the exit code.

    Raises:
        CommandError: the arguments, the settings or the folder cannot be used.
    """
    settings = call.settings()
    confirm = call.args.confirm
    if confirm is not None and confirm != settings.target.name:
        raise UsageError(
            f"--confirm {confirm} does not match the name of the target, {settings.target.name}."
        )
    reader = call.folder_reader(settings.migrations)
    request = _request(call, settings.target, reader, direction)
    return asyncio.run(_run(_RunDialogue(call, settings.target), reader, request, settings.scratch))


def _request(call: Call, target: Target, reader: FolderReader, direction: Direction) -> Request:
    args = call.args
    extent = Extent.ALL if args.all else Extent.NEXT if args.number is None else Extent.UP_TO
    return Request(
        direction=direction,
        extent=extent,
        number=_number(call, args, reader) if args.number is not None else None,
        allow=args.allow,
        reason=args.reason,
        assume_yes=args.yes or args.confirm == target.name,
        wait=args.wait,
        plan_only=args.plan,
        override=args.override,
        probe=args.probe,
        measure=_plan_is_read(call),
    )


def _plan_is_read(call: Call) -> bool:
    """Return whether a user can read the plan before anything is changed.

    Only then koonj measures the locks of the plan.
    """
    args = call.args
    confirmed = args.yes or args.confirm is not None
    return (args.plan or not confirmed) and not args.probe and switched(call.environ) is not False


def _number(call: Call, args: Namespace, reader: FolderReader) -> int:
    """Return the migration number of the argument.

    The file does not have to exist: the run also finds a number in the history.

    Raises:
        UsageError: no migration has the file name.
    """
    number = number_of(args.number)
    if not args.number.isdigit():
        folder = call.read_folder(reader.path)
        if args.command == "apply" or any(m.number == number for m in folder.migrations):
            find_migration(folder, args.number)
    return number


async def _run(
    dialogue: _RunDialogue, reader: FolderReader, request: Request, place: ScratchPlace
) -> ExitCode:
    async with Connector() as connector:
        started = start(connector, dialogue.target, reader, request, place)
        out, err = dialogue.call.out, dialogue.call.err
        last = await follow(started, dialogue.print_event, dialogue.answer, err, out.flush)
    assert isinstance(last, RunFinished)
    return dialogue.print_result(last)


@dataclass
class _RunDialogue:
    """Printer of the events of one run, which also answers its question."""

    call: Call
    target: Target
    cannot_ask: bool = field(default=False, init=False)
    """Whether the run asked a question and there was no terminal to ask in."""

    def __post_init__(self) -> None:
        self._text = RunText(self.call.marks, verbose=self.call.args.verbose)
        self._plan: tuple[str, ...] = ()

    def print_event(self, event: Event) -> None:
        """Print one event and flush."""
        out = self.call.out
        if out.as_json:
            out.event(event_to_plain(event))
            return
        if isinstance(event, PlanMade) and _is_unknown_number(event.plan.conflicts):
            return  # there is no plan to show, only the error at the end
        lines = tuple(self._text.lines(event))
        if isinstance(event, PlanMade):
            self._plan = lines
        out.lines(lines)

    async def answer(self, question: Question) -> str:
        """Return the user's answer; empty if there is nobody to ask."""
        call = self.call
        if call.args.confirm is not None:
            return question.expected  # `run` has checked that it is the target's name
        if call.out.as_json or not can_ask(call.err):
            self.cannot_ask = True
            return ""
        if not call.out.is_terminal:
            call.err.lines(self._plan)  # stdout is a file or a pipe: the user must see the plan here
        return await ask(question, call.err)

    def print_result(self, last: RunFinished) -> ExitCode:
        """Print how the run ended, and return the exit code."""
        err = self.call.err
        if last.failure is not None:
            err.failure(last.failure)
        match last.result:
            case RunResult.DONE | RunResult.NOTHING | RunResult.PROBED:
                if not self.call.out.as_json:
                    self.call.out.lines((last.message,))
            case RunResult.REFUSED if _is_unknown_number(last.conflicts):
                err.error(last.conflicts[0].message, last.conflicts[0].hint)
            case RunResult.REFUSED:
                err.conflicts(last.message, last.conflicts)
            case RunResult.DECLINED if self.cannot_ask:
                message = f"Confirmation required, but there is no terminal. {last.message}"
                err.error(message, self._how_to_confirm())
            case RunResult.FAILED if last.failure is not None:
                pass  # printed above
            case RunResult.FAILED | RunResult.LOCKED:
                err.error(last.message)
            case _:
                err.info(last.message)
        self._print_names(last)
        return self._code(last)

    def _print_names(self, last: RunFinished) -> None:
        """Print which migrations were committed and which were not run."""
        if last.result not in (RunResult.FAILED, RunResult.CANCELLED):
            return
        if last.committed:
            self.call.err.info(f"committed in this run: {', '.join(last.committed)}")
        if last.not_run:
            self.call.err.info(f"not run: {', '.join(last.not_run)}")

    def _how_to_confirm(self) -> str:
        if self.target.protected:
            return f"The target is protected. To confirm without a prompt, add --confirm {self.target.name}"
        return "To confirm without a prompt, add --yes"

    def _code(self, last: RunFinished) -> ExitCode:
        if last.result is RunResult.REFUSED:
            return _refused_code(last.conflicts)
        if last.result is RunResult.DECLINED:
            return ExitCode.USAGE if self.cannot_ask else ExitCode.ERROR
        return _CODES[last.result]


def _is_unknown_number(conflicts: Sequence[Conflict]) -> bool:
    return {conflict.state for conflict in conflicts} == {UNKNOWN_NUMBER}


def _refused_code(conflicts: Sequence[Conflict]) -> ExitCode:
    """Return the exit code of a run that these conflicts stopped."""
    states = {conflict.state for conflict in conflicts}
    if State.RUNNING in states:
        return ExitCode.LOCKED
    if states and states <= POLICY_STATES:
        return ExitCode.NOT_VERIFIED
    if states & _DECISIONS:
        return ExitCode.DECISION
    return ExitCode.USAGE if _is_unknown_number(conflicts) else ExitCode.ERROR
