"""The ends of a run: one function for each, with its result and its message."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from koonj.config import Target
from koonj.humanize import count, span_words
from koonj.migrations.folder import FolderError
from koonj.postgres.advisory_lock import LockHolder, holder_words
from koonj.postgres.answer_limit import NoAnswerError
from koonj.postgres.errors import TargetError, error_message
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import (
    Event,
    MigrationFinished,
    MigrationProbed,
    MigrationUncommitted,
    PlanMade,
    RunFinished,
    RunResult,
)
from koonj.runner.run.failure import Failure
from koonj.runner.run.lock_events import WaitingForLock
from koonj.runner.run.lock_holder_wording import holder_of, lock_name


class RunEnd(Exception):  # noqa: N818 - most ends are not errors
    """End of a run, with its result; raised to end the run early."""

    def __init__(
        self,
        result: RunResult,
        message: str,
        *,
        failure: Failure | None = None,
        conflicts: tuple[Conflict, ...] = (),
    ) -> None:
        super().__init__(message)
        self.result = result
        self.message = message
        self.failure = failure
        self.conflicts = conflicts

    def event(self, events: Iterable[Event]) -> RunFinished:
        """Return the last event of a run, from the events before it."""
        planned: tuple[str, ...] = ()
        finished: list[str] = []
        probed: list[str] = []
        uncommitted: list[str] = []
        for event in events:
            if isinstance(event, PlanMade):
                planned = tuple(migration.name for migration in event.plan.migrations)
            elif isinstance(event, MigrationFinished):
                finished.append(event.name)
            elif isinstance(event, MigrationProbed):
                probed.append(event.name)
            elif isinstance(event, MigrationUncommitted):
                uncommitted.append(event.name)
        failed = self.failure.name if self.failure else None
        started = {*finished, *probed, *uncommitted, failed}
        rolled_back = tuple(dict.fromkeys(name for name in uncommitted if name not in {*finished, failed}))
        not_run = tuple(name for name in planned if name not in started)
        return RunFinished(
            *(self.result, self.message, tuple(finished), self.failure, not_run, rolled_back, self.conflicts)
        )


def all_done(direction: Direction, events: Iterable[Event]) -> RunEnd:
    """Return the end of a run whose migrations are all committed."""
    number = sum(isinstance(event, MigrationFinished) for event in events)
    if not number:
        return RunEnd(RunResult.DONE, "The decision is recorded in the history. There was nothing to run.")
    verb = "Applied" if direction is Direction.APPLY else "Rolled back"
    return RunEnd(RunResult.DONE, f"{verb} {count(number, 'migration')}.")


def all_probed(target: str, direction: Direction, events: Iterable[Event]) -> RunEnd:
    """Return the end of a probe whose migrations all ran and are rolled back."""
    probes = [event for event in events if isinstance(event, MigrationProbed)]
    noun = "migration" if direction is Direction.APPLY else "rollback"
    message = f"Probed {count(len(probes), noun)} on {target}. Everything was rolled back."
    if advanced := sorted({name for event in probes for name in event.sequences}):
        message += f" These sequences advanced and were not restored: {', '.join(advanced)}."
    return RunEnd(RunResult.PROBED, message)


def nothing_to_do(direction: Direction) -> RunEnd:
    """Return the end of a run without work, for example if another run has done it."""
    words = {
        Direction.APPLY: "Nothing to apply: no migration is pending.",
        Direction.ROLLBACK: "Nothing to roll back.",
    }
    return RunEnd(RunResult.NOTHING, words[direction])


def plan_only() -> RunEnd:
    """Return the end of a run that was requested to make a plan only."""
    return RunEnd(RunResult.NOTHING, "Plan only. Nothing was changed.")


def declined() -> RunEnd:
    """Return the end of a run that was not confirmed."""
    return RunEnd(RunResult.DECLINED, "Nothing was changed.")


def refused(conflicts: tuple[Conflict, ...]) -> RunEnd:
    """Return the end of a run that conflicts stopped before it changed anything."""
    return RunEnd(RunResult.REFUSED, "Refused. Nothing was changed.", conflicts=conflicts)


def plan_changed(conflicts: tuple[Conflict, ...]) -> RunEnd:
    """Return the end of a run whose plan changed between confirmation and lock."""
    message = (
        "Stopped: the files or the target changed after the plan was shown. Nothing was changed. "
        "Run the command again to see the new plan."
    )
    return RunEnd(RunResult.REFUSED, message, conflicts=conflicts)


def cancelled() -> RunEnd:
    """Return the end of a run that was cancelled while no statement was running."""
    return RunEnd(RunResult.CANCELLED, "Cancelled. No statement was running.")


def locked(waiting: WaitingForLock) -> RunEnd:
    """Return the end of a run that waited for the koonj lock, or a tool's, and did not acquire it."""
    message = (
        f"Gave up after {span_words(waiting.seconds)}: {holder_of(waiting)} holds {lock_name(waiting.lock)} "
        "on this target. Nothing was changed. Retry when that run has finished."
    )
    if waiting.lock:
        return RunEnd(RunResult.LOCKED, f"{message} {waiting.hint}".rstrip())
    if waiting.hint:
        from koonj.runner.run.unblock_wording import silence_words  # noqa: PLC0415 - seldom needed

        message += f" It does nothing: {silence_words(waiting.holder, waiting.state)}. {waiting.hint}"
    return RunEnd(RunResult.LOCKED, message)


def lock_lost(holder: LockHolder | None, lock: str = "") -> RunEnd:
    """Return the end of a run that lost the koonj lock to another run, or the `lock` of a tool.

    A migration of this run released it.
    """
    if lock:
        who = "" if holder is None else f", and {holder_words(holder)} took it"
        message = f"A migration released {lock}{who}. Uncommitted changes were rolled back."
        return RunEnd(RunResult.FAILED, message)
    other = (
        "another run was in progress in the meantime" if holder is None else f"{holder_words(holder)} took it"
    )
    message = f"A migration released the koonj lock, and {other}. Uncommitted changes were rolled back."
    return RunEnd(RunResult.FAILED, message)


def connection_lost() -> RunEnd:
    """Return the end of a run that lost its connection between two migrations."""
    message = "The connection was lost after the last commit. The remaining migrations were not run."
    return RunEnd(RunResult.FAILED, message)


def failed_or_cancelled(failure: Failure, *, cancelled: bool) -> RunEnd:
    """Return the end of a run that failed or was cancelled during a migration."""
    result = RunResult.CANCELLED if cancelled else RunResult.FAILED
    return RunEnd(
        result, f"Cancelled. {failure.target_state}" if cancelled else failure.message, failure=failure
    )


def target_failure(
    error: TargetError | FolderError | psycopg.Error, target: Target, direction: Direction
) -> Failure:
    """Return the failure of the target or the folder: it has no file and no statement."""
    sqlstate = None
    if isinstance(error, FolderError):
        message, hint = str(error), "Check the folder, or use another one: --migrations FOLDER"
    elif isinstance(error, psycopg.Error):
        message = error_message(error)
        hint, sqlstate = "To see the state of the target, run: koonj status", error.sqlstate
        if isinstance(error, NoAnswerError):
            hint = error.hint
    else:
        message, hint, sqlstate = error.message, error.hint, error.sqlstate
    return Failure(
        name="",
        direction=direction,
        statement=0,
        of=0,
        file="",
        line=None,
        column=None,
        source_line="",
        sqlstate=sqlstate,
        severity="ERROR",
        message=f"{target.name}: {message}",
        target_state="No statement of a migration was running.",
        next_steps=(hint,),
    )
