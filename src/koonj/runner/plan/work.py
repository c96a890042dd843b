"""A planned migration, with everything that is needed to run it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from koonj.config.settings import MAX_STALL
from koonj.migrations.migration import Migration
from koonj.postgres.locks.trace import LockMode, StatementTrace
from koonj.runner.plan.lock_limits import NO_LIMIT, LockLimits, shorter
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import PlannedMigration, PlannedStatement
from koonj.sql.script import Script
from koonj.sql.sections import Setting
from koonj.sql.statements import Statement
from koonj.sql.transactions import Mode, ScriptShape, Step, as_written, summaries


@dataclass(frozen=True, slots=True)
class NumberedStatement:
    """Statement with its number in the script, from 1, without transaction control."""

    index: int
    statement: Statement
    before: int
    """Number of statements of the script before its step, which commits as a whole."""

    def bare_trace(self, seconds: float, *, in_transaction: bool) -> StatementTrace:
        """Return a trace with the statement and its duration only."""
        one = self.statement
        return StatementTrace(self.index, one.line, one.summary, in_transaction, seconds)


@dataclass(frozen=True, slots=True)
class NumberedStep:
    """Step of a script (statements that commit together), with numbered statements."""

    step: Step
    statements: tuple[NumberedStatement, ...]

    @property
    def last(self) -> int:
        """Number of statements done when this step is committed; 0 if it has none."""
        return self.statements[-1].index if self.statements else 0


@dataclass(frozen=True, slots=True)
class WantedLock:
    """A lock on a table that a migration needs, at its strongest mode."""

    relation: str
    """Qualified name, quoted for SQL."""
    mode: LockMode
    statement: int
    """Number of the first statement that needs it, at any mode."""
    patience: float = 0.0
    """Seconds that the server waits for it; 0: it fails at once if another session is in the way."""


def in_order(locks: Iterable[WantedLock]) -> tuple[WantedLock, ...]:
    """Return the locks in the order in which they are taken: the strongest first.

    Then a timed try does not hold weak locks while it waits for a strong one.
    """
    return tuple(sorted(locks, key=lambda lock: (-lock.mode.rank, lock.relation)))


@dataclass(frozen=True, slots=True)
class BatchPlace:
    """The place of a migration among those that commit in the same transaction."""

    index: int
    of: int
    last: int
    """Number of the last migration of the batch."""


@dataclass(frozen=True, slots=True)
class Work:
    """One script of a migration to run: its body or its rollback."""

    migration: Migration
    script: Script
    shape: ScriptShape
    steps: tuple[NumberedStep, ...]
    planned: PlannedMigration
    statement_timeout: str
    limits: LockLimits
    """How long its statements queue for locks."""
    explicit_stall: bool
    """The file or the target sets max_stall; then koonj does not queue longer for an autovacuum either."""
    retries: int
    target_option: str
    """Option that names this target in commands, with a space before: `` --target staging``. Can be empty."""
    locks: tuple[WantedLock, ...] = ()
    """Locks that its transaction takes before its first statement, as far as they are known."""
    batch: BatchPlace | None = None
    """None: the migration commits alone."""

    @property
    def direction(self) -> Direction:
        """Direction of the run."""
        return self.planned.direction

    @property
    def total(self) -> int:
        """Number of statements in the script, without transaction control."""
        return len(self.planned.statements)

    @property
    def builds_concurrently(self) -> bool:
        """Whether a statement is CONCURRENTLY.

        If it fails, it can leave an INVALID index, for example.
        """
        return any(n.statement.is_concurrent for step in self.steps for n in step.statements)

    @property
    def waits_patiently(self) -> bool:
        """Whether nobody who only reads or writes waits behind it, and koonj sets no lock_timeout."""
        return self.limits.own is None and self.planned.lock_timeout == NO_LIMIT

    @property
    def sets_lock_timeout(self) -> bool:
        """Whether a statement of the script sets lock_timeout, so that koonj leaves the session's alone."""
        from koonj.sql.lock_patience import sets_lock_timeout  # noqa: PLC0415 - a plan does not ask

        return any(map(sets_lock_timeout, self.texts))

    @property
    def texts(self) -> Iterator[str]:
        """The statements of the script, without transaction control."""
        return (n.statement.text for step in self.steps for n in step.statements)

    @property
    def in_one_transaction(self) -> bool:
        """Whether the script and its history entry commit in one transaction."""
        return self.shape.mode is Mode.ONE_TRANSACTION


