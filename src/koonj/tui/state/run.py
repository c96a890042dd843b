"""State of a run: its events, folded one by one into a frozen value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType
from typing import Any

from koonj.humanize import count, duration
from koonj.migrations.states import State
from koonj.postgres.advisory_lock import holder_words
from koonj.postgres.blockers import Blocker
from koonj.runner.evidence.interruption_wording import settled_words
from koonj.runner.rehearse.events import MigrationRehearsalStarted, WaitingForScratch
from koonj.runner.rehearse.rehearsal_wording import waiting_for_scratch_words
from koonj.runner.run import events, lock_events
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, RunResult
from koonj.runner.run.failure import Failure
from koonj.runner.run.lock_wait_wording import awaited_words, blocker_lines
from koonj.runner.run.planned import Plan
from koonj.runner.run.run_place import RunPlace
from koonj.runner.run.unblock_wording import as_blocker, done_words, not_done_words, silence_words
from koonj.sql.display import shortened, spaced
from koonj.tui.state.log_line import LogLine, Tone

SLOW = 1.0
"""Seconds from which on a statement has a log line although it commits nothing by itself."""
LOG_LIMIT = 2_000
"""Number of log lines that are kept. The first lines of a longer log are dropped and counted."""


class RunStage(StrEnum):
    """Stage of a run, as far as it decides how much space its pane gets."""

    REST = "rest"
    """No run, or one that waits for confirmation."""
    WORK = "work"
    DONE = "done"
    """Ended without an error or a conflict."""
    TO_READ = "to read"
    """Ended with an error or a conflict, which the user should read."""


@dataclass(frozen=True, slots=True)
class RunView:
    """State of a run after its events so far."""

    target: str
    direction: Direction
    started: float
    """Start in Unix seconds."""
    confirmed: float | None = None
    """Time in Unix seconds at which the user confirmed the plan; None before that."""
    has_lock: bool = False
    """Whether this run holds the koonj lock."""
    done: int = 0
    """Number of migrations that are committed."""
    ran: int = 0
    """Number of migrations of a batch that ran in its transaction; none is committed before its end."""
    rehearsing: MigrationRehearsalStarted | None = None
    """Migration that is being rehearsed for the plan."""
    plan: Plan | None = None
    migration: events.MigrationStarted | None = None
    """Migration that is running."""
    statement: events.StatementStarted | None = None
    """Statement that is running."""
    waiting: lock_events.WaitingForLock | None = None
    scratch_wait: WaitingForScratch | None = None
    """The other koonj process for which the rehearsal of the plan waits."""
    asking: bool = False
    blocked: lock_events.Blocked | None = None
    """The lock that the running statement waits for."""
    progress: events.Progress | None = None
    """How far the running statement is."""
    retrying: events.Retrying | None = None
    cancelling: bool = False
    log: tuple[LogLine, ...] = ()
    dropped_lines: int = 0
    """Number of log lines that were dropped."""
    finished: events.RunFinished | None = None
    broken: events.JournalBroken | None = None
    """The process of the run ended without a result."""
    ended: float | None = None
    """End in Unix seconds; None while the run is in progress."""
    closed: bool = False
    """Whether the user closed the result. The log is kept until the next run."""
    settling: str = ""
    """Migration about whose interruption it carries out a decision; empty for an apply or a rollback."""

    @property
    def running(self) -> bool:
        """Whether the run is in progress."""
        return self.ended is None

    @property
    def place(self) -> RunPlace:
        """Where the run is."""
        return RunPlace(self.direction, self.settling, self.plan, self.done, self.migration, self.statement)

    @property
    def in_the_way(self) -> tuple[Blocker, ...]:
        """The sessions that the run waits for, as far as it knows them."""
        if self.blocked is not None:
            return self.blocked.lock.blockers
        holder = None if self.waiting is None else self.waiting.holder
        return () if holder is None else (as_blocker(holder),)

    @property
    def failure(self) -> Failure | None:
        """Failure of the run; None if it did not fail."""
        return self.finished.failure if self.finished else None

    @property
    def stopped_at(self) -> str | None:
        """Migration that failed, or whose conflict the user decides about first; None for none."""
        if self.failure is not None:
            return self.failure.name
        conflicts = () if self.finished is None else self.finished.conflicts
        return interrupted_name(conflicts) or next((c.name for c in conflicts if c.name), None)

    @property
    def has_problem(self) -> bool:
        """Whether the run ended with an error, with a conflict or without a result."""
        if self.running:
            return False
        if self.finished is None or self.finished.result in _TO_READ:
            return True
        return self.finished.failure is not None or bool(self.finished.conflicts)

    @property
    def stage(self) -> RunStage:
        """Stage of the run; one that only asks for confirmation needs no space."""
        if self.running:
            at_work = self.migration is not None or self.waiting is not None or bool(self.log)
            return RunStage.WORK if at_work else RunStage.REST
        if self.closed:
            return RunStage.REST
        return RunStage.TO_READ if self.has_problem else RunStage.DONE

    @property
    def live(self) -> tuple[str, str] | None:
        """File name of the migration that is running, and what happens with it; None if none is."""
        one = self.migration
        return None if one is None else (one.name, doing(one.direction))

    @property
    def not_started(self) -> tuple[str, ...]:
        """File names of the planned migrations that a failed or cancelled run did not start."""
        cut_short = self.finished is not None and self.finished.result in _CUT_SHORT
        return self.finished.not_run if self.finished is not None and cut_short else ()

    def close(self) -> RunView:
        """Return the state after the user closed the result; a run in progress cannot be closed."""
        return self if self.running else replace(self, closed=True)

    def with_lines(self, *lines: LogLine) -> RunView:
        """Return the state with more log lines."""
        log = (*self.log, *lines[-LOG_LIMIT:])
        dropped = self.dropped_lines + len(self.log) + len(lines) - min(len(log), LOG_LIMIT)
        return replace(self, log=log[-LOG_LIMIT:], dropped_lines=dropped)

    def with_line(self, event: Event, tone: Tone, text: str) -> RunView:
        """Return the state with a log line about `event`."""
        return self.with_lines(LogLine(event.at.timestamp(), tone, shortened(text)))


def doing(direction: Direction) -> str:
    """Return what a run does: ``applying`` or ``rolling back``."""
    return "applying" if direction is Direction.APPLY else "rolling back"


def interrupted_name(conflicts: Iterable[Conflict]) -> str | None:
    """Return the name of the first migration that was interrupted; None if there is none."""
    return next((c.name for c in conflicts if c.state == State.INTERRUPTED), None)


def fold(view: RunView, events_in_order: Iterable[Event]) -> RunView:
    """Return the state after some events.

    Notices that follow each other are added at once: a server can send very many.
    """
    for kind, same in groupby(events_in_order, type):
        if kind is events.Notice:
            notices = [notice for notice in same if isinstance(notice, events.Notice)]
            view = view.with_lines(*(line for notice in notices for line in _notice(notice)))
        elif step := _HANDLERS.get(kind):
            for event in same:
                view = step(view, event)
    return view


def crashed(view: RunView, error: str, at: float) -> RunView:
    """Return the state after the stream broke without a result.

    The target's state is unknown.
    """
    ended = view.with_lines(LogLine(at, Tone.BAD, shortened(error)))
    return _at_rest(ended, ended=at)


def _at_rest(view: RunView, **changes: Any) -> RunView:
    """Return the state with `changes`, after the end of the run."""
    changes |= {"asking": False, "waiting": None, "retrying": None, "migration": None, "has_lock": False}
    return _between_statements(view, **changes)


def _between_statements(view: RunView, **changes: Any) -> RunView:
    """Return the state with `changes`, and without a running statement."""
    return replace(view, statement=None, blocked=None, progress=None, **changes)


def _plan_made(view: RunView, event: events.PlanMade) -> RunView:
    for note in event.plan.notes:
        view = view.with_line(event, Tone.NOTICE, note)
    return replace(view, plan=event.plan, rehearsing=None, scratch_wait=None)


def _waiting_for_scratch(view: RunView, event: WaitingForScratch) -> RunView:
    if view.scratch_wait is None or view.scratch_wait.holder != event.holder:
        view = view.with_line(event, Tone.ATTENTION, waiting_for_scratch_words(event.holder, 0))
    return replace(view, scratch_wait=event)


def _rehearsing(view: RunView, event: MigrationRehearsalStarted) -> RunView:
    return replace(view, rehearsing=event, scratch_wait=None)


def _question(view: RunView, _: events.Question) -> RunView:
    return replace(view, asking=True)


def _waiting(view: RunView, event: lock_events.WaitingForLock) -> RunView:
    before = view.waiting
    if before is None or (before.holder and before.holder.pid) != (event.holder and event.holder.pid):
        words = f"waiting for the koonj lock, held by {holder_words(event.holder)}"
        before, view = None, view.with_line(event, Tone.ATTENTION, words)
    if event.hint and (before is None or not before.hint or before.state != event.state):
        view = view.with_line(event, Tone.ATTENTION, f"  {silence_words(event.holder, event.state)}")
    return _confirmed(replace(view, waiting=event), event)


def _locked(view: RunView, event: lock_events.LockAcquired) -> RunView:
    if view.waiting is not None:
        view = view.with_line(event, Tone.STEP, f"lock acquired after {duration(event.seconds)}")
    return _confirmed(replace(view, waiting=None, has_lock=True), event)


def _confirmed(view: RunView, event: Event) -> RunView:
    """Return the state after the first event that follows the user's yes."""
    return replace(view, asking=False, confirmed=view.confirmed or event.at.timestamp())


