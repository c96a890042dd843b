"""What a run says, as it goes: the only thing that a screen, a command or a journal knows of it.

Events are frozen values that survive JSON (strings, numbers, booleans, None, tuples and other such values),
and carry no secret: a target is its name. The last event of every stream is a `RunFinished`.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from koonj.migrations.history_entry import Action
from koonj.postgres.advisory_lock import LockHolder
from koonj.postgres.locks.trace import RelationLock
from koonj.sql.transactions import Mode


class Direction(StrEnum):
    """Which way a migration runs."""

    APPLY = "apply"
    ROLLBACK = "rollback"

    @property
    def action(self) -> Action:
        """As history records a run in this direction."""
        return Action.APPLY if self is Direction.APPLY else Action.ROLLBACK


class RunResult(StrEnum):
    """How a run ended."""

    DONE = "done"
    NOTHING = "nothing"
    """There was nothing to do."""
    DECLINED = "declined"
    """The question was answered with no, or nobody could answer it."""
    REFUSED = "refused"
    """Something must be decided or mended first: see `RunFinished.conflicts`."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Cancelled by a person."""
    LOCKED = "locked"
    """Another run holds the target's lock."""
    PROBED = "probed"
    """All of it ran on the target, and was rolled back."""


class QuestionKind(StrEnum):
    """What counts as yes."""

    YES = "yes"
    """The word ``yes`` (a screen may take one key for it, not Enter and not the key that started the run)."""
    TYPED = "typed"
    """`Question.expected`, typed in full: the name of a protected target."""


@dataclass(frozen=True, slots=True)
class PlannedLock:
    """A relation that a statement locks, as measured on scratch, beside what the target says of it."""

    relation: str
    """Schema-qualified, quoted as SQL wants it."""
    kind: str
    """``table``, ``partitioned table``, ``view``, …"""
    mode: str
    """Such as ``ACCESS EXCLUSIVE``; what its indexes are locked in is in the sentence."""
    rewrites: bool
    """It gets new storage, with its rows in it."""
    scans: bool
    """It is read from end to end."""
    bytes: int | None
    """With indexes and TOAST, as the target's statistics have it; None: not known."""
    rows: int | None
    """Estimated by the target; None: not known."""
    impact: int
    """1 a note, 2 short and strong, 3 long, or it takes data away."""
    effect: str
    """What that means for those who use it."""
    activity: str = ""
    """How much it is used, in words, where that matters; once a plan, at the first lock on it."""


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """One statement that a plan would send."""

    index: int
    """1-based within the script."""
    line: int
    """In the file."""
    summary: str
    """In words: ``create index documents_status_idx on documents``."""
    in_transaction: bool
    locks: tuple[PlannedLock, ...] | None = None
    """Those worth a word, heaviest first; None: not measured."""


@dataclass(frozen=True, slots=True)
class PlannedMigration:
    """One migration's part of a plan."""

    name: str
    direction: Direction
    in_transaction: bool
    """The whole script commits together with its history row."""
    mode: Mode
    explanation: str
    """The mode and its reason, in words."""
    statements: tuple[PlannedStatement, ...]
    statements_done: int = 0
    """Statements that an earlier, unfinished entry committed and this one passes over."""
    from_history: bool = False
    """The script is the text that history recorded, since the file is gone."""
    lock_timeout: str = "5s"
    verdict: str | None = None
    """The verdict of its rehearsal in one word; ``unknown``: there is none; None: nobody looked."""
    verdict_message: str = ""
    """Why that is the verdict."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """What stops a run until a person decides, or mends it."""

    name: str
    """The migration's file name; empty where it is the folder or the target."""
    state: str
    """A state's word (``late``, ``edited``, …), a problem's code, ``rollback_missing``, ``lossy``,
    ``not_verified`` or ``not_transactional``."""
    message: str
    hint: str
    can_allow: bool
    """`--allow STATE` lets the run pass; otherwise the thing must be mended."""
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an action would do to one target, in order; made without changing anything."""

    target: str
    direction: Direction
    protected: bool
    server: str
    """Whom the target turned out to be: ``PostgreSQL 18.6, database ragqa, user postgres, host /tmp``."""
    migrations: tuple[PlannedMigration, ...]
    conflicts: tuple[Conflict, ...] = ()
    allowed: tuple[Conflict, ...] = ()
    """Conflicts that this run was told to pass; each becomes a history row."""
    notes: tuple[str, ...] = ()

    @property
    def statements(self) -> int:
        """How many statements it would send."""
        return sum(len(m.statements) - m.statements_done for m in self.migrations)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a migration failed, what that leaves, and what can be done."""

    name: str
    direction: Direction
    statement: int
    """k of `of`, 1-based; 0 where it was not a statement (the connection, the history row)."""
    of: int
    file: str
    """The path as the person knows it."""
    line: int | None
    column: int | None
    source_line: str
    """The file's line as it stands, without its end."""
    sqlstate: str | None
    severity: str
    message: str
    detail: str | None = None
    hint: str | None = None
    context: str | None = None
    committed: tuple[str, ...] = ()
    """What of this migration is committed, a line each; empty: nothing."""
    target_state: str = ""
    """The state in which the target is left, in words."""
    next_steps: tuple[str, ...] = ()
    """What can be done now, each a sentence with its command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Anything that a run says."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    """With its zone."""


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """The first event."""

    run_id: str
    target: str
    direction: Direction
    probe: bool = False
    """Nothing of it will be committed."""


@dataclass(frozen=True, slots=True)
class PlanMade(Event):
    """The plan, before anything changes; again after the lock was got, where it then differs."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Question(Event):
    """The run waits until it is answered with `Run.answer`."""

    id: str
    kind: QuestionKind
    text: str
    expected: str
    """What must be answered to go on; any other answer is a no."""