def number_steps(shape: ScriptShape) -> tuple[NumberedStep, ...]:
    """Number the statements of all steps, from 1."""
    return tuple(_numbered(shape))


def _numbered(shape: ScriptShape) -> Iterator[NumberedStep]:
    count = 0
    for step in shape.steps:
        statements = tuple(
            NumberedStatement(count + k, s, count) for k, s in enumerate(step.statements, start=1)
        )
        count += len(statements)
        yield NumberedStep(step, statements)


def make_work(
    migration: Migration,
    direction: Direction,
    *,
    lock_timeout: str,
    lock_wait: str = "",
    max_stall: str | None = "",
    target_option: str = "",
    done: int = 0,
    from_history: bool = False,
) -> Work:
    """Plan one script of a migration; it must exist.

    `max_stall`: of the target; None: it sets none; empty: others may wait as long as the migration does.
    """
    apply = direction is Direction.APPLY
    script = migration.sections.body if apply else migration.sections.rollback
    shape = migration.shape if apply else migration.rollback_shape
    assert script is not None
    assert shape is not None
    steps = number_steps(shape)
    own = _settings(migration.sections.settings)
    stored = migration.body_summaries if apply else migration.rollback_summaries
    in_order = [(s.step.in_transaction, n) for s in steps for n in s.statements]
    # They are only shown. What runs is what was parsed.
    texts = stored if len(stored) == len(in_order) else summaries(shape)
    stall = own.get("max_stall", MAX_STALL if max_stall is None else max_stall)
    limits = LockLimits(lock_timeout, own.get("lock_timeout"), stall)
    planned = PlannedMigration(
        name=migration.name,
        direction=direction,
        in_transaction=shape.mode is Mode.ONE_TRANSACTION,
        mode=shape.mode,
        explanation=shape.explanation,
        statements=tuple(
            PlannedStatement(n.index, n.statement.line, text, in_transaction)
            for (in_transaction, n), text in zip(in_order, texts, strict=True)
        ),
        statements_done=done,
        from_history=from_history,
        lock_timeout=_shown_limit(limits, steps),
        lock_wait=own.get("lock_wait") or own.get("lock_timeout", lock_wait),
        max_stall=stall,
    )
    return Work(
        migration=migration,
        script=script,
        shape=shape,
        steps=steps,
        planned=planned,
        statement_timeout=own.get("statement_timeout", "0"),
        limits=limits,
        explicit_stall="max_stall" in own or bool(max_stall),
        retries=int(own.get("retries", "0")),
        target_option=target_option,
    )


def _shown_limit(limits: LockLimits, steps: Sequence[NumberedStep]) -> str:
    """Return the shortest lock_timeout of the transactions that have one."""
    filled = ([n.statement for n in step.statements] for step in steps if step.statements)
    return reduce(shorter, map(limits.of, filled), NO_LIMIT) if steps else limits.of(())


def can_run_as_written(work: Work) -> bool:
    """Return whether only koonj puts the script in one transaction: the file has no BEGIN."""
    shape = work.shape
    return work.in_one_transaction and not (shape.wrapped or shape.of_tool) and bool(work.steps)


def work_as_written(work: Work, commits: Sequence[int]) -> Work:
    """Return the work with each statement outside a transaction, as in ``psql -f``.

    `commits`: numbers of statements that commit by themselves, which a transaction refuses.
    """
    shape = as_written(work.script, commits)
    planned = replace(
        work.planned,
        in_transaction=False,
        mode=shape.mode,
        explanation=shape.explanation,
        statements=tuple(replace(s, in_transaction=False) for s in work.planned.statements),
    )
    return replace(work, shape=shape, steps=number_steps(shape), planned=planned)


def with_lock_timeout(work: Work, seconds: float) -> Work:
    """Return the work with another limit for how long its statements queue."""
    limit = f"{round(seconds * 1000)}ms"
    limits, planned = replace(work.limits, own=limit), replace(work.planned, lock_timeout=limit)
    return replace(work, limits=limits, planned=planned)


def _settings(settings: tuple[Setting, ...]) -> dict[str, str]:
    return {setting.name: setting.value for setting in settings}
