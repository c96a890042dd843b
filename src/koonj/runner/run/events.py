"""Define the events of a run, the only interface between a run and its consumers.

Events are frozen values that can be converted to JSON and back (see `codec.py`). They contain no secrets:
a target is given by its name. The last event of every stream is a `RunFinished`; but if a run in another
process is followed, and that process ends without a result, it is a `JournalBroken`. The events about locks
are in `lock_events.py`.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from koonj.postgres.locks.trace import RelationLock
from koonj.postgres.progress import Unit
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.failure import AwaitedLock, Failure
from koonj.runner.run.planned import Plan


class RunResult(StrEnum):
    """Result of a run."""

    DONE = "done"
    NOTHING = "nothing"
    """Nothing to do, or only a plan was requested."""
    DECLINED = "declined"
    """The run was not confirmed, or there was nobody to ask."""
    REFUSED = "refused"
    """A conflict stopped the run (see `RunFinished.conflicts`), or its plan changed after it was shown."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Cancelled by the user."""
    LOCKED = "locked"
    """Another run holds the koonj lock."""
    PROBED = "probed"
    """All migrations of the probe ran on the target and were rolled back."""


class QuestionKind(StrEnum):
    """How a question must be confirmed."""

    YES = "yes"
    """With the word ``yes``. A screen can use a key: not Enter, and not the key that started the run."""
    TYPED = "typed"
    """With the text `Question.expected`: the name of a protected target, typed in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base class of all events."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    """Time of the event, with its time zone."""


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """The first event of a run."""

    run_id: str
    target: str
    direction: Direction
    probe: bool = False
    """The run is a probe: nothing is committed."""
    settles: str = ""
    """File name of the interrupted migration that the run settles; empty for an apply or a rollback."""


@dataclass(frozen=True, slots=True)
class RunMoved(Event):
    """The run was confirmed, and continues in a process of its own."""

    run_id: str
    pid: int
    host: str
    journal: str
    """Path of the journal, which other processes follow."""


@dataclass(frozen=True, slots=True)
class PlanMade(Event):
    """The plan, before anything changes.

    It is sent again if the plan is different after the koonj lock was acquired.
    """

    plan: Plan


@dataclass(frozen=True, slots=True)
class Question(Event):
    """Question to the user; the run waits until it is answered with `Run.answer`."""

    id: str
    kind: QuestionKind
    text: str
    expected: str
    """The answer that confirms the run; any other answer declines it."""


@dataclass(frozen=True, slots=True)
class DecisionRecorded(Event):
    """A decision (an allow or override) was recorded in the history."""

    name: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class InterruptionSettled(Event):
    """It was recorded what an interrupted apply or rollback has committed."""

    name: str
    statement: int
    """Number of the statement whose end was not recorded; 0: none was under way."""
    of: int
    done: int
    """Number of committed statements."""
    evidence: str
    """What was found on the target, in sentences."""
    reason: str = ""
    """Why the user decided so; empty if the target proves it."""


@dataclass(frozen=True, slots=True)
class MigrationStarted(Event):
    """Migration `index` of `of` starts."""

    name: str
    direction: Direction
    index: int
    of: int
    statements: int
    in_transaction: bool


@dataclass(frozen=True, slots=True)
class StatementStarted(Event):
    """A statement is sent to the server."""

    name: str
    index: int
    of: int
    line: int
    summary: str
    committed: int = 0
    """Number of statements of the migration that are committed, and stay if this one is cancelled."""


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """The server sent a message (NOTICE, WARNING, …) during a migration."""

    name: str
    severity: str
    message: str
    detail: str | None = None
    hint: str | None = None
    sqlstate: str | None = None


@dataclass(frozen=True, slots=True)
class Progress(Event):
    """How far the running statement is; sent when its phase changes, for each percent, or after 10 s."""

    name: str
    statement: int
    command: str
    """In PostgreSQL's words, such as ``CREATE INDEX CONCURRENTLY``."""
    relation: str
    """Qualified name, quoted as in SQL; can be empty."""
    phase: str
    """In PostgreSQL's words; empty for COPY, which has no phases."""
    done: int | None
    """How much of this phase is done; None: it is not counted."""
    total: int | None
    """How much there is to do in this phase; None: not known."""
    unit: Unit | None
    """What `done` and `total` count."""
    rate: float | None
    """How much is done in a second of this phase; None: not known yet."""
    waits_for: int | None
    """The pid of the session that the phase waits for."""

    @property
    def seconds_left(self) -> float | None:
        """Seconds until this phase ends at this rate; None: not known."""
        if not self.rate or self.done is None or self.total is None:
            return None
        return max(0.0, (self.total - self.done) / self.rate)


@dataclass(frozen=True, slots=True)
class StatementFinished(Event):
    """A statement was successful."""

    name: str
    index: int
    of: int
    command_tag: str
    """The server's command tag, such as ``CREATE TABLE`` or ``INSERT 0 5``."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Retrying(Event):
    """A failed transaction was rolled back, and is retried after a delay.

    For example after a lock timeout or a deadlock.
    """

    name: str
    attempt: int
    """Number of the next attempt, from 2."""
    of: int
    sqlstate: str
    message: str
    delay: float
    """Seconds until the next attempt."""
    waited_for: AwaitedLock | None = None
    """The lock that it waited for when it failed, as koonj saw it last."""


@dataclass(frozen=True, slots=True)
class MigrationFinished(Event):
    """A migration and its history entry are committed."""

    name: str
    direction: Direction
    seconds: float
    statements: int


@dataclass(frozen=True, slots=True)
class MigrationUncommitted(Event):
    """A migration of a batch ran. It is committed with all others of the batch, at its end, or not at all."""

    name: str
    direction: Direction
    seconds: float
    statements: int


@dataclass(frozen=True, slots=True)
class MigrationProbed(Event):
    """A migration ran in a probe, in a transaction that is rolled back at the end."""

    name: str
    direction: Direction
    seconds: float
    """Seconds that its statements took."""
    statements: int
    locks: tuple[RelationLock, ...] = ()
    """The strongest lock that it took on each relation that existed before the probe.

    A lock that an earlier migration took and still holds is not listed again.
    """
    sequences: tuple[str, ...] = ()
    """Sequences that it advanced; a rollback does not restore them."""


@dataclass(frozen=True, slots=True)
class MigrationFailed(Event):
    """A migration failed or was cancelled; the migrations after it are not run."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Cancelling(Event):
    """A cancel request for the running statement is sent to the server."""


@dataclass(frozen=True, slots=True)
class CancelAsked(Event):
    """A user asked to cancel the run, in a process that follows it."""

    who: str
    """User, host and terminal: ``dev1@bastion1 pts/3``."""


@dataclass(frozen=True, slots=True)
class JournalBroken(Event):
    """The last event of a run whose process ended without a result.

    The result is unknown here: the target knows it (`koonj status`).
    """

    run_id: str
    pid: int
    lost: int
    """Number of lines that could not be written to the journal."""
    errors: str
    """Path of the file that contains what the process printed to stderr; empty if it printed nothing."""


@dataclass(frozen=True, slots=True)
class RunFinished(Event):
    """The last event of a run: its result."""

    result: RunResult
    message: str
    """The result in one or two sentences."""
    committed: tuple[str, ...] = ()
    """File names of the committed migrations, in the order of their commits."""
    failure: Failure | None = None
    not_run: tuple[str, ...] = ()
    """File names of planned migrations that were not started."""
    rolled_back: tuple[str, ...] = ()
    """File names of the migrations of a batch that ran, and were rolled back with it."""
    conflicts: tuple[Conflict, ...] = ()
