"""State of a run on the screen, as a frozen value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from koonj.migrations.states import State
from koonj.postgres.blockers import Blocker
from koonj.runner.rehearse.events import MigrationRehearsalStarted, WaitingForScratch
from koonj.runner.run import events, lock_events
from koonj.runner.run.cancel_wording import cancel_words
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, RunResult
from koonj.runner.run.failure import Failure
from koonj.runner.run.planned import Plan
from koonj.runner.run.run_place import RunPlace
from koonj.runner.run.unblock_wording import as_blocker
from koonj.sql.display import shortened
from koonj.tui.state.file_place import FileLine
from koonj.tui.state.log_line import LogLine, Tone

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
    timed_try: lock_events.TimedTry | None = None
    """The last try of this run that queued for a lock."""
    progress: events.Progress | None = None
    """How far the running statement is."""
    retrying: events.Retrying | None = None
    """The next attempt of the migration, until it starts."""
    attempt: events.Retrying | None = None
    """The last time that the running migration was tried again; None if it runs for the first time."""
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

    def on(self, target: str) -> RunView | None:
        """Return the run on this target; None if it is on another one."""
        return self if target == self.target else None

    @property
    def left_words(self) -> tuple[str, ...]:
        """What cancelling the run now does and leaves, as paragraphs."""
        return cancel_words(self.place)

    @property
    def place(self) -> RunPlace:
        """Where the run is."""
        return RunPlace(self.direction, self.settling, self.plan, self.done, self.migration, self.statement)

    @property
    def in_the_way(self) -> tuple[Blocker, ...]:
        """The sessions that the run waits for, as far as it knows them."""
        if self.blocked is not None:
            return self.blocked.lock.blockers
        waiting = self.waiting
        if waiting is None or waiting.holder is None or waiting.lock:  # koonj ends no session of another tool
            return ()
        return (as_blocker(waiting.holder),)

    @property
    def waits(self) -> bool:
        """Whether the run waits: for a lock, for the next attempt or for an answer."""
        return bool(self.in_the_way or self.asking or self.waiting or self.retrying or self.blocked)

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

    def with_line(self, event: Event, tone: Tone, text: str, brief: tuple[str, str] | None = None) -> RunView:
        """Return the state with a log line about `event`."""
        at, place = event.at.timestamp(), self.place_of(event)
        return self.with_lines(LogLine(at, tone, shortened(text), place, brief))

    def place_of(self, event: Event) -> FileLine | None:
        """Return the statement that an event is about, or only its migration; None for neither."""
        statement = self.statement
        name = getattr(event, "name", "") or ("" if statement is None else statement.name)
        if not name:
            return None
        return FileLine(name, statement.line if statement is not None and statement.name == name else None)


def doing(direction: Direction) -> str:
    """Return what a run does: ``applying`` or ``rolling back``."""
    return "applying" if direction is Direction.APPLY else "rolling back"


def interrupted_name(conflicts: Iterable[Conflict]) -> str | None:
    """Return the name of the first migration that was interrupted; None if there is none."""
    return next((c.name for c in conflicts if c.state == State.INTERRUPTED), None)


_CUT_SHORT = frozenset({RunResult.FAILED, RunResult.CANCELLED})
_TO_READ = frozenset({RunResult.FAILED, RunResult.REFUSED, RunResult.CANCELLED, RunResult.LOCKED})
