"""Fold the events of a run into its state, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType
from typing import Any

from koonj.humanize import count, duration
from koonj.runner.evidence.interruption_wording import settled_words
from koonj.runner.rehearse.events import MigrationRehearsalStarted, WaitingForScratch
from koonj.runner.rehearse.rehearsal_wording import waiting_for_scratch_words
from koonj.runner.run import events, lock_events
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event
from koonj.runner.run.lock_holder_wording import holder_of, lock_name
from koonj.runner.run.lock_wait_wording import awaited_words, blocker_lines, try_words
from koonj.runner.run.unblock_wording import done_words, not_done_words, silence_words
from koonj.sql.display import shortened, spaced
from koonj.tui.state.log_line import LogLine, Tone
from koonj.tui.state.run import RunView

SLOW = 1.0
"""Seconds from which on a statement has a log line although it commits nothing by itself."""

_REASON = " allowed: "
"""Words before a reason in a note. One that is given in this run has its line when it is recorded."""


def fold(view: RunView, events_in_order: Iterable[Event]) -> RunView:
    """Return the state after some events.

    Notices that follow each other are added at once: a server can send very many.
    """
    for kind, same in groupby(events_in_order, type):
        if kind is events.Notice:
            notices = [notice for notice in same if isinstance(notice, events.Notice)]
            view = view.with_lines(*(line for notice in notices for line in _notice(view, notice)))
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
    decided = {conflict.name for conflict in event.plan.allowed}
    for note in event.plan.notes:
        if not (_REASON in note and note.partition(":")[0] in decided):
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
    if before is None or _holder_key(before) != _holder_key(event):
        words = f"waiting for {lock_name(event.lock)}, held by {holder_of(event)}"
        before, view = None, view.with_line(event, Tone.ATTENTION, words)
    if event.hint and (before is None or not before.hint or before.state != event.state):
        view = view.with_line(event, Tone.ATTENTION, f"  {silence_words(event.holder, event.state)}")
    return _confirmed(replace(view, waiting=event), event)


def _holder_key(event: lock_events.WaitingForLock) -> tuple[str, str, int | None]:
    return event.lock, event.who, None if event.holder is None else event.holder.pid


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


def _repairing(view: RunView, event: events.RepairStarted) -> RunView:
    return view.with_line(event, Tone.STEP, f"{event.name}: repairing with {'; '.join(event.commands)}")


def _settled(view: RunView, event: events.InterruptionSettled) -> RunView:
    view = _between_statements(view)
    return view.with_line(event, Tone.ATTENTION, f"{event.name}: {settled_words(event)}")


def _migration_started(view: RunView, event: events.MigrationStarted) -> RunView:
    ran = 0 if event.index == 1 else view.ran  # a batch begins again from its first one
    same = view.attempt is not None and view.attempt.name == event.name
    attempt = view.attempt if same else None
    return _between_statements(view, migration=event, waiting=None, retrying=None, attempt=attempt, ran=ran)


def _statement_started(view: RunView, event: events.StatementStarted) -> RunView:
    return replace(view, statement=event, retrying=None, blocked=None, progress=None)


def _blocked(view: RunView, event: lock_events.Blocked) -> RunView:
    """Add one line for a lock and the sessions in its way.

    The lines above the log say the rest while it is true. The event comes again after a first
    try, and when more sessions wait behind the run.
    """
    if view.blocked is not None and _obstacle(view.blocked) == _obstacle(event):
        return replace(view, blocked=event)
    words, others = f"waiting for {awaited_words(event.lock)}", len(event.lock.blockers) - 1
    first = next(blocker_lines(event.lock), "")
    more = f", and {others} more" if others > 0 else ""
    text = f"{words}, {first}{more}" if first else words
    return replace(view.with_line(event, Tone.ATTENTION, text), blocked=event)


def _obstacle(event: lock_events.Blocked) -> tuple[object, ...]:
    """Return the lock that an event is about, and who is in the way."""
    lock = event.lock
    return lock.relation, lock.mode, lock.object, tuple((one.pid, one.gid) for one in lock.blockers)


def _timed_try(view: RunView, event: lock_events.TimedTry) -> RunView:
    before = view.timed_try
    is_same = before is not None and (before.name, before.reason) == (event.name, event.reason)
    if not is_same or event.reason is not lock_events.TryReason.OVERLAP:
        view = view.with_line(event, Tone.STEP, try_words(event))
    return replace(view, timed_try=event)


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


def _notice(view: RunView, event: events.Notice) -> Iterator[LogLine]:
    more = (("DETAIL", event.detail), ("HINT", event.hint))
    texts = (f"{event.severity}: {event.message}", *(f"  {label}: {text}" for label, text in more if text))
    at, place = event.at.timestamp(), view.place_of(event)
    return (LogLine(at, Tone.NOTICE, shortened(text), place) for text in texts)


def _retrying(view: RunView, event: events.Retrying) -> RunView:
    again = f"attempt {event.attempt} of {event.of} in {duration(event.delay)}"
    view = view.with_line(event, Tone.ATTENTION, f"{event.sqlstate} {event.message}: rolled back; {again}")
    return _between_statements(view, retrying=event, attempt=event)


def _statement_finished(view: RunView, event: events.StatementFinished) -> RunView:
    commits = view.migration is not None and not view.migration.in_transaction
    if commits or event.seconds >= SLOW:
        done = f"  {event.index} of {event.of} {event.command_tag}, {duration(event.seconds)}"
        view = view.with_line(event, Tone.STEP, f"{done}, committed" if commits else done)
    return _between_statements(view)


def _migration_finished(view: RunView, event: events.MigrationFinished) -> RunView:
    done = "applied" if event.direction is Direction.APPLY else "rolled back"
    view = view.with_line(event, Tone.DONE, f"{done} {event.name}, {_what_ran(event)}", _brief(event))
    return _between_statements(view, migration=None, done=view.done + 1)


def _migration_uncommitted(view: RunView, event: events.MigrationUncommitted) -> RunView:
    view = view.with_line(event, Tone.STEP, f"ran {event.name}, {_what_ran(event)}, not committed yet")
    return _between_statements(view, migration=None, ran=view.ran + 1)


def _migration_probed(view: RunView, event: events.MigrationProbed) -> RunView:
    view = view.with_line(event, Tone.DONE, f"probed {event.name}, {_what_ran(event)}, to be rolled back")
    return _between_statements(view, migration=None)


def _brief(event: events.MigrationFinished) -> tuple[str, str]:
    """Return what stands in one line where there is no room for the sentence: the name, and what ran."""
    name = event.name.removesuffix(".sql")
    return name, f"{count(event.statements, 'statement')}  {duration(event.seconds)}"


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
        events.RepairStarted: _repairing,
        events.InterruptionSettled: _settled,
        events.MigrationStarted: _migration_started,
        events.StatementStarted: _statement_started,
        lock_events.Blocked: _blocked,
        lock_events.Unblocked: _unblocked,
        lock_events.TimedTry: _timed_try,
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
