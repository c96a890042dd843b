"""Find what functions, triggers and rules can change, for statements that made-up rows do not decide."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from koonj.runner.rehearse.routines import HiddenChange
from koonj.runner.rehearse.script_effects import ScriptEffects
from koonj.runner.rehearse.suspicion import Source, Suspicion
from koonj.runner.run.direction import Direction
from koonj.sql.row_changes import RowChange, plain_name


def hidden_suspicions(
    script: ScriptEffects, other: ScriptEffects, direction: Direction, created: Collection[str], suffix: str
) -> Iterator[Suspicion]:
    """Yield a suspicion for each hidden change. `created`: relations that the migration created."""
    own = {plain_name(name) for name in created}
    hidden = (one.change for ones in other.hidden.values() for one in ones)
    others = [*other.row_changes, *(change for change in hidden if change is not None)]
    for index, changes in script.hidden.items():
        for one in changes:
            change = one.change
            if change is None:
                phrase = f"changes rows with SQL that {one.by} computes{suffix}"
                yield Suspicion(phrase, Source.HIDDEN, (direction, index))
            elif change.plain_table not in own:
                table, columns = change.plain_table, _columns(change)
                excused = any(_undoes(o, change) for o in others)
                phrase = _phrase(one, change) + suffix
                yield Suspicion(phrase, Source.HIDDEN, (direction, index), table, columns, excused)


def _phrase(hidden: HiddenChange, change: RowChange) -> str:
    where = f"({change.verb.upper()} in {hidden.by})"
    if change.verb == "delete":
        return f"deletes rows of {change.table} {where}"
    columns = ", ".join(f"{change.table}.{column}" for column in change.columns)
    return f"overwrites {columns or f'values of {change.table}'} {where}"


def _undoes(other: RowChange, change: RowChange) -> bool:
    """Return whether a change of the other script writes the same columns."""
    same = change.verb == other.verb == "update" and other.plain_table == change.plain_table
    return same and other != change and (not other.columns or _columns(change) <= _columns(other))


def _columns(change: RowChange) -> frozenset[str]:
    return frozenset(map(plain_name, change.columns))