def _cancel_asked(view: RunView, event: events.CancelAsked) -> RunView:
    return view.with_line(event, Tone.ATTENTION, f"{event.who} cancels the run")


def _broken(view: RunView, event: events.JournalBroken) -> RunView:
    return _at_rest(view, broken=event, ended=event.at.timestamp())


def _allowed(view: RunView, event: events.DecisionRecorded) -> RunView:
    text = f"{event.name}: {spaced(event.state)} allowed: {event.reason}"
    return view.with_line(event, Tone.ATTENTION, text)


def _settled(view: RunView, event: events.InterruptionSettled) -> RunView:
    return view.with_line(event, Tone.ATTENTION, f"{event.name}: {settled_words(event)}")


def _migration_started(view: RunView, event: events.MigrationStarted) -> RunView:
    ran = 0 if event.index == 1 else view.ran  # a batch begins again from its first one
    return _between_statements(view, migration=event, waiting=None, retrying=None, ran=ran)


def _statement_started(view: RunView, event: events.StatementStarted) -> RunView:
    return replace(view, statement=event, retrying=None, blocked=None, progress=None)


def _blocked(view: RunView, event: lock_events.Blocked) -> RunView:
    words = f"waiting for {awaited_words(event.lock)}"
    for text in (words, *(f"  {line}" for line in blocker_lines(event.lock))):
        view = view.with_line(event, Tone.ATTENTION, text)
    return replace(view, blocked=event)


