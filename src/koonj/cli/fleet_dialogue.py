"""Print the events of a run on several targets, answer its questions, and choose its exit code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from koonj.cli.diagnostics import ExitCode
from koonj.cli.failure_text import conflict_lines, failure_lines, failure_title
from koonj.cli.fleet_text import fleet_plan_lines, result_lines
from koonj.cli.invocation import Call
from koonj.cli.prompt import ask, can_ask
from koonj.cli.run_dialogue import refused_code
from koonj.cli.run_text import RunText
from koonj.humanize import count, duration
from koonj.runner.fleet.cancel_wording import now_words
from koonj.runner.fleet.result_table import committed_words
from koonj.runner.fleet.wording import outcome_words
from koonj.runner.process.process_wording import broken_words
from koonj.runner.rehearse.events import MigrationRehearsalStarted, WaitingForScratch
from koonj.runner.run.direction import Direction
from koonj.runner.run.event_codec import event_to_plain
from koonj.runner.run.events import (
    CancelAsked,
    Event,
    JournalBroken,
    PlanMade,
    Question,
    QuestionKind,
    Retrying,
    RunMoved,
    RunResult,
)
from koonj.runner.run.fleet_events import (
    FleetFinished,
    FleetPlanned,
    Outcome,
    TargetFinished,
    TargetResult,
    WaveStarted,
)
from koonj.runner.run.lock_events import Blocked, WaitingForLock
from koonj.runner.run.planned import Plan
from koonj.runner.run.target_event import TargetEvent

_CODES = {
    Outcome.FAILED: ExitCode.ERROR,
    Outcome.UNREACHABLE: ExitCode.ERROR,
    Outcome.LOCKED: ExitCode.LOCKED,
    Outcome.CANCELLED: ExitCode.CANCELLED,
}
_BY_WEIGHT = (
    ExitCode.ERROR,
    ExitCode.DECISION,
    ExitCode.NOT_VERIFIED,
    ExitCode.USAGE,
    ExitCode.LOCKED,
    ExitCode.CANCELLED,
)
"""Exit codes of targets that do not have all migrations, the most important first."""
_TOLD = (MigrationRehearsalStarted, WaitingForScratch, WaitingForLock, Blocked, Retrying)
"""Events of a target's own run that are worth a line among those of many others."""


