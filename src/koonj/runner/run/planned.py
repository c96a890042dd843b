"""What a run would do: its plan, with migrations, statements and locks."""

from dataclasses import dataclass

from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.row_check import RowCheck
from koonj.sql.transactions import Mode


@dataclass(frozen=True, slots=True)
class PlannedLock:
    """Lock of a statement, measured in a rehearsal, with the size on the target."""

    relation: str
    """Qualified name, quoted as in SQL."""
    kind: str
    """``table``, ``partitioned table``, ``view``, …"""
    mode: str
    """Lock mode, such as ``ACCESS EXCLUSIVE``. Locks on its indexes are described in `effect`."""
    rewrites: bool
    """The statement writes all its rows to new storage."""
    scans: bool
    """The statement reads all its rows."""
    bytes: int | None
    """Size on the target with indexes and TOAST, from the target's statistics or its files; None: unknown."""
    rows: int | None
    """Number of rows, estimated by the target; None: unknown."""
    impact: int
    """1: a note; 2: a strong lock, held briefly; 3: held long, or data is deleted."""
    effect: str
    """The lock and its effect on other sessions, as text."""
    activity: str = ""
    """How much the relation is used, as text; only if that matters, and at the first lock on it in a plan."""
    held: bool = False
    """An earlier statement took the lock, and this statement scans or rewrites other relations meanwhile.

    Listed at the first such statement of a script, and again only if its impact is higher.
    """


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """Statement that a plan would run."""

    index: int
    """Number within the script, from 1."""
    line: int
    """Line in the file, from 1."""
    summary: str
    """Short text: ``create index documents_status_idx on documents``."""
    in_transaction: bool
    locks: tuple[PlannedLock, ...] | None = None
    """Locks with an effect on other sessions, highest impact first; None: not measured."""


@dataclass(frozen=True, slots=True)
class PlannedMigration:
    """Migration in a plan."""

    name: str
    direction: Direction
    in_transaction: bool
    """The whole script commits in one transaction, together with its history entry."""
    mode: Mode
    explanation: str
    """The mode and its reason, as text."""
    statements: tuple[PlannedStatement, ...]
    statements_done: int = 0
    """Number of statements that an earlier, unfinished run committed; this run skips them."""
    from_history: bool = False
    """The file is missing; the script is the text from `koonj.history`."""
    lock_timeout: str = "5s"
    """How long a statement queues for a lock that is not taken first; 0: without limit.

    If the migration is several transactions, that of those with a limit.
    """
    lock_wait: str = ""
    """How long koonj tries to get the locks; empty for a probe, which tries once."""
    max_stall: str = ""
    """How long others may wait behind one try to get a lock."""
    verdict: str | None = None
    """Verdict of the rehearsal; ``unknown``: not rehearsed; None: the plan was made without verdicts."""
    verdict_message: str = ""
    """Reason for the verdict."""
    row_checks: tuple[RowCheck, ...] = ()
    """What the target's rows answer to the demands of the migration; empty also if it was not asked."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do on one target, in order. Making a plan changes nothing."""

    target: str
    direction: Direction
    protected: bool
    server: str
    """Identity of the connected server: ``PostgreSQL 18.6, database ragqa, user postgres, host /tmp``."""
    migrations: tuple[PlannedMigration, ...]
    conflicts: tuple[Conflict, ...] = ()
    allowed: tuple[Conflict, ...] = ()
    """Conflicts that are allowed or overridden; each is recorded in the history."""
    notes: tuple[str, ...] = ()
    batch: bool = False
    """All migrations commit in one transaction, with their history entries: all of them, or none."""

    @property
    def statements(self) -> int:
        """Number of statements that the plan would run."""
        return sum(len(m.statements) - m.statements_done for m in self.migrations)
