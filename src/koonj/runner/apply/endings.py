"""How a run ends: one verdict and one sentence for each way."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from koonj.config import Target
from koonj.humanize import count, span_words
from koonj.migrations.folder import FolderError
from koonj.postgres.advisory_lock import LockHolder, holder_words
from koonj.postgres.connector import ConnectError
from koonj.postgres.errors import error_message
from koonj.postgres.history import HistoryError
from koonj.runner.run.events import (
    Conflict,
    Direction,
    Event,
    Failure,
    MigrationFinished,
    MigrationProbed,
    PlanMade,
    RunFinished,
    RunResult,
)


class RunEnd(Exception):  # noqa: N818 - most ways to end are no errors
    """A run ends here."""

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

    def event(self, seen: Iterable[Event]) -> RunFinished:
        """The last event, from what happened before it."""
        planned: tuple[str, ...] = ()
        finished: list[str] = []
        probed: list[str] = []
        for event in seen:
            if isinstance(event, PlanMade):
                planned = tuple(migration.name for migration in event.plan.migrations)
            elif isinstance(event, MigrationFinished):
                finished.append(event.name)
            elif isinstance(event, MigrationProbed):
                probed.append(event.name)
        failed = self.failure.name if self.failure else None
        tried = {*finished, *probed, failed}
        remaining = tuple(name for name in planned if name not in tried)
        return RunFinished(
            self.result, self.message, tuple(finished), self.failure, remaining, self.conflicts
        )


def all_done(direction: Direction, seen: Iterable[Event]) -> RunEnd:
    """Everything that was planned is committed."""
    number = sum(isinstance(event, MigrationFinished) for event in seen)
    if not number:
        return RunEnd(RunResult.DONE, "The decision is recorded; there was nothing to run.")
    verb = "Applied" if direction is Direction.APPLY else "Rolled back"
    return RunEnd(RunResult.DONE, f"{verb} {count(number, 'migration')}.")


def all_probed(target: str, direction: Direction, seen: Iterable[Event]) -> RunEnd:
    """Everything that was planned ran, and is rolled back."""
    probes = [event for event in seen if isinstance(event, MigrationProbed)]
    thing = "migration" if direction is Direction.APPLY else "rollback"
    message = f"Probed {count(len(probes), thing)} on {target}: all of it was rolled back."
    if moved := sorted({name for event in probes for name in event.sequences}):
        message += f" Sequences stay where they were moved to: {', '.join(moved)}."
    return RunEnd(RunResult.PROBED, message)


def nothing(direction: Direction) -> RunEnd:
    """There is no work, or another run has done it."""
    words = {
        Direction.APPLY: "Nothing to apply: no migration is pending.",
        Direction.ROLLBACK: "Nothing to roll back.",
    }
    return RunEnd(RunResult.NOTHING, words[direction])


def plan_only() -> RunEnd:
    """The plan was all that was asked for."""
    return RunEnd(RunResult.NOTHING, "Only planned; nothing was changed.")


def declined() -> RunEnd:
    """The answer was not yes."""
    return RunEnd(RunResult.DECLINED, "Nothing was changed.")


def stopped(conflicts: tuple[Conflict, ...]) -> RunEnd:
    """Something must be decided or mended first."""
    return RunEnd(RunResult.REFUSED, "Stopped before anything was changed.", conflicts=conflicts)


def changed(conflicts: tuple[Conflict, ...]) -> RunEnd:
    """Between the question and the lock, files or target became other than shown."""
    message = "The files or the target changed after the plan was shown. Nothing was changed; look again."
    return RunEnd(RunResult.REFUSED, message, conflicts=conflicts)


def cancelled() -> RunEnd:
    """Cancelled while nothing ran."""
    return RunEnd(RunResult.CANCELLED, "Cancelled. No statement was running.")


def locked(holder: LockHolder, seconds: float) -> RunEnd:
    """Another run held the lock all the time."""
    waited = f"The target's lock is held by {holder_words(holder)}; waited {span_words(seconds)}."
    return RunEnd(RunResult.LOCKED, f"{waited} Nothing was changed.")


def lock_lost(holder: LockHolder | None) -> RunEnd:
    """A file gave the lock away, and another run has it now: its transaction is not committed."""
    other = "another run came" if holder is None else f"{holder_words(holder)} took it"
    message = f"A migration released koonj's lock, and {other}. What was not committed is rolled back."
    return RunEnd(RunResult.FAILED, message)


def connection_lost() -> RunEnd:
    """After a commit that is known to be done."""
    return RunEnd(RunResult.FAILED, "The connection was lost after the last commit. The rest was not tried.")


def stopped_by(failure: Failure, *, cancelled: bool) -> RunEnd:
    """A migration, or the target itself, failed; or a person cancelled it."""
    result = RunResult.CANCELLED if cancelled else RunResult.FAILED
    return RunEnd(
        result, f"Cancelled. {failure.target_state}" if cancelled else failure.message, failure=failure
    )


def outside_failure(
    error: ConnectError | HistoryError | FolderError | psycopg.Error, target: Target, direction: Direction
) -> Failure:
    """The failure of the target rather than of a migration: no file, no statement."""
    sqlstate = None
    if isinstance(error, FolderError):
        message, hint = str(error), "Look at the folder, or name another one with --migrations."
    elif isinstance(error, psycopg.Error):
        message = error_message(error)
        hint, sqlstate = "Look at the target's state: koonj status", error.sqlstate
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