@dataclass
class FleetDialogue:
    """Printer of the events of a run on several targets, which also answers its questions."""

    call: Call
    cannot_ask: bool = field(default=False, init=False)
    """Whether there was a question and no terminal to ask in."""

    def __post_init__(self) -> None:
        self._verbose = getattr(self.call.args, "verbose", False)
        self._only_id = getattr(self.call.args, "detach", False)
        self._texts: dict[str, RunText] = {}
        self._plans: dict[str, Plan] = {}
        self._planned = self._has_run = False
        self._direction = Direction.APPLY
        self._unread: tuple[str, ...] = ()
        self._running: list[str] = []
        self._waiting: set[str] = set()
        self._protected: tuple[str, ...] = ()

    def print_event(self, event: Event) -> None:
        """Print one event and flush."""
        self._keep(event)
        out = self.call.out
        if out.as_json and isinstance(event, TargetEvent):
            plain = event_to_plain(event.event)
            out.event({"event": plain.pop("event"), "at": plain.pop("at"), "target": event.target, **plain})
        elif out.as_json:
            out.event(event_to_plain(event))
        elif not self._only_id:
            out.lines(self._lines(event))

    def _keep(self, event: Event) -> None:
        match event:
            case TargetEvent(event=PlanMade() as made):
                self._plans[event.target] = made.plan
            case TargetEvent() if event.target in self._waiting:
                self._waiting.discard(event.target)
                self._running.append(event.target)
            case FleetPlanned():
                self._direction = event.direction
                ready = [one for one in event.targets if one.outcome is Outcome.PLANNED]
                self._waiting = {one.target for one in ready}
                self._protected = tuple(one.target for one in ready if one.protected)
            case WaveStarted():
                self._has_run = True
            case TargetFinished() if event.result.target in self._running:
                self._running.remove(event.result.target)

    def _lines(self, event: Event) -> Iterator[str]:
        marks = self.call.marks
        match event:
            case FleetPlanned():
                plan = tuple(fleet_plan_lines(event, self._plans, marks, verbose=self._verbose))
                self._planned, self._unread = True, plan
                yield from (*plan, "")
            case WaveStarted():
                yield f"Wave {event.number} of {event.of}: {count(len(event.targets), 'target')}"
            case RunMoved() | CancelAsked():
                yield from RunText(marks, verbose=False).lines(event)
            case TargetEvent() if isinstance(event.event, _TOLD) or (self._verbose and self._planned):
                text = self._texts.setdefault(event.target, RunText(marks, verbose=True))
                yield from (f"  {event.target}: {line.strip()}" for line in text.lines(event.event))
            case TargetFinished():
                yield f"  {_finished(event.result)}"
            case _:
                return

    def cancel_lines(self) -> tuple[str, ...]:
        """Return what cancelling does now."""
        if not self._planned:
            return ()
        return (now_words(sorted(self._running), len(self._waiting)),)

    async def answer(self, question: Question) -> str:
        """Return the user's answer; empty if there is nobody to ask."""
        call = self.call
        if question.kind is QuestionKind.TYPED and question.expected in call.args.confirmed:
            return question.expected
        if call.out.as_json or self._only_id or not can_ask(call.err):
            self.cannot_ask = True
            return ""
        if not call.out.is_terminal:
            call.err.lines(self._unread)  # stdout is a file or a pipe: the user must see the plan here
            self._unread = ()  # not again before the next question
        return await ask(question, call.err)

    def print_broken(self, last: JournalBroken) -> None:
        """Print that the process of the runs ended without a result, and what is known of each target."""
        message, hint = broken_words(last, of_targets=True)
        self.call.err.error(" ".join((message, *self._unfinished())), hint)

    def _unfinished(self) -> Iterator[str]:
        if self._running:
            yield f"Running when it ended: {', '.join(self._running)}."
        if self._waiting:
            yield f"Not started: {', '.join(sorted(self._waiting))}."

    def print_result(self, last: Event) -> ExitCode:
        """Print why targets failed, the table of results and the end. Return the exit code."""
        assert isinstance(last, FleetFinished)
        out, err = self.call.out, self.call.err
        code = self._code(last)
        for one in last.targets:
            self._print_reason(one)
        if self._has_run and last.targets and not (out.as_json or self._only_id):
            out.lines(("", *result_lines(last.targets, self._direction, self.call.marks), ""))
        if self.cannot_ask:
            message = f"Confirmation required, but there is no terminal. {last.message}"
            err.error(message, self._how_to_confirm())
        elif last.result in {RunResult.FAILED, RunResult.REFUSED}:
            err.error(last.message)
        elif last.result in {RunResult.CANCELLED, RunResult.DECLINED}:
            err.info(last.message)
        elif self._only_id:
            err.info(last.message)  # stdout is for the id
        elif not out.as_json:
            out.lines((last.message,))
        return code

    def _print_reason(self, one: TargetResult) -> None:
        err = self.call.err
        if one.failure is not None and one.failure.name:
            err.error(f"{one.target}: {failure_title(one.failure)}")
            err.lines(f"    {line}" for line in failure_lines(one.failure))
        elif one.failure is not None:  # of the target: its message has the name
            err.error(one.failure.message, "\n".join(one.failure.next_steps))
        elif one.outcome in {Outcome.REFUSED, Outcome.LOCKED, Outcome.FAILED}:
            err.error(f"{one.target}: {one.message}")
            err.lines(f"    {line}" for conflict in one.conflicts for line in conflict_lines(conflict))

    def _how_to_confirm(self) -> str:
        args = self.call.args
        missing = [name for name in self._protected if name not in args.confirmed]
        yes = [] if args.yes or len(self._protected) == len(self._waiting) else ["--yes"]
        return f"To confirm without a prompt, add {' '.join([*yes, *(f'--confirm {n}' for n in missing)])}"

    def _code(self, last: FleetFinished) -> ExitCode:
        if last.result is RunResult.DECLINED:
            return ExitCode.USAGE if self.cannot_ask else ExitCode.ERROR
        if last.result is RunResult.CANCELLED:
            return ExitCode.CANCELLED
        codes = {_code_of(one) for one in last.targets}
        return next((code for code in _BY_WEIGHT if code in codes), ExitCode.OK)


def _code_of(one: TargetResult) -> ExitCode:
    if one.outcome is Outcome.REFUSED:
        return refused_code(one.conflicts)
    return _CODES.get(one.outcome, ExitCode.OK)


def _finished(one: TargetResult) -> str:
    return f"{one.target}: {outcome_words(one)} {committed_words(one)}, {duration(one.seconds)}"
