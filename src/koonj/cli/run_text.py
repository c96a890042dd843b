"""What a run says, in lines for stdout."""

from collections.abc import Iterator

from koonj.cli.marks import StateMarks
from koonj.cli.plan_text import MANY, plan_lines
from koonj.humanize import count, duration, moment
from koonj.migrations.states import State
from koonj.postgres.advisory_lock import holder_words
from koonj.postgres.locks.trace import StatementTrace
from koonj.runner.rehearse.events import MigrationRehearsalStarted
from koonj.runner.rehearse.rehearsal_wording import lock_words
from koonj.runner.run.events import (
    DecisionRecorded,
    Direction,
    Event,
    LockAcquired,
    MigrationFailed,
    MigrationFinished,
    MigrationProbed,
    MigrationStarted,
    Notice,
    PlanMade,
    Retrying,
    RunStarted,
    StatementFinished,
    StatementStarted,
    WaitingForLock,
)

_SLOW = 1.0
"""Seconds from which on a statement's time is worth a line."""


class RunText:
    """Turns the events of one run into lines, one after the other."""

    def __init__(self, marks: StateMarks, *, verbose: bool) -> None:
        self._marks = marks
        self._verbose = verbose
        self._planned = False
        self._waited = False
        self._probe = False

    def lines(self, event: Event) -> Iterator[str]:
        """The lines of one event; most have one, some none."""
        match event:
            case RunStarted() | PlanMade():
                yield from self._opening(event)
            case MigrationRehearsalStarted():
                yield f"Rehearsing {event.index} of {event.of}: {event.name}"
            case WaitingForLock():
                self._waited = True
                yield _waiting(event)
            case LockAcquired() if self._waited:
                yield f"Got the lock after {duration(event.seconds)}."
            case DecisionRecorded():
                name = event.name or "the folder"
                yield f"{self._marks.of(State.APPLIED)} recorded  {event.state} {name}: {event.reason}"
            case MigrationStarted() | MigrationFinished() | MigrationProbed() | MigrationFailed():
                yield self._migration(event)
            case StatementStarted() | StatementFinished():
                yield from self._statement(event)
            case Notice():
                yield from _notice(event)
            case Retrying():
                yield from _retrying(event)
            case _:
                return

    def _opening(self, event: RunStarted | PlanMade) -> Iterator[str]:
        if isinstance(event, RunStarted):
            self._probe = event.probe
            return
        if self._planned:
            yield "Meanwhile the plan has become another:"
        self._planned = True
        yield from plan_lines(event.plan, verbose=self._verbose)

    def _migration(
        self, event: MigrationStarted | MigrationFinished | MigrationProbed | MigrationFailed
    ) -> str:
        match event:
            case MigrationStarted():
                verb = "Applying" if event.direction is Direction.APPLY else "Rolling back"
                if self._probe:
                    verb = f"Probe, {verb.lower()}"
                return f"{verb} {event.index} of {event.of}: {event.name}"
            case MigrationFinished():
                up = event.direction is Direction.APPLY
                mark = self._marks.of(State.APPLIED if up else State.PENDING)
                word = "applied" if up else "rolled back"
                told = f"{count(event.statements, 'statement')}, {duration(event.seconds)}"
                return f"{mark} {word}  {event.name}  {told}"
            case MigrationProbed():
                return f"{self._marks.of(State.PENDING)} probed  {_probed(event)}"
            case MigrationFailed():
                return f"{self._marks.of(State.FAILED)} failed  {event.failure.name}"

    def _statement(self, event: StatementStarted | StatementFinished) -> Iterator[str]:
        which = f"statement {event.index} of {event.of}"
        if isinstance(event, StatementStarted):
            if event.of <= MANY or self._verbose:
                yield f"  {which}, line {event.line}: {event.summary}"
        elif event.seconds >= _SLOW:
            yield f"  {which} took {duration(event.seconds)}: {event.command_tag}"


def _probed(event: MigrationProbed) -> str:
    took = f"{count(event.statements, 'statement')}, {duration(event.seconds)}"
    held = StatementTrace(0, 0, "", in_transaction=True, seconds=event.seconds, locks=event.locks)
    locks = "; ".join(lock_words(held)) or "none that is new, on what was there before"
    return f"{event.name}  {took}; locks: {locks}"


def _waiting(event: WaitingForLock) -> str:
    since = event.holder.since if event.holder else None
    told = f", connected since {moment(since)}" if since is not None else ""
    waited = f"; {duration(event.seconds)} so far" if event.seconds >= 1 else ""
    return f"Waiting for the target's lock, held by {holder_words(event.holder)}{told}{waited}"


def _retrying(event: Retrying) -> Iterator[str]:
    yield f"  rolled back: {event.message} (SQLSTATE {event.sqlstate})"
    yield f"  trying again in {duration(event.delay)}: attempt {event.attempt} of {event.of}"


def _notice(event: Notice) -> Iterator[str]:
    for label, text in ((event.severity, event.message), ("DETAIL", event.detail), ("HINT", event.hint)):
        if text:
            first, *rest = text.split("\n")
            yield f"  {label}: {first}"
            yield from (f"      {line}" for line in rest)
