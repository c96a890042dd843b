"""One side of a migration, up or down, as it was rehearsed: what was seen of it and what its text says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from koonj.postgres.locks.trace import StatementTrace
from koonj.runner.plan.work import NumberedStatement, number_steps
from koonj.sql.row_changes import RowChange, plain_name, row_changes
from koonj.sql.statements import Statement, TransactionControl
from koonj.sql.transactions import ScriptShape


@dataclass(frozen=True, slots=True)
class ScriptEffects:
    """What a script does that stays: nothing that its own ROLLBACK TO SAVEPOINT takes back."""

    traces: tuple[StatementTrace, ...] = ()
    statements: tuple[Statement, ...] = ()
    changes: Mapping[int, tuple[RowChange, ...]] = field(default_factory=dict)
    """Which rows each statement says that it changes, by the number that its trace has, too."""

    @property
    def row_changes(self) -> list[RowChange]:
        """All of `changes`, in the order of the statements."""
        return [change for changes in self.changes.values() for change in changes]


def side_of(traces: Iterable[StatementTrace], shape: ScriptShape | None) -> ScriptEffects:
    """`shape`: of the script; None where there is none."""
    if shape is None:
        return ScriptEffects()
    steps = [step.statements for step in number_steps(shape)]
    undone = {index for statements in steps for index in _undone(statements)}
    lasting = [n for statements in steps for n in statements if n.index not in undone]
    return ScriptEffects(
        tuple(trace for trace in traces if trace.index not in undone),
        tuple(numbered.statement for numbered in lasting),
        {numbered.index: row_changes(numbered.statement) for numbered in lasting},
    )


def _undone(statements: Iterable[NumberedStatement]) -> set[int]:
    """Numbers of the statements of one transaction that stand between a savepoint and the way back to it."""
    undone: set[int] = set()
    marks: list[tuple[str, int]] = []
    for numbered in statements:
        control, name = numbered.statement.control, plain_name(numbered.statement.name)
        if control is TransactionControl.SAVEPOINT:
            marks.append((name, numbered.index))
        elif control in {TransactionControl.RELEASE, TransactionControl.ROLLBACK_TO}:
            at = next((k for k in range(len(marks) - 1, -1, -1) if marks[k][0] == name), None)
            if at is None:
                continue
            if control is TransactionControl.ROLLBACK_TO:
                undone.update(range(marks[at][1] + 1, numbered.index))
            del marks[at + (control is TransactionControl.ROLLBACK_TO) :]
    return undone
