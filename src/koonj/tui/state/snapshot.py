"""What the screen knows, as one frozen value: it flows down to the widgets, and none keeps a copy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from koonj.config import Settings, Target
from koonj.migrations.folder import Folder
from koonj.migrations.migration import Migration
from koonj.migrations.state_rules import MigrationStatus, State
from koonj.sql.display import spaced
from koonj.sql.problem import Problem
from koonj.tui.state.rehearsals import Rehearsals, first_change

if TYPE_CHECKING:
    from koonj.runner.target.status import (
        TargetStatus,  # brings psycopg, which the first paint does not wait for
    )

UNKNOWN = "unknown"
"""The word for the state of a migration on a target that has not answered."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many migrations are in the database, wait to be applied, need a person."""

    applied: int
    pending: int
    problems: int
    stopped: bool = False
    """Is one of them failed or interrupted?"""


@dataclass(frozen=True)
class Check:
    """One target, and what it last said."""

    target: Target
    status: TargetStatus | None = None
    """None: it has not answered yet."""
    since: float | None = None
    """While it is being asked: since when, on the monotonic clock."""

    @cached_property
    def counts(self) -> Counts:
        """Of the migrations there; counted once, since a folder may hold thousands."""
        status = self.status
        if status is None:
            return Counts(0, 0, 0)
        stopped = any(e.state in (State.FAILED, State.INTERRUPTED) for e in status.migrations)
        return Counts(status.applied, status.pending, len(status.problems), stopped)

    @property
    def answered(self) -> bool:
        """Is what this says of the target's migrations read from its server?"""
        return self.status is not None and self.status.error is None


@dataclass(frozen=True)
class Row:
    """One migration as the list shows it."""

    number: int
    name: str
    state: State | None
    """None: unknown."""
    migration: Migration | None
    """None: there is no such file."""
    status: MigrationStatus | None

    @property
    def word(self) -> str:
        """The state in words."""
        if self.state is None:
            return UNKNOWN
        allowed = self.status is not None and self.status.allowed
        word = spaced(self.state)
        return f"{word} (allowed)" if allowed else word

    @property
    def label(self) -> tuple[str, str]:
        """The number as the file writes it, and the rest of the name without its ending."""
        digits, _, rest = self.name.partition("_")
        return (digits, rest.removesuffix(".sql")) if digits.isdigit() else ("", self.name)

    @property
    def digits(self) -> int:
        """How many the number is written with."""
        return len(self.name) - len(self.name.lstrip("0123456789"))

    def has(self, word: str) -> bool:
        """Is a filter's word, in lower case, in number, name or state? The name begins with the number."""
        return word in self.name.lower() or word in self.word


@dataclass(frozen=True)
class Snapshot:
    """All that the screen shows of folder and targets, at one moment."""

    settings: Settings
    checks: tuple[Check, ...]
    chosen: str
    """The chosen target's name."""
    folder: Folder | None = None
    """None: not read yet."""
    lost: str | None = None
    """Why the folder cannot be read now; `folder` is then what it was before."""
    branch: str | None = None
    """The git branch that the folder is on; None: none, or not known."""
    rows: tuple[Row, ...] = ()
    """The migrations of folder and target together, in order; the same tuple where they did not change."""
    rehearsals: Rehearsals = field(default_factory=Rehearsals)
    """What rehearsals told of these files."""

    @staticmethod
    def of(settings: Settings) -> Snapshot:
        """Before anything was read."""
        return Snapshot(settings, tuple(Check(t) for t in settings.targets), settings.target.name)

    @property
    def check(self) -> Check:
        """The chosen target's."""
        return next(c for c in self.checks if c.target.name == self.chosen)

    @property
    def target(self) -> Target:
        """The chosen one."""
        return self.check.target

    @property
    def left_out(self) -> tuple[tuple[str, Problem], ...]:
        """Files of the folder that cannot be in the list, and why."""
        if self.folder is None:
            return ()
        listed = {m.name for m in self.folder.migrations} if self.folder.problems else set()
        return tuple((name, p) for name, p in self.folder.problems if name and name not in listed)

    def row(self, name: str | None) -> Row | None:
        """The row of that file name."""
        return next((r for r in self.rows if r.name == name), None)

    def problems_of(self, name: str) -> tuple[Problem, ...]:
        """What is wrong with a file's name or number."""
        problems = self.folder.problems if self.folder else ()
        return tuple(problem for of, problem in problems if of == name)

    def with_folder(self, folder: Folder) -> Snapshot:
        """The same with the folder as it is now, and the verdicts that are still true of it."""
        rehearsals = self.rehearsals.until(first_change(self.folder, folder))
        return self._with(folder=folder, lost=None, rehearsals=rehearsals)

    def with_chosen(self, name: str) -> Snapshot:
        """The same with another target chosen."""
        return self._with(chosen=name)

    def with_check(self, name: str, status: TargetStatus | None, since: float | None) -> Snapshot:
        """The same with what a target said; `status` None keeps what it said before."""
        checks = [
            replace(c, status=status or c.status, since=since) if c.target.name == name else c
            for c in self.checks
        ]
        return self._with(checks=tuple(checks))

    def _with(self, **changes: Any) -> Snapshot:
        """The same with changes; rows are made anew only where these touch them."""
        new = replace(self, **changes)
        if new.folder is self.folder and new.statuses is self.statuses:
            return new
        return replace(new, rows=_rows(new.folder, new.statuses))

    @property
    def statuses(self) -> tuple[MigrationStatus, ...]:
        """What the chosen target said of its migrations."""
        status = self.check.status
        return status.migrations if status and self.check.answered else ()


def _rows(folder: Folder | None, said: tuple[MigrationStatus, ...]) -> tuple[Row, ...]:
    statuses = {status.name: status for status in said}
    rows = [_row_of(m, statuses.pop(m.name, None)) for m in (folder.migrations if folder else ())]
    gone = [Row(e.number, e.name, e.state, None, e) for e in statuses.values() if e.applied or e.last_entry]
    return tuple(sorted(rows + gone, key=lambda r: (r.number, r.name))) if gone else tuple(rows)


def _row_of(migration: Migration, status: MigrationStatus | None) -> Row:
    return Row(migration.number, migration.name, status.state if status else None, migration, status)
