"""Format the events of an apply or rollback as lines of text."""

from collections.abc import Iterator

from koonj.cli.marks import StateMarks
from koonj.cli.plan_text import MANY, plan_lines
from koonj.humanize import count, duration, moment
from koonj.migrations.states import State
from koonj.postgres.locks.trace import StatementTrace
from koonj.postgres.run_name import SHORT_ID
from koonj.runner.evidence.interruption_wording import settled_words
from koonj.runner.rehearse.events import MigrationRehearsalStarted, WaitingForScratch
from koonj.runner.rehearse.rehearsal_wording import lock_words, waiting_for_scratch_words
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import (
    CancelAsked,
    DecisionRecorded,
    Event,
    InterruptionSettled,
    MigrationFailed,
    MigrationFinished,
    MigrationProbed,
    MigrationStarted,
    MigrationUncommitted,
    Notice,
    PlanMade,
    Progress,
    RepairStarted,
    Retrying,
    RunMoved,
    RunStarted,
    StatementFinished,
    StatementStarted,
)
from koonj.runner.run.holder_state import HolderState
from koonj.runner.run.lock_events import (
    Blocked,
    BlockerEnded,
    BlockerNotEnded,
    LockAcquired,
    TimedTry,
    TryReason,
    Unblocked,
    WaitingForLock,
)
from koonj.runner.run.lock_holder_wording import holder_of, lock_name
from koonj.runner.run.lock_wait_wording import awaited_words, blocker_lines, try_words, wait_words
from koonj.runner.run.progress_wording import progress_words
from koonj.runner.run.unblock_wording import done_words, not_done_words, silence_words
from koonj.sql.display import spaced

_PROGRESS = 10.0
"""Seconds between two lines about the progress in one phase."""
_SLOW = 1.0
"""Seconds; a statement that took at least this long gets a line with its duration."""


class RunText:
    """Formatter of the events of one run, in their order."""

    def __init__(self, marks: StateMarks, *, verbose: bool) -> None:
        self._marks = marks
        self._verbose = verbose
        self._planned = False
        self._waited = False
        self._probe = False
        self._phase: tuple[str, int, str, str] | None = None
        self._phase_shown = 0.0
        self._tried: set[tuple[str, TryReason]] = set()
        self._silent: tuple[int | None, HolderState] | None = None

    def lines(self, event: Event) -> Iterator[str]:
        """Yield the lines of one event; most have one, some none."""
        match event:
            case RunStarted() | PlanMade():
                yield from self._opening(event)
            case (
                MigrationRehearsalStarted()
                | WaitingForScratch()
                | RunMoved()
                | CancelAsked()
                | RepairStarted()
            ):
                yield _announcement(event)
            case WaitingForLock():
                self._waited = True
                yield _waiting(event)
                yield from self._silence(event)
            case LockAcquired() if self._waited:
                yield f"Acquired the lock after {duration(event.seconds)}."
            case DecisionRecorded() | InterruptionSettled():
                yield f"{self._marks.for_state(State.APPLIED)} recorded  {_recorded(event)}"
            case (
                MigrationStarted()
                | MigrationFinished()
                | MigrationUncommitted()
                | MigrationProbed()
                | MigrationFailed()
            ):
                yield self._migration(event)
            case StatementStarted() | StatementFinished():
                yield from self._statement(event)
            case Blocked() | Unblocked() | TimedTry() | Progress() | BlockerEnded() | BlockerNotEnded():
                yield from self._watched(event)
            case Notice() | Retrying():
                yield from _notice(event) if isinstance(event, Notice) else _retrying(event)
            case _:
                return

    def _silence(self, event: WaitingForLock) -> Iterator[str]:
        """Yield once for each lock holder that it does nothing, and what to do about that."""
        silence, pid = silence_words(event.holder, event.state), event.holder.pid if event.holder else None
        if silence and self._silent != (pid, event.state):
            self._silent = pid, event.state
            yield f"  {silence}"
            if event.hint:
                yield f"  {event.hint}"

    def _timed_try(self, event: TimedTry) -> Iterator[str]:
        """Yield that a try queues; of a migration whose blockers overlap, only the first time."""
        key = (event.name, event.reason)
        if event.reason is not TryReason.OVERLAP or key not in self._tried:
            yield f"  {try_words(event)}"
        self._tried.add(key)

    def _watched(
        self, event: Blocked | Unblocked | TimedTry | Progress | BlockerEnded | BlockerNotEnded
    ) -> Iterator[str]:
        """Yield who is in the way; of the progress, a line for another phase, or if the last one is old."""
        if isinstance(event, (Blocked, Unblocked)):
            yield from _blocked(event)
            return
        if isinstance(event, TimedTry):
            yield from self._timed_try(event)
            return
        if isinstance(event, (BlockerEnded, BlockerNotEnded)):
            yield f"  {_unblock(event)}"
            return
        phase = (event.name, event.statement, event.relation, event.phase)
        at = event.at.timestamp()
        if self._phase != phase or at - self._phase_shown >= _PROGRESS:
            self._phase, self._phase_shown = phase, at
            yield f"  {progress_words(event)}"

    def _opening(self, event: RunStarted | PlanMade) -> Iterator[str]:
        if isinstance(event, RunStarted):
            self._probe = event.probe
            return
        if self._planned:
            yield "The plan has changed while waiting for the lock:"
        self._planned = True
        yield from plan_lines(event.plan, verbose=self._verbose, marks=self._marks)

    def _migration(
        self,
        event: MigrationStarted
        | MigrationFinished
        | MigrationUncommitted
        | MigrationProbed
        | MigrationFailed,
    ) -> str:
        match event:
            case MigrationStarted():
                applies = event.direction is Direction.APPLY
                if self._probe:
                    verb = "Probing" if applies else "Probing the rollback,"
                else:
                    verb = "Applying" if applies else "Rolling back"
                return f"{verb} {event.index} of {event.of}: {event.name}"
            case MigrationFinished():
                applies = event.direction is Direction.APPLY
                mark = self._marks.for_state(State.APPLIED if applies else State.PENDING)
                word = "applied" if applies else "rolled back"
                details = f"{count(event.statements, 'statement')}, {duration(event.seconds)}"
                return f"{mark} {word}  {event.name}  {details}"
            case MigrationUncommitted():
                details = f"{count(event.statements, 'statement')}, {duration(event.seconds)}"
                return (
                    f"{self._marks.for_state(State.PENDING)} ran, not committed yet  {event.name}  {details}"
                )
            case MigrationProbed():
                return f"{self._marks.for_state(State.PENDING)} probed  {_probed(event)}"
            case MigrationFailed():
                return f"{self._marks.for_state(State.FAILED)} failed  {event.failure.name}"

    def _statement(self, event: StatementStarted | StatementFinished) -> Iterator[str]:
        which = f"statement {event.index} of {event.of}"
        if isinstance(event, StatementStarted):
            if event.of <= MANY or self._verbose:
                yield f"  {which}, line {event.line}: {event.summary}"
        elif event.seconds >= _SLOW:
            yield f"  {which} took {duration(event.seconds)}: {event.command_tag}"


