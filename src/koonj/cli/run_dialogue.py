"""Print the events of a run, answer its question, and choose its exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from koonj.cli.diagnostics import ExitCode
from koonj.cli.invocation import Call
from koonj.cli.prompt import ask, can_ask
from koonj.cli.run_text import RunText
from koonj.migrations.states import State
from koonj.runner.impact.gate import POLICY_STATES
from koonj.runner.plan.selection import DECISIONS, UNKNOWN_NUMBER
from koonj.runner.run.cancel_wording import cancel_words
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.event_codec import event_to_plain
from koonj.runner.run.events import Event, JournalBroken, PlanMade, Question, RunFinished, RunResult
from koonj.runner.run.run_place import RunPlace

_CODES = {
    RunResult.DONE: ExitCode.OK,
    RunResult.NOTHING: ExitCode.OK,
    RunResult.PROBED: ExitCode.OK,
    RunResult.FAILED: ExitCode.ERROR,
    RunResult.CANCELLED: ExitCode.CANCELLED,
    RunResult.LOCKED: ExitCode.LOCKED,
}
_DECISIONS = frozenset({*(state.value for state in DECISIONS), "rollback_missing"})


@dataclass
class RunDialogue:
    """Printer of the events of one run, which also answers its question."""

    call: Call
    protected: str = ""
    """Name of the target, if it is protected."""
    cannot_ask: bool = field(default=False, init=False)
    """Whether the run asked a question and there was no terminal to ask in."""

    def __post_init__(self) -> None:
        self._text = RunText(self.call.marks, verbose=getattr(self.call.args, "verbose", False))
        self._plan: tuple[str, ...] = ()
        self._place = RunPlace()
        self._only_id = getattr(self.call.args, "detach", False)

    def cancel_lines(self) -> tuple[str, ...]:
        """Return what cancelling the run does and leaves now."""
        return cancel_words(self._place)

    def print_event(self, event: Event) -> None:
        """Print one event and flush."""
        out = self.call.out
        self._place = self._place.after(event)
        if out.as_json:
            out.event(event_to_plain(event))
            return
        if isinstance(event, PlanMade) and _is_unknown_number(event.plan.conflicts):
            return  # there is no plan to show, only the error at the end
        if self._only_id or isinstance(event, JournalBroken):
            return
        lines = tuple(self._text.lines(event))
        if isinstance(event, PlanMade):
            self._plan = lines
        out.lines(lines)

    async def answer(self, question: Question) -> str:
        """Return the user's answer; empty if there is nobody to ask."""
        call = self.call
        if call.args.confirm is not None:
            return question.expected  # `run` has checked that it is the target's name
        if call.out.as_json or self._only_id or not can_ask(call.err):
            self.cannot_ask = True
            return ""
        if not call.out.is_terminal:
            call.err.lines(self._plan)  # stdout is a file or a pipe: the user must see the plan here
        return await ask(question, call.err)

    def print_broken(self, last: JournalBroken) -> None:
        """Print that the process of the run ended without a result."""
        from koonj.runner.process.process_wording import broken_words  # noqa: PLC0415 - only of a run that is followed

        self.call.err.error(*broken_words(last))

    def print_result(self, last: Event) -> ExitCode:
        """Print how the run ended, and return the exit code."""
        assert isinstance(last, RunFinished)
        err = self.call.err
        if last.failure is not None:
            err.failure(last.failure)
        match last.result:
            case RunResult.DONE | RunResult.NOTHING | RunResult.PROBED:
                self._print_success(last.message)
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

    def _print_success(self, message: str) -> None:
        if self._only_id:
            self.call.err.info(message)  # stdout is for the id
        elif not self.call.out.as_json:
            self.call.out.lines((message,))

    def _print_names(self, last: RunFinished) -> None:
        """Print which migrations were committed and which were not run."""
        if last.result not in (RunResult.FAILED, RunResult.CANCELLED):
            return
        if last.committed:
            self.call.err.info(f"committed in this run: {', '.join(last.committed)}")
        if last.rolled_back:
            self.call.err.info(f"ran and rolled back: {', '.join(last.rolled_back)}")
        if last.not_run:
            self.call.err.info(f"not run: {', '.join(last.not_run)}")

    def _how_to_confirm(self) -> str:
        if self.protected:
            return f"The target is protected. To confirm without a prompt, add --confirm {self.protected}"
        return "To confirm without a prompt, add --yes"

    def _code(self, last: RunFinished) -> ExitCode:
        if last.result is RunResult.REFUSED:
            return refused_code(last.conflicts)
        if last.result is RunResult.DECLINED:
            return ExitCode.USAGE if self.cannot_ask else ExitCode.ERROR
        return _CODES[last.result]


def _is_unknown_number(conflicts: Sequence[Conflict]) -> bool:
    return {conflict.state for conflict in conflicts} == {UNKNOWN_NUMBER}


def refused_code(conflicts: Sequence[Conflict]) -> ExitCode:
    """Return the exit code of a run that these conflicts stopped."""
    states = {conflict.state for conflict in conflicts}
    if State.RUNNING in states:
        return ExitCode.LOCKED
    if states and states <= POLICY_STATES:
        return ExitCode.NOT_VERIFIED
    if states & _DECISIONS:
        return ExitCode.DECISION
    return ExitCode.USAGE if _is_unknown_number(conflicts) else ExitCode.ERROR
