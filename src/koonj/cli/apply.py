"""Apply and roll back: a run, its words, and what its end means for the shell."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field

from koonj.cli.diagnostics import ExitCode, UsageError
from koonj.cli.follow import follow
from koonj.cli.invocation import Call, found, number_of
from koonj.cli.prompt import ask, can_ask
from koonj.cli.run_text import RunText
from koonj.cli.shapes import event_shape
from koonj.config import ScratchPlace, Target
from koonj.config.rehearsal import switched
from koonj.migrations.folder import FolderReader
from koonj.postgres.connector import Connector
from koonj.runner.impact.gate import LOSSY, NOT_VERIFIED
from koonj.runner.plan.selection import DECISIONS
from koonj.runner.run.events import Conflict, Direction, Event, PlanMade, Question, RunFinished, RunResult
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
_NOT_VERIFIED = frozenset({NOT_VERIFIED, LOSSY})
_DECISIONS = frozenset({*(state.value for state in DECISIONS), "rollback_missing"})


def run(call: Call, direction: Direction) -> ExitCode:
    """One apply or rollback, from the arguments to the exit code. Raises CommandError."""
    settings = call.settings()
    confirm = call.args.confirm
    if confirm is not None and confirm != settings.target.name:
        raise UsageError(f"--confirm {confirm}: the target is {settings.target.name}.")
    reader = call.reader(settings.migrations)
    request = _request(call, settings.target, reader, direction)
    return asyncio.run(_run(_Conversation(call, settings.target), reader, request, settings.scratch))


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
        measure=_is_read(call),
    )


def _is_read(call: Call) -> bool:
    """Does a person look at the plan before anything happens? Then it is worth measuring."""
    args = call.args
    answered = args.yes or args.confirm is not None
    return (args.plan or not answered) and not args.probe and switched(call.environ) is not False


def _number(call: Call, args: Namespace, reader: FolderReader) -> int:
    """A name must be a file's; of a rollback the file may be gone: the run looks its number up."""
    number = number_of(args.number)
    if not args.number.isdigit():
        folder = call.folder(reader.path)
        if args.command == "apply" or any(m.number == number for m in folder.migrations):
            found(folder, args.number)
    return number


async def _run(
    conversation: _Conversation, reader: FolderReader, request: Request, place: ScratchPlace
) -> ExitCode:
    async with Connector() as connector:
        started = start(connector, conversation.target, reader, request, place)
        out, err = conversation.call.out, conversation.call.err
        last = await follow(started, conversation.tell, conversation.answer, err, out.flush)
    assert isinstance(last, RunFinished)
    return conversation.end(last)


@dataclass
class _Conversation:
    """What one run says to a person or a program, and what it is answered."""

    call: Call
    target: Target
    nobody: bool = field(default=False, init=False)
    """A question came, and nobody could answer it."""

    def __post_init__(self) -> None:
        self._text = RunText(self.call.marks, verbose=self.call.args.verbose)
        self._plan: tuple[str, ...] = ()

    def tell(self, event: Event) -> None:
        """Write one event, at once."""
        out = self.call.out
        if out.as_json:
            out.event(event_shape(event))
            return
        lines = tuple(self._text.lines(event))
        if isinstance(event, PlanMade):
            self._plan = lines
        out.lines(lines)

    async def answer(self, question: Question) -> str:
        """The person's answer, or one that is none."""
        call = self.call
        if call.args.confirm is not None:
            return question.expected  # it is the target's name: looked at before the run
        if call.out.as_json or not can_ask(call.err):
            self.nobody = True
            return ""
        if not call.out.is_terminal:
            call.err.lines(self._plan)  # nobody says yes to a plan that went into a file
        return await ask(question, call.err)

    def end(self, last: RunFinished) -> ExitCode:
        """Say how it ended; the exit code."""
        err = self.call.err
        if last.failure is not None:
            err.failure(last.failure)
        match last.result:
            case RunResult.DONE | RunResult.NOTHING | RunResult.PROBED:
                if not self.call.out.as_json:
                    self.call.out.lines((last.message,))
            case RunResult.REFUSED:
                err.conflicts(last.message, last.conflicts)
            case RunResult.DECLINED if self.nobody:
                err.error(f"{last.message} Nobody is here to answer the question.", self._how())
            case RunResult.FAILED if last.failure is not None:
                pass  # said above
            case RunResult.FAILED | RunResult.LOCKED:
                err.error(last.message)
            case _:
                err.say(last.message)
        self._rest(last)
        return self._code(last)

    def _rest(self, last: RunFinished) -> None:
        if last.result not in (RunResult.FAILED, RunResult.CANCELLED):
            return
        if last.committed:
            self.call.err.say(f"committed in this run: {', '.join(last.committed)}")
        if last.not_run:
            self.call.err.say(f"not tried: {', '.join(last.not_run)}")

    def _how(self) -> str:
        if self.target.protected:
            return f"The target is protected; to go on without a question: --confirm {self.target.name}"
        return "To go on without a question: --yes"

    def _code(self, last: RunFinished) -> ExitCode:
        if last.result is RunResult.REFUSED:
            return _stopped(last.conflicts)
        if last.result is RunResult.DECLINED:
            return ExitCode.USAGE if self.nobody else ExitCode.ERROR
        return _CODES[last.result]


def _stopped(conflicts: Sequence[Conflict]) -> ExitCode:
    states = {conflict.state for conflict in conflicts}
    if states and states <= _NOT_VERIFIED:
        return ExitCode.NOT_VERIFIED
    if states & _DECISIONS:
        return ExitCode.DECISION
    return ExitCode.USAGE if states == {"unknown_number"} else ExitCode.ERROR
