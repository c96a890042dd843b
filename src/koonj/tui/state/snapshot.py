"""State of the screen as one frozen value. Widgets receive it and keep no copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from koonj.config import Settings, Target
from koonj.humanize import now
from koonj.migrations.folder import Folder
from koonj.migrations.migration import Migration
from koonj.migrations.names import digits_of, name_parts
from koonj.migrations.state_rules import MigrationStatus, State, problems_of
from koonj.sql.display import spaced
from koonj.sql.problem import Problem
from koonj.tui.state.rehearsals import Rehearsals, first_change

if TYPE_CHECKING:
    from koonj.runner.evidence.interruption import Interruption
    from koonj.runner.target.status import (
        TargetStatus,  # imports psycopg, which the first paint does not wait for
    )

UNKNOWN = "unknown"
"""Word for the state of a migration on a target that has not answered."""
_DIGITS = 3
"""Width of the column of numbers in an empty list."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of migrations on a target: applied, pending, with conflicts."""

    applied: int
    pending: int
    problems: int
    has_stopped: bool = False
    """Whether one of them is failed or interrupted."""


_IN_ORDER = frozenset({State.APPLIED, State.ADOPTED, State.PENDING})


class StatusFacts:
    """What is computed from one status: only once, because a folder can have thousands of migrations."""

    def __init__(self, status: TargetStatus | None) -> None:
        self.status = status
        self._migrations = status.migrations if status is not None else ()

    @cached_property
    def counts(self) -> Counts:
        """Numbers of migrations on the target."""
        if self.status is None:
            return Counts(0, 0, 0)
        stopped = any(e.state in (State.FAILED, State.INTERRUPTED) for e in self.exceptions)
        tally = self.status.tally
        return Counts(tally.applied, tally.pending, tally.conflicts, stopped)

    @cached_property
    def exceptions(self) -> tuple[MigrationStatus, ...]:
        """The migrations that are neither applied nor pending: in another state."""
        return tuple([status for status in self._migrations if status.state not in _IN_ORDER])

    @cached_property
    def states(self) -> Mapping[str, State]:
        """State of each migration on the target by file name."""
        return {status.name: status.state for status in self._migrations}


@dataclass(frozen=True, slots=True)
class LastDrift:
    """Result of the last comparison of a target with its migrations, in this session of koonj."""

    at: datetime
    objects: int
    """Number of objects that differ."""


@dataclass(frozen=True)
class Check:
    """One target with its last status."""

    target: Target
    status: TargetStatus | None = None
    """Last status; None before the first answer."""
    since: float | None = None
    """Time on the monotonic clock since which the target is being asked; None if it is not."""
    drift: LastDrift | None = None
    """Result of the last comparison; None if this session of koonj has not compared it."""
    read_at: float | None = field(default=None, compare=False)
    """Unix time of the last status."""
    facts: StatusFacts = field(default=StatusFacts(None), repr=False, compare=False)
    """What is computed from the status. A copy with the same status has the same facts."""

    def __post_init__(self) -> None:
        if self.facts.status is not self.status:
            object.__setattr__(self, "facts", StatusFacts(self.status))

    @property
    def is_read_on_request(self) -> bool:
        """Whether koonj does not read it by itself, because a program that can ask brings its password.

        In a folder that the user does not trust, koonj runs no such program: it has asked nothing.
        """
        target = self.target
        return target.trusted and target.password is not None and target.password.may_ask

    @property
    def counts(self) -> Counts:
        """Numbers of migrations on the target."""
        return self.facts.counts

    @property
    def states(self) -> Mapping[str, State]:
        """State of each migration on the target by file name; none before the target has answered."""
        return self.facts.states if self.answered else {}

    @property
    def answered(self) -> bool:
        """Whether the last status was read from the server."""
        return self.status is not None and self.status.error is None


