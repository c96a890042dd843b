"""A planned migration together with all that running it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from koonj.migrations.migration import Migration
from koonj.postgres.locks.trace import StatementTrace
from koonj.runner.run.events import Direction, PlannedMigration, PlannedStatement
from koonj.sql.script import Script
from koonj.sql.sections import Setting
from koonj.sql.statements import Statement
from koonj.sql.transactions import Mode, ScriptShape, Step


@dataclass(frozen=True, slots=True)
class NumberedStatement:
    """A statement with its number among those that a script sends: transaction control is not counted."""

    index: int
    statement: Statement

    def bare_trace(self, seconds: float, *, in_transaction: bool) -> StatementTrace:
        """A trace that only says which statement it is and how long it took."""
        one = self.statement
        return StatementTrace(self.index, one.line, one.summary, in_transaction, seconds)


@dataclass(frozen=True, slots=True)
class NumberedStep:
    """What commits together."""

    step: Step
    statements: tuple[NumberedStatement, ...]

    @property
    def last(self) -> int:
        """The count of statements done once this step is committed."""
        return self.statements[-1].index if self.statements else 0


@dataclass(frozen=True, slots=True)
class Work:
    """One migration, one way."""

    migration: Migration
    script: Script
    shape: ScriptShape
    steps: tuple[NumberedStep, ...]
    planned: PlannedMigration
    statement_timeout: str
    explicit_lock_timeout: bool
    """The file itself sets lock_timeout, which then holds for concurrent statements too."""
    retries: int
    where: str
    """What a command needs to mean this target: `` --target staging``; empty where no word does."""

    @property
    def direction(self) -> Direction:
        """Which way."""
        return self.planned.direction

    @property
    def total(self) -> int:
        """How many statements the script has, transaction control not counted."""
        return len(self.planned.statements)

    @property
    def builds_concurrently(self) -> bool:
        """Some statement works in several transactions of its own: stopped half way, it leaves something."""
        return any(n.statement.is_concurrent for step in self.steps for n in step.statements)

    @property
    def in_one_transaction(self) -> bool:
        """Script and history row commit together."""
        return self.shape.mode is Mode.ONE_TRANSACTION


def number_steps(shape: ScriptShape) -> tuple[NumberedStep, ...]:
    """Number the statements of every step through."""
    return tuple(_numbered(shape))


def _numbered(shape: ScriptShape) -> Iterator[NumberedStep]:
    count = 0
    for step in shape.steps:
        statements = tuple(NumberedStatement(count + k, s) for k, s in enumerate(step.statements, start=1))
        count += len(statements)
        yield NumberedStep(step, statements)


def make_work(
    migration: Migration,
    direction: Direction,
    *,
    lock_timeout: str,
    where: str = "",
    done: int = 0,
    from_history: bool = False,
) -> Work:
    """Plan one migration's script. `migration` must have a rollback script to go down."""
    apply = direction is Direction.APPLY
    script = migration.sections.body if apply else migration.sections.rollback
    shape = migration.shape if apply else migration.rollback_shape
    assert script is not None
    assert shape is not None
    steps = number_steps(shape)
    own = _settings(migration.sections.settings)
    planned = PlannedMigration(
        name=migration.name,
        direction=direction,
        in_transaction=shape.mode is Mode.ONE_TRANSACTION,
        mode=shape.mode,
        explanation=shape.explanation,
        statements=tuple(
            PlannedStatement(n.index, n.statement.line, n.statement.summary, s.step.in_transaction)
            for s in steps
            for n in s.statements
        ),
        statements_done=done,
        from_history=from_history,
        lock_timeout=own.get("lock_timeout", lock_timeout),
    )
    return Work(
        migration=migration,
        script=script,
        shape=shape,
        steps=steps,
        planned=planned,
        statement_timeout=own.get("statement_timeout", "0"),
        explicit_lock_timeout="lock_timeout" in own,
        retries=int(own.get("retries", "0")),
        where=where,
    )


def _settings(settings: tuple[Setting, ...]) -> dict[str, str]:
    return {setting.name: setting.value for setting in settings}