def _recorded(event: DecisionRecorded | InterruptionSettled) -> str:
    if isinstance(event, InterruptionSettled):
        return f"{event.name}: {settled_words(event)}"
    return f"allow {spaced(event.state)} {event.name or 'the folder'}: {event.reason}"


def _unblock(event: BlockerEnded | BlockerNotEnded) -> str:
    return done_words(event) if isinstance(event, BlockerEnded) else not_done_words(event)


def _probed(event: MigrationProbed) -> str:
    took = f"{count(event.statements, 'statement')}, {duration(event.seconds)}"
    held = StatementTrace(0, 0, "", in_transaction=True, seconds=event.seconds, locks=event.locks)
    locks = "; ".join(lock_words(held)) or "no new ones on relations that existed before the probe"
    return f"{event.name}  {took}; locks: {locks}"


def _announcement(
    event: MigrationRehearsalStarted | WaitingForScratch | RunMoved | CancelAsked | RepairStarted,
) -> str:
    match event:
        case RunMoved():
            short = event.run_id[:SHORT_ID]
            return f"Run {short} continues in its own process. To come back to it: koonj attach {short}"
        case CancelAsked():
            return f"{event.who} cancels the run."
        case RepairStarted():
            return f"Repairing {event.name}: {'; '.join(event.commands)}"
        case MigrationRehearsalStarted():
            return f"Rehearsing {event.index} of {event.of}: {event.name}"
        case WaitingForScratch():
            words = waiting_for_scratch_words(event.holder, event.seconds)
            return f"{words[0].upper()}{words[1:]}"


def _waiting(event: WaitingForLock) -> str:
    since = event.holder.since if event.holder else None
    connected = f", connected since {moment(since)}" if since is not None else ""
    waited = f"; {duration(event.seconds)} so far" if event.seconds >= 1 else ""
    return f"Waiting for {lock_name(event.lock)}, held by {holder_of(event)}{connected}{waited}"


def _blocked(event: Blocked | Unblocked) -> Iterator[str]:
    if isinstance(event, Unblocked):
        yield f"  no longer blocked, after {duration(event.seconds)}"
        return
    yield f"  {wait_words(event, event.lock.seconds)}"
    yield from (f"    {line}" for line in blocker_lines(event.lock))
    if event.hint:
        yield f"    {event.hint}"


def _retrying(event: Retrying) -> Iterator[str]:
    yield f"  rolled back: {event.message} (SQLSTATE {event.sqlstate})"
    if event.waited_for is not None:
        yield f"  it waited for {awaited_words(event.waited_for)}"
        yield from (f"    {line}" for line in blocker_lines(event.waited_for))
    yield f"  retrying in {duration(event.delay)} (attempt {event.attempt} of {event.of})"


def _notice(event: Notice) -> Iterator[str]:
    for label, text in ((event.severity, event.message), ("DETAIL", event.detail), ("HINT", event.hint)):
        if text:
            first, *rest = text.split("\n")
            yield f"  {label}: {first}"
            yield from (f"      {line}" for line in rest)