class Row(NamedTuple):
    """One migration in the list. A named tuple: ten thousand of them are made while the screen waits."""

    number: int
    name: str
    state: State | None
    """State on the chosen target; None if unknown."""
    migration: Migration | None
    """File of the migration; None if it is missing."""
    status: MigrationStatus | None
    doing: str = ""
    """What a run of this screen does with it now: ``applying`` or ``rolling back``; empty for nothing."""
    interruption: Interruption | None = None
    """What is known of its run that has no recorded end; None if there is none."""

    @property
    def shown_state(self) -> State | None:
        """State that decides glyph and colour."""
        return State.RUNNING if self.doing else self.state

    @property
    def word(self) -> str:
        """State in words, or what a run of this screen does with it now."""
        if self.doing:
            return self.doing
        if self.state is None:
            return UNKNOWN
        allowed = self.status is not None and self.status.allowed
        word = spaced(self.state)
        return f"{word} (allowed)" if allowed else word

    @property
    def has_problem(self) -> bool:
        """Whether it failed on the target, or its state there needs a decision or a fix by the user."""
        if self.status is None:
            return False
        return self.state is State.FAILED or bool(problems_of((self.status,)))

    @property
    def is_pending(self) -> bool:
        """Whether the migration is not applied on the target."""
        return self.status is not None and not self.status.applied

    @property
    def label(self) -> tuple[str, str]:
        """Number as in the file name, and the rest of the name without ``.sql``."""
        return name_parts(self.name)

    @property
    def digits(self) -> int:
        """Number of digits at the start of the file name."""
        return digits_of(self.name)

    def matches(self, word: str) -> bool:
        """Return whether number, name or state contain a word in lower case.

        The name includes the number.
        """
        return word in self.name.lower() or word in self.word


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of a folder and of the states on a target, made where the screen does not wait for them."""

    folder: Folder | None
    statuses: tuple[MigrationStatus, ...]
    rows: tuple[Row, ...]
    digits: int
    """Number of digits of the longest number."""

    @staticmethod
    def of(folder: Folder | None, status: TargetStatus | None) -> Listed:
        """Make the rows."""
        statuses = _statuses(status)
        rows = _rows(folder, statuses, status.interruptions if status is not None and statuses else {})
        return Listed(folder, statuses, rows, max((row.digits for row in rows), default=_DIGITS))


@dataclass(frozen=True)
class Snapshot:
    """State of the folder and all targets at one moment."""

    settings: Settings
    checks: tuple[Check, ...]
    chosen: str
    """Name of the chosen target."""
    folder: Folder | None = None
    """Migrations folder; None before it was read."""
    folder_error: str | None = None
    """Why the folder cannot be read now; `folder` is then its last content."""
    branch: str | None = None
    """Git branch of the folder; None if there is none or it is unknown."""
    rows: tuple[Row, ...] = ()
    """Migrations of the folder and the target together, in order; the same tuple if they did not change."""
    digits: int = _DIGITS
    """Number of digits of their longest number."""
    rehearsals: Rehearsals = field(default_factory=Rehearsals)
    """State of the rehearsals of these files."""

    @staticmethod
    def initial(settings: Settings) -> Snapshot:
        """Return the state before anything was read."""
        return Snapshot(settings, tuple(Check(t) for t in settings.targets), settings.target.name)

    @property
    def tool(self) -> str:
        """The other migration tool that the folder belongs to; empty if it is koonj's, or not read yet."""
        return self.folder.layout.name if self.folder is not None and self.folder.layout is not None else ""

    @property
    def check(self) -> Check:
        """The chosen target with its status."""
        return next(c for c in self.checks if c.target.name == self.chosen)

    @property
    def target(self) -> Target:
        """The chosen target."""
        return self.check.target

    @property
    def unlisted_files(self) -> tuple[tuple[str, Problem], ...]:
        """Files of the folder that cannot be in the list, with their problem."""
        if self.folder is None:
            return ()
        listed = {m.name for m in self.folder.migrations} if self.folder.problems else set()
        return tuple((name, p) for name, p in self.folder.problems if name and name not in listed)

    def row(self, name: str | None) -> Row | None:
        """Return the row with that file name; None if there is none."""
        return next((r for r in self.rows if r.name == name), None)

    def problems_of(self, name: str) -> tuple[Problem, ...]:
        """Return the problems of a file's name or number."""
        problems = self.folder.problems if self.folder else ()
        return tuple(problem for file, problem in problems if file == name)

    def with_folder(self, folder: Folder, listed: Listed | None = None) -> Snapshot:
        """Return the state with a new folder and the verdicts still valid for it.

        `listed`: rows that were made for it. If they are for another state, new ones are made.
        """
        rehearsals = self.rehearsals.before(first_change(self.folder, folder))
        return self._with(listed, folder=folder, folder_error=None, rehearsals=rehearsals)

    def with_chosen(self, name: str) -> Snapshot:
        """Return the state with another target chosen."""
        return self._with(chosen=name)

    def with_settings(self, settings: Settings) -> Snapshot:
        """Return the state with other settings for the same targets."""
        targets = {target.name: target for target in settings.targets}
        checks = tuple(replace(check, target=targets[check.target.name]) for check in self.checks)
        return self._with(settings=settings, checks=checks)

    def with_check(
        self, name: str, status: TargetStatus | None, since: float | None, listed: Listed | None = None
    ) -> Snapshot:
        """Return the state with a target's new status. `listed`: as for `with_folder`.

        If `status` is None, the target keeps its last status.
        """
        read_at = None if status is None else now()
        checks = [
            replace(c, status=status or c.status, since=since, read_at=read_at or c.read_at)
            if c.target.name == name
            else c
            for c in self.checks
        ]
        return self._with(listed, checks=tuple(checks))

    def with_drift(self, name: str, drift: LastDrift) -> Snapshot:
        """Return the state with the result of a comparison of a target."""
        checks = (replace(c, drift=drift) if c.target.name == name else c for c in self.checks)
        return replace(self, checks=tuple(checks))

    def _with(self, listed: Listed | None = None, **changes: Any) -> Snapshot:
        """Return the state with changes.

        Rows are created again only if these changes concern them.
        """
        new = replace(self, **changes)
        if new.folder is self.folder and new.statuses is self.statuses:
            return new
        if listed is None or listed.folder is not new.folder or listed.statuses is not new.statuses:
            listed = Listed.of(new.folder, new.check.status)
        return replace(new, rows=listed.rows, digits=listed.digits)

    @property
    def statuses(self) -> tuple[MigrationStatus, ...]:
        """Status of the migrations on the chosen target."""
        return _statuses(self.check.status)


