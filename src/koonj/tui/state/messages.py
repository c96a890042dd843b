"""Messages from widgets and workers to the screen. Each one is a value."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, Question
from koonj.runner.run.planned import Plan
from koonj.runner.run.request import Request
from koonj.tui.state.file_place import FileLine
from koonj.tui.state.run import RunView, interrupted_name
from koonj.tui.state.snapshot import LastDrift, Listed

if TYPE_CHECKING:
    from koonj.postgres.tunnel.questions import SshQuestion
    from koonj.runner.target.status import TargetStatus


@dataclass
class FolderRead(Message):
    """The migrations folder was read, and its content has changed."""

    folder: Folder
    listed: Listed
    """The rows of its list."""


@dataclass
class FolderLost(Message):
    """The migrations folder cannot be read."""

    error: str


@dataclass
class BranchRead(Message):
    """The git branch of the folder has changed."""

    branch: str | None


@dataclass
class TargetAsked(Message):
    """A target is being asked for its status."""

    name: str
    since: float
    """Time on the monotonic clock."""


@dataclass
class SshAsked(Message):
    """ssh asks the user, while it opens the tunnel to a target."""

    question: SshQuestion
    answer: Future[str | None]
    """What waits for the answer. It is cancelled if ssh has ended meanwhile."""


@dataclass
class SshQuestionOver(Message):
    """Nobody waits for the answer to a question of ssh any more."""

    question: SshQuestion


@dataclass
class TargetAnswered(Message):
    """A target's status was read, or could not be read."""

    name: str
    status: TargetStatus
    listed: Listed | None = None
    """For the chosen target: the rows of the list."""
    before: TargetStatus | None = None
    """For an automatic read: the status that it was compared with.

    The message is ignored if the screen has another status by now.
    """


@dataclass
class DriftFound(Message):
    """A target's schema was compared with its migrations."""

    name: str
    drift: LastDrift


@dataclass
class MigrationSelected(Message):
    """The list's cursor moved to a migration; None when the list is empty."""

    name: str | None


@dataclass
class TargetChosen(Message):
    """The user chose a target, or follows a run on it."""

    name: str
    has_run: bool = False
    """Whether it is chosen because of the run that is followed from now on."""


@dataclass
class RunOpened(Message):
    """A run was started."""

    target: str
    direction: Direction
    settling: str = ""
    """Migration about whose interruption it carries out a decision; empty for an apply or a rollback."""
    started: float | None = None
    """Start in Unix seconds of a run that is followed; None: now."""
    targets: int = 0
    """Number of targets of a run on several of them; then `target` is empty. Else 0."""


@dataclass
class FleetLeft(Message):
    """The user has confirmed a run on several targets: it is in progress in a process of its own."""


@dataclass
class RunFound(Message):
    """A run of this folder that has ended was read from its journal."""

    view: RunView


@dataclass
class RunReported(Message):
    """New events of the run, in order."""

    events: tuple[Event, ...]


@dataclass
class QuestionAsked(Message):
    """The run waits for the confirmation of its plan."""

    plan: Plan
    question: Question
    target: Target
    answer: Callable[[str | None], None]
    """Function that answers this question of this run; None means no."""


@dataclass
class RunEnded(Message):
    """The event stream of the run has ended; `error` if it has no result."""

    error: str | None = None


@dataclass
class RunStopped(Message):
    """The run was refused because of conflicts that the user can decide about."""

    request: Request
    conflicts: tuple[Conflict, ...]

    @property
    def interrupted(self) -> str | None:
        """Name of the first migration that was interrupted; None if all conflicts can be allowed."""
        return interrupted_name(self.conflicts)


@dataclass
class RehearsalReported(Message):
    """New events of a rehearsal, in order."""

    events: tuple[Event, ...]
    folder: Folder
    """Folder at the start of the rehearsal."""
    source: object
    """Identity of the rehearsal."""


@dataclass
class RehearsalEnded(Message):
    """A rehearsal has ended; `error` if it has no result."""

    source: object
    error: str = ""


@dataclass
class PlaceChosen(Message):
    """The user wants to see a migration, or a line of it, in the preview."""

    place: FileLine


@dataclass
class MigrationsWritten(Message):
    """New migrations were written; the folder was not read since then."""

    names: tuple[str, ...]


@dataclass
class FilesSearched(Message):
    """The files were searched for a text, or a part of them."""

    text: str
    names: frozenset[str]
    """Names of the files that have it."""
    searched: int | None
    """Number of files that were searched; None if all were."""


@dataclass
class TrustGiven(Message):
    """The user trusts the folder, and koonj has stored that."""


@dataclass
class StatusMessage(Message):
    """One line for the user, shown in the bottom line until the next key."""

    text: str
    is_problem: bool = False