def _progress(view: RunView, event: events.Progress) -> RunView:
    before = view.progress
    if before is None or (before.relation, before.phase) != (event.relation, event.phase):
        words = " ".join(part for part in (event.command, event.relation) if part)
        view = view.with_line(event, Tone.STEP, f"  {words}: {event.phase}" if event.phase else f"  {words}")
    return replace(view, progress=event)


def _unblocked(view: RunView, event: lock_events.Unblocked) -> RunView:
    view = view.with_line(event, Tone.STEP, f"no longer blocked, after {duration(event.seconds)}")
    return replace(view, blocked=None)


def _ended(view: RunView, event: lock_events.BlockerEnded | lock_events.BlockerNotEnded) -> RunView:
    if isinstance(event, lock_events.BlockerEnded):
        return view.with_line(event, Tone.ATTENTION, done_words(event))
    return view.with_line(event, Tone.BAD, not_done_words(event))


def _notice(event: events.Notice) -> Iterator[LogLine]:
    more = (("DETAIL", event.detail), ("HINT", event.hint))
    texts = (f"{event.severity}: {event.message}", *(f"  {label}: {text}" for label, text in more if text))
    return (LogLine(event.at.timestamp(), Tone.NOTICE, shortened(text)) for text in texts)


def _retrying(view: RunView, event: events.Retrying) -> RunView:
    again = f"attempt {event.attempt} of {event.of} in {duration(event.delay)}"
    view = view.with_line(event, Tone.ATTENTION, f"{event.sqlstate} {event.message}: rolled back; {again}")
    return _between_statements(view, retrying=event)