def _statuses(status: TargetStatus | None) -> tuple[MigrationStatus, ...]:
    return status.migrations if status is not None and status.error is None else ()


def _rows(
    folder: Folder | None,
    migration_statuses: tuple[MigrationStatus, ...],
    interruptions: Mapping[str, Interruption],
) -> tuple[Row, ...]:
    statuses = {status.name: status for status in migration_statuses}
    take, row = statuses.pop, partial(tuple.__new__, Row)  # the usual constructor needs twice the time
    rows: list[Row] = [
        row((m.number, m.name, status.state if status else None, m, status, "", None))
        for m in (folder.migrations if folder else ())
        for status in (take(m.name, None),)
    ]
    missing = [
        Row(e.number, e.name, e.state, None, e) for e in statuses.values() if e.applied or e.last_entry
    ]
    if interruptions:
        rows, missing = ([_explained(row, interruptions) for row in some] for some in (rows, missing))
    if missing and folder is not None and folder.layout is not None:
        places = {status.name: place for place, status in enumerate(migration_statuses)}
        return tuple(sorted(rows + missing, key=lambda r: places[r.name]))  # the order of its tool
    return tuple(sorted(rows + missing, key=lambda r: (r.number, r.name))) if missing else tuple(rows)


def _explained(row: Row, interruptions: Mapping[str, Interruption]) -> Row:
    known = interruptions.get(row.name) if row.state in (State.INTERRUPTED, State.RUNNING) else None
    return row if known is None else row._replace(interruption=known)
