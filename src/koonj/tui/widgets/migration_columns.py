"""Further columns of a wide list: the other targets, the rehearsal, how it runs, and who applied it when.

The columns are those that can have a value, so none appears or moves when the first value comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.style import Style

from koonj.humanize import column_seconds, to_the_second
from koonj.migrations.history_entry import Action, HistoryEntry
from koonj.sql.display import spaced
from koonj.tui.render.lock_meter import heaviest, meter
from koonj.tui.state.rehearsals import WORD_WIDTH, Rehearsals
from koonj.tui.state.snapshot import Check, Row, Snapshot
from koonj.tui.theme import BAD, DIM, MOVING, PLAIN, STATES, UNDERLINED, glyph
from koonj.tui.theme.fills import quiet
from koonj.tui.theme.verdicts import VERDICTS
from koonj.tui.toolkit.strips import Part, fit
from koonj.tui.widgets.column_widths import short_state

GAP = 2
"""Cells before a column."""
_STATE, _REHEARSAL, _RUNS, _LOCKS, _WHEN, _BY, _TOOK = 13, 2 + WORD_WIDTH, 7, 5, 19, 10, 8
_WHOLE_STATE = 17
"""Cells of another target's state if there is room; ``↶ rollback edited`` fits."""
_MOST_TARGETS = 4
_VERDICT = "rehearsal"
_RAN = frozenset({Action.APPLY, Action.ADOPT})
"""Actions that put a migration into the database, or found it there."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of the list."""

    heading: str
    width: int
    cell: Callable[[Row], Sequence[Part]]
    """Return what stands in the column of a row; its width is kept by the list."""
    right: bool = False
    look: Style = DIM
    """Style of the heading."""
    is_target: bool = False
    """Whether it shows the states on another target."""

    def parts(self, row: Row) -> list[Part]:
        """Return the cell of a row with the blanks around it."""
        found = list(self.cell(row))
        used = sum(cell_len(text) for text, _ in found)
        if used > self.width and self.is_target:
            (sign, look), (state, word) = found
            state = short_state(state, self.width - cell_len(sign))
            found, used = [(sign, look), (state, word)], cell_len(sign + state)
        elif used > self.width:
            found = [(fit("".join(text for text, _ in found), self.width), found[0][1])]
        blank: Part = (" " * max(0, self.width - used), PLAIN)
        gap: Part = (" " * GAP, PLAIN)
        return [gap, blank, *found] if self.right else [gap, *found, blank]

    @property
    def heading_part(self) -> Part:
        """The heading, with the blanks around it."""
        text = self.heading.rjust(self.width) if self.right else fit(self.heading, self.width)
        return " " * GAP + text, self.look


def table_columns(snapshot: Snapshot, room: int, mode_of: Callable[[Row], str]) -> tuple[TableColumn, ...]:
    """Return the columns that fit in `room` cells, in the order in which they come with more room.

    The verdict has its place before the other targets take theirs, because a narrow list has it too.
    `mode_of` returns how a migration runs, or nothing until that is known.
    """
    columns = tuple(_all(snapshot, mode_of))
    found = {column for column in columns if column.heading == _VERDICT}
    room -= sum(column.width + GAP for column in found)
    for column in columns:
        if column not in found:
            room -= column.width + GAP
            if room < 0:
                break
            found.add(column)
    shown = tuple(column for column in columns if column in found) if len(found) > 1 else ()
    more = _WHOLE_STATE - _STATE
    if room < more * sum(column.is_target for column in shown):
        return shown
    return tuple(replace(c, width=c.width + more) if c.is_target else c for c in shown)


def state_heading(snapshot: Snapshot) -> Part:
    """Return the heading of the states on the chosen target, beside those of the other targets."""
    text, look = _name_of(snapshot.check)
    return text, look + UNDERLINED


def _all(snapshot: Snapshot, mode_of: Callable[[Row], str]) -> Iterator[TableColumn]:
    others = [check for check in snapshot.checks if check.target.name != snapshot.chosen]
    yield from (_of_target(check) for check in others[:_MOST_TARGETS])
    rehearsals = snapshot.rehearsals
    if rehearsals.has_any:
        yield TableColumn(_VERDICT, _REHEARSAL, lambda row: verdict_parts(rehearsals, row))
    yield TableColumn("runs", _RUNS, lambda row: _runs(mode_of(row), row))
    if rehearsals.has_any:
        yield TableColumn("locks", _LOCKS, lambda row: _locks(rehearsals, row))
    yield TableColumn("applied", _WHEN, _when)
    yield TableColumn("by", _BY, _who)
    yield TableColumn("took s", _TOOK, _took, right=True)


def _name_of(check: Check) -> Part:
    """Return the name of a target; a protected one is marked."""
    name = check.target.name
    return (f"▴ {name}", BAD) if check.target.protected else (name, DIM)


def _of_target(check: Check) -> TableColumn:
    """Return the column of another target."""
    known = check.states

    def cell(row: Row) -> Sequence[Part]:
        state = known.get(row.name)
        if state is None:
            return []
        sign, word = quiet(STATES[state])
        return [(glyph(state) + " ", sign), (spaced(state), word)]

    heading, look = _name_of(check)
    return TableColumn(heading, _STATE, cell, look=look, is_target=True)


def verdict_parts(rehearsals: Rehearsals, row: Row) -> list[Part]:
    """Return glyph and word of a migration's verdict; nothing if there is none."""
    mark = rehearsals.mark(row.name)
    if mark is None:
        return []
    glyph_of_verdict, text, verdict = mark
    sign, word = quiet(VERDICTS[verdict] if verdict is not None else MOVING)
    return [(glyph_of_verdict, sign), (" " + text, word)]


def _runs(mode: str, row: Row) -> Sequence[Part]:
    is_over = row.status is not None and row.status.applied
    return [(mode, DIM if is_over else PLAIN)] if mode else []


def _locks(rehearsals: Rehearsals, row: Row) -> Sequence[Part]:
    rehearsal = rehearsals.results.get(row.name)
    found = heaviest(rehearsal.apply) if rehearsal is not None else None
    return [meter(found[0])] if found is not None else []


def _ran(row: Row) -> HistoryEntry | None:
    """Return the history entry that put a migration into the database; None if it is not there."""
    entry = row.status.last_entry if row.status is not None and row.status.applied else None
    return entry if entry is not None and entry.action in _RAN else None


def _when(row: Row) -> Sequence[Part]:
    entry = _ran(row)
    return [] if entry is None else [(to_the_second(entry.finished or entry.started), DIM)]


def _who(row: Row) -> Sequence[Part]:
    entry = _ran(row)
    return [] if entry is None else [(entry.os_user, DIM)]


def _took(row: Row) -> Sequence[Part]:
    entry = _ran(row)
    if entry is None or entry.finished is None or entry.action is Action.ADOPT:
        return []
    return [(column_seconds((entry.finished - entry.started).total_seconds()), DIM)]