def _statement_finished(view: RunView, event: events.StatementFinished) -> RunView:
    commits = view.migration is not None and not view.migration.in_transaction
    if commits or event.seconds >= SLOW:
        done = f"  {event.index} of {event.of} {event.command_tag}, {duration(event.seconds)}"
        view = view.with_line(event, Tone.STEP, f"{done}, committed" if commits else done)
    return _between_statements(view)


def _migration_finished(view: RunView, event: events.MigrationFinished) -> RunView:
    done = "applied" if event.direction is Direction.APPLY else "rolled back"
    view = view.with_line(event, Tone.DONE, f"{done} {event.name}, {_what_ran(event)}")
    return _between_statements(view, migration=None, done=view.done + 1)


def _migration_uncommitted(view: RunView, event: events.MigrationUncommitted) -> RunView:
    view = view.with_line(event, Tone.STEP, f"ran {event.name}, {_what_ran(event)}, not committed yet")
    return _between_statements(view, migration=None, ran=view.ran + 1)


def _migration_probed(view: RunView, event: events.MigrationProbed) -> RunView:
    view = view.with_line(event, Tone.DONE, f"probed {event.name}, {_what_ran(event)}, to be rolled back")
    return _between_statements(view, migration=None)


def _what_ran(
    event: events.MigrationFinished | events.MigrationUncommitted | events.MigrationProbed,
) -> str:
    """Return what ran in words: ``3 statements, 0.12 s``."""
    return f"{count(event.statements, 'statement')}, {duration(event.seconds)}"


def _cancelling(view: RunView, event: events.Cancelling) -> RunView:
    text = "cancelling the statement on the server"
    return replace(view.with_line(event, Tone.ATTENTION, text), cancelling=True)


def _finished(view: RunView, event: events.RunFinished) -> RunView:
    return _at_rest(view, finished=event, ended=event.at.timestamp())


_HANDLERS: Mapping[type[Event], Callable[[RunView, Any], RunView]] = MappingProxyType(
    {
        WaitingForScratch: _waiting_for_scratch,
        MigrationRehearsalStarted: _rehearsing,
        events.PlanMade: _plan_made,
        events.Question: _question,
        events.RunMoved: _confirmed,
        events.CancelAsked: _cancel_asked,
        events.JournalBroken: _broken,
        lock_events.WaitingForLock: _waiting,
        lock_events.LockAcquired: _locked,
        events.DecisionRecorded: _allowed,
        events.InterruptionSettled: _settled,
        events.MigrationStarted: _migration_started,
        events.StatementStarted: _statement_started,
        lock_events.Blocked: _blocked,
        lock_events.Unblocked: _unblocked,
        lock_events.BlockerEnded: _ended,
        lock_events.BlockerNotEnded: _ended,
        events.Progress: _progress,
        events.Retrying: _retrying,
        events.StatementFinished: _statement_finished,
        events.MigrationFinished: _migration_finished,
        events.MigrationUncommitted: _migration_uncommitted,
        events.MigrationProbed: _migration_probed,
        events.Cancelling: _cancelling,
        events.RunFinished: _finished,
    }
)

_CUT_SHORT = frozenset({RunResult.FAILED, RunResult.CANCELLED})
_TO_READ = frozenset({RunResult.FAILED, RunResult.REFUSED, RunResult.CANCELLED, RunResult.LOCKED})