@dataclass(frozen=True, slots=True)
class WaitingForLock(Event):
    """Another run holds the target's lock; said again as the wait goes on."""

    holder: LockHolder | None
    """None where the server does not show it to this role."""
    seconds: float


@dataclass(frozen=True, slots=True)
class LockAcquired(Event):
    """This run is the only one on the target now."""

    seconds: float


@dataclass(frozen=True, slots=True)
class DecisionRecorded(Event):
    """A decision was written to history."""

    name: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class MigrationStarted(Event):
    """Migration `index` of `of` begins."""

    name: str
    direction: Direction
    index: int
    of: int
    statements: int
    in_transaction: bool


@dataclass(frozen=True, slots=True)
class StatementStarted(Event):
    """A statement was sent."""

    name: str
    index: int
    of: int
    line: int
    summary: str


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """The server said something while a statement ran."""

    name: str
    severity: str
    message: str
    detail: str | None = None
    hint: str | None = None
    sqlstate: str | None = None


@dataclass(frozen=True, slots=True)
class StatementFinished(Event):
    """A statement was answered."""

    name: str
    index: int
    of: int
    command_tag: str
    """The server's command tag, such as ``CREATE TABLE`` or ``INSERT 0 5``."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Retrying(Event):
    """A transaction was rolled back by a lock timeout or a deadlock, and is tried again after a pause."""

    name: str
    attempt: int
    """The attempt that comes, from 2."""
    of: int
    sqlstate: str
    message: str
    delay: float
    """Seconds until then."""


@dataclass(frozen=True, slots=True)
class MigrationFinished(Event):
    """A migration and its history row are committed."""

    name: str
    direction: Direction
    seconds: float
    statements: int


@dataclass(frozen=True, slots=True)
class MigrationProbed(Event):
    """A migration ran on the target, in the transaction of a probe, which is rolled back at the end."""

    name: str
    direction: Direction
    seconds: float
    """Of its statements."""
    statements: int
    locks: tuple[RelationLock, ...] = ()
    """The strongest that it took on each relation that was there before the probe. One that a migration
    before it has taken, and still holds, does not show again."""
    sequences: tuple[str, ...] = ()
    """Those that it moved, and that do not go back."""


@dataclass(frozen=True, slots=True)
class MigrationFailed(Event):
    """A migration stopped; nothing after it was tried."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Cancelling(Event):
    """The running statement is being cancelled on the server."""


@dataclass(frozen=True, slots=True)
class RunFinished(Event):
    """The last event: the result."""

    result: RunResult
    message: str
    """One sentence."""
    committed: tuple[str, ...] = ()
    """File names, in the order in which they were committed."""
    failure: Failure | None = None
    not_run: tuple[str, ...] = ()
    """Planned, and not tried."""
    conflicts: tuple[Conflict, ...] = ()
