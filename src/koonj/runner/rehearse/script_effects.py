"""Combine the observed effects of a script with those that its text shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from koonj.postgres.locks.trace import StatementTrace
from koonj.runner.plan.work import NumberedStatement, number_steps
from koonj.runner.rehearse.routines import HiddenChange, Routines
from koonj.sql.row_changes import RowChange, plain_name, row_changes
from koonj.sql.statements import Statement, TransactionControl
from koonj.sql.transactions import ScriptShape


@dataclass(frozen=True, slots=True)
class ScriptEffects:
    """Lasting effects of a script, without those that it undoes itself.

    A script can undo its own statements with ROLLBACK TO SAVEPOINT.
    """

    traces: tuple[StatementTrace, ...] = ()
    statements: tuple[Statement, ...] = ()
    changes: Mapping[int, tuple[RowChange, ...]] = field(default_factory=dict)
    """Row changes that the text of each statement shows, by the index of its trace."""
    hidden: Mapping[int, tuple[HiddenChange, ...]] = field(default_factory=dict)
    """Row changes of functions, triggers and rules, by the index of the statement's trace."""
    tried: frozenset[str] = frozenset()
    """Tables in which made-up rows have shown what the script does."""

    @property
    def row_changes(self) -> list[RowChange]:
        """All row changes, in the order of the statements."""
        return [change for changes in self.changes.values() for change in changes]


def script_effects(
    traces: Iterable[StatementTrace],
    shape: ScriptShape | None,
    tried: frozenset[str] = frozenset(),
    routines: Routines | None = None,
) -> ScriptEffects:
    """Return the lasting effects of a script. `shape` is None if there is no script."""
    if shape is None:
        return ScriptEffects()
    steps = [step.statements for step in number_steps(shape)]
    undone = {index for statements in steps for index in _undone(statements)}
    lasting = [n for statements in steps for n in statements if n.index not in undone]
    return ScriptEffects(
        tuple(trace for trace in traces if trace.index not in undone),
        tuple(numbered.statement for numbered in lasting),
        {numbered.index: row_changes(numbered.statement) for numbered in lasting},
        {n.index: () if routines is None else routines.hidden_changes(n.statement) for n in lasting},
        tried,
    )


def _undone(statements: Iterable[NumberedStatement]) -> set[int]:
    """Return the indexes of statements that a ROLLBACK TO SAVEPOINT undoes.

    `statements`: those of one transaction.
    """
    undone: set[int] = set()
    savepoints: list[tuple[str, int]] = []
    for numbered in statements:
        control, name = numbered.statement.control, plain_name(numbered.statement.name)
        if control is TransactionControl.SAVEPOINT:
            savepoints.append((name, numbered.index))
        elif control in {TransactionControl.RELEASE, TransactionControl.ROLLBACK_TO}:
            at = next((k for k in range(len(savepoints) - 1, -1, -1) if savepoints[k][0] == name), None)
            if at is None:
                continue
            if control is TransactionControl.ROLLBACK_TO:
                undone.update(range(savepoints[at][1] + 1, numbered.index))
            del savepoints[at + (control is TransactionControl.ROLLBACK_TO) :]
    return undone
