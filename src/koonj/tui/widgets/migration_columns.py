"""Further columns of a wide list: the other targets, the heaviest lock, and who applied it when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from koonj.humanize import duration, to_the_second
from koonj.migrations.states import State
from koonj.sql.display import spaced
from koonj.tui.render.lock_meter import heaviest, meter
from koonj.tui.state.snapshot import Check, Row, Snapshot
from koonj.tui.theme import DIM, PLAIN, STATES, glyph
from koonj.tui.theme.fills import quiet
from koonj.tui.toolkit.strips import Part, fit

GAP = 2
"""Cells before a column."""
_STATE, _LOCKS, _WHEN, _BY, _TOOK = 13, 5, 19, 10, 10
_MOST_TARGETS = 4


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of the list."""

    heading: str
    width: int
    cell: Callable[[Row], Sequence[Part]]
    """Return what stands in the column of a row; its width is kept by the list."""
    right: bool = False

    def parts(self, row: Row) -> list[Part]:
        """Return the cell of a row with the blanks around it."""
        found = list(self.cell(row))
        used = sum(len(text) for text, _ in found)
        if used > self.width:
            found = [(fit("".join(text for text, _ in found), self.width), found[0][1])]
        blank: Part = (" " * max(0, self.width - used), PLAIN)
        gap: Part = (" " * GAP, PLAIN)
        return [gap, blank, *found] if self.right else [gap, *found, blank]

    @property
    def heading_part(self) -> Part:
        """The heading, with the blanks around it."""
        text = self.heading.rjust(self.width) if self.right else fit(self.heading, self.width)
        return " " * GAP + text, DIM


def table_columns(snapshot: Snapshot, room: int) -> tuple[TableColumn, ...]:
    """Return the columns that fit in `room` cells, in the order in which they come with more room."""
    found: list[TableColumn] = []
    for column in _all(snapshot):
        room -= column.width + GAP
        if room < 0:
            break
        found.append(column)
    return tuple(found)


def _all(snapshot: Snapshot) -> Iterator[TableColumn]:
    others = [check for check in snapshot.checks if check.target.name != snapshot.chosen]
    yield from (_of_target(check) for check in others[:_MOST_TARGETS])
    if snapshot.rehearsals.has_any:
        yield TableColumn("locks", _LOCKS, lambda row: _locks(snapshot, row))
    yield TableColumn("applied", _WHEN, _when)
    yield TableColumn("by", _BY, _who)
    yield TableColumn("took", _TOOK, _took, right=True)


def _of_target(check: Check) -> TableColumn:
    """Return the column of another target."""
    known = {m.name: m.state for m in check.status.migrations} if check.status and check.answered else {}

    def cell(row: Row) -> Sequence[Part]:
        state = known.get(row.name)
        if state is None:
            return []
        sign, word = quiet(STATES[state])
        return [(glyph(state) + " ", sign), (spaced(state), word)]

    mark = "▴ " if check.target.protected else ""
    return TableColumn(mark + check.target.name, _STATE, cell)


def _locks(snapshot: Snapshot, row: Row) -> Sequence[Part]:
    rehearsal = snapshot.rehearsals.results.get(row.name)
    found = heaviest(rehearsal.apply) if rehearsal is not None else None
    return [meter(found[0])] if found is not None else []


def _when(row: Row) -> Sequence[Part]:
    entry = row.status.last_entry if row.status is not None and row.state is State.APPLIED else None
    return [(to_the_second(entry.finished or entry.started), DIM)] if entry is not None else []


def _who(row: Row) -> Sequence[Part]:
    entry = row.status.last_entry if row.status is not None and row.state is State.APPLIED else None
    return [(entry.os_user, DIM)] if entry is not None else []


def _took(row: Row) -> Sequence[Part]:
    entry = row.status.last_entry if row.status is not None and row.state is State.APPLIED else None
    if entry is None or entry.finished is None:
        return []
    return [(duration((entry.finished - entry.started).total_seconds()), DIM)]
