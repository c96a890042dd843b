"""The orders of the list of migrations, and the place where what is applied ends."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from enum import StrEnum
from operator import itemgetter
from types import MappingProxyType

from koonj.migrations.history_entry import Action, HistoryEntry
from koonj.migrations.states import State
from koonj.tui.state.snapshot import Row


class RowOrder(StrEnum):
    """Order of the list. The value says it in the title."""

    NUMBER = "number"
    """As the migrations run."""
    STATE = "state"
    """What is not in order first, the worst first."""
    WHEN = "applied"
    """The one that was applied last first; those that are not applied at the end."""
    TOOK = "took"
    """The one that took longest first; those that are not applied at the end."""

    @property
    def next(self) -> RowOrder:
        """The order after this one."""
        orders = list(RowOrder)
        return orders[(orders.index(self) + 1) % len(orders)]


_RANKS: Mapping[State | None, int] = MappingProxyType(
    {
        state: rank
        for rank, state in enumerate(
            (
                State.INTERRUPTED,
                State.FAILED,
                State.RUNNING,
                State.EDITED,
                State.MISSING,
                State.DUPLICATE,
                State.LATE,
                State.RENAMED,
                State.ROLLBACK_EDITED,
                State.PENDING,
                None,
                State.COSMETIC,
                State.ADOPTED,
                State.APPLIED,
            )
        )
    }
)
_NEVER = float("-inf")


def in_order(rows: Sequence[Row], order: RowOrder) -> tuple[Row, ...]:
    """Return the rows, which are in the order of their numbers, in another order.

    Rows that are equal in it stay in the order of their numbers.
    """
    if order is RowOrder.STATE:
        return tuple(sorted(rows, key=lambda row: _RANKS[row.state]))
    if order is RowOrder.NUMBER:
        return tuple(rows)
    # Ten thousand keys are made here while the screen waits: one look at each entry, then a sort of numbers.
    keyed = [(_key(row, order), row) for row in rows]
    keyed.sort(key=itemgetter(0), reverse=True)
    return tuple([row for _, row in keyed])


def _key(row: Row, order: RowOrder) -> float:
    entry = applied_entry(row)
    if entry is None:
        return _NEVER
    if order is RowOrder.WHEN:
        return (entry.finished or entry.started).timestamp()
    return (entry.finished - entry.started).total_seconds() if entry.finished is not None else _NEVER


def applied_entry(row: Row) -> HistoryEntry | None:
    """Return the history entry of the apply that the migration is applied by; None if there is none."""
    if row.status is None or not row.status.applied or row.status.last_entry is None:
        return None
    return row.status.last_entry if row.status.last_entry.action is Action.APPLY else None


def end_of_history(rows: Sequence[Row]) -> tuple[int, str] | None:
    """Return number and name of the last applied row; None if none is applied.

    `rows` are in the order of their numbers.
    """
    found = (row for row in reversed(rows) if row.status is not None and row.status.applied)
    last = next(found, None)
    return None if last is None else (last.number, last.name)


def first_after(rows: Sequence[Row], end: tuple[int, str]) -> int:
    """Return the index of the first row after `end` in `rows`, which are in the order of their numbers."""
    return bisect_right(rows, end, key=lambda row: (row.number, row.name))
