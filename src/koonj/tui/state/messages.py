"""What widgets and watchers tell the screen: each message is a value, sent upward."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.runner.run.events import Conflict, Direction, Event, Plan, Question
from koonj.runner.run.request import Request

if TYPE_CHECKING:
    from koonj.runner.target.status import TargetStatus


@dataclass
class FolderRead(Message):
    """The migrations folder was read, and differs from what was known."""

    folder: Folder


@dataclass
class FolderLost(Message):
    """The migrations folder cannot be read."""

    error: str


@dataclass
class BranchRead(Message):
    """The folder is on another git branch than was known."""

    branch: str | None


@dataclass
class TargetAsked(Message):
    """A target is being asked for its status."""

    name: str
    since: float
    """On the monotonic clock."""


@dataclass
class TargetAnswered(Message):
    """A target's status, or why there is none."""

    name: str
    status: TargetStatus
    before: TargetStatus | None = None
    """Where nobody asked: what it said before, and still must have said last for this to be news."""


@dataclass
class MigrationSelected(Message):
    """The list's cursor moved to a migration; None when the list is empty."""

    name: str | None


@dataclass
class TargetChosen(Message):
    """The person chose a target."""

    name: str


@dataclass
class RunOpened(Message):
    """A run was asked for."""

    target: str
    direction: Direction


@dataclass
class RunReported(Message):
    """What the run said since the last time, in order."""

    events: tuple[Event, ...]


@dataclass
class QuestionAsked(Message):
    """The run asks whether it may go on with its plan, and waits for the answer."""

    plan: Plan
    question: Question
    target: Target
    answer: Callable[[str | None], None]
    """Takes the answer, to this question of this run; None is a no."""


@dataclass
class RunEnded(Message):
    """The run's stream has ended; `error` where it broke instead of finishing."""

    error: str | None = None


@dataclass
class RunStopped(Message):
    """The run has ended at what stops it; the person may pass all of that for a reason."""

    request: Request
    conflicts: tuple[Conflict, ...]


@dataclass
class RehearsalReported(Message):
    """What a rehearsal said since the last time, in order."""

    events: tuple[Event, ...]
    folder: Folder
    """As it was when the rehearsal was asked for."""
    source: object
    """Which one it is."""


@dataclass
class RehearsalEnded(Message):
    """A rehearsal has ended; `trouble` where it broke off instead of finishing."""

    source: object
    trouble: str = ""


@dataclass
class MigrationsWritten(Message):
    """New migrations were written; the folder has not been read since."""

    names: tuple[str, ...]


@dataclass
class StatusMessage(Message):
    """One line for the person, shown in the bottom line until the next key."""

    text: str
    is_problem: bool = False
