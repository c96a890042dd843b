"""The list of migrations: number, name, state, verdict.

Only visible lines are drawn, so ten thousand rows are as fast as ten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip

from koonj.migrations.states import State
from koonj.migrations.tally import pending_of
from koonj.tui.state.messages import MigrationSelected
from koonj.tui.state.row_order import RowOrder, end_of_history, first_after, in_order
from koonj.tui.state.snapshot import Row, Snapshot
from koonj.tui.theme import BAD, DIM, MARKED, PLAIN, STATES, STRONG, glyph
from koonj.tui.theme.fills import quiet
from koonj.tui.theme.verdicts import VERDICTS
from koonj.tui.toolkit.strips import Part, cut, fit, strip, wrap
from koonj.tui.widgets.column_widths import LEAST_WORD, WORD, Columns, columns, short_state
from koonj.tui.widgets.cursor_pane import CursorPane
from koonj.tui.widgets.cursor_row import cursor_row
from koonj.tui.widgets.filter_input import SQL, sql_text
from koonj.tui.widgets.list_texts import empty_reason, folder_problem, parting_line, tool_words
from koonj.tui.widgets.migration_columns import (
    GAP,
    TableColumn,
    state_heading,
    table_columns,
    verdict_parts,
)
from koonj.tui.widgets.pane import Copyable
from koonj.tui.widgets.run_modes import RunModes

_IN_ORDER = frozenset({State.APPLIED, State.ADOPTED, State.COSMETIC, None})
"""States that need nothing of the user."""
_MOST = 4
"""Maximum number of lines about problems of the folder."""
_TABLE = 60
"""Minimum cells of number, name, state and verdict in a list with further columns."""
_NAME_IN_TABLE = 30
"""Minimum cells of the name in it; a longer name has what it needs."""
_TOOL_IN_TITLE = 48
"""Cells of a pane from which its title stays beside the name of the tool whose folder it is."""
_GLYPH = 2
"""Cells of a verdict that is shown as a glyph."""


class MigrationList(CursorPane):
    """Migrations of folder and target, filtered.

    The selection is a file name, so it survives changes of the list.
    """

    NUMBER = "1"
    TITLE = "Migrations"
    NOTHING_TO_COPY = "No migration is selected."

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    filter: reactive[str] = reactive("", repaint=False)
    found: reactive[tuple[frozenset[str], int | None] | None] = reactive(None, repaint=False)
    """For a filter by SQL: names of the files that have it, and how many were searched (None: all)."""
    order: reactive[RowOrder] = reactive(RowOrder.NUMBER, repaint=False)
    live: reactive[tuple[str, str] | None] = reactive(None, repaint=False)
    """File name of the migration that runs now, and what happens with it; None if none runs."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[Row, ...] = ()
        self._ordered: tuple[Sequence[Row], RowOrder, tuple[Row, ...]] = ((), RowOrder.NUMBER, ())
        """The rows as they were ordered last, with the order and the result."""
        self._parting: int | None = None
        """Index of the row before which the line stands that parts what is applied from what comes."""
        self._to_apply = (0, 0)
        """Numbers of pending migrations: in the whole list, and above that line."""
        self._selected: str | None = None
        self._number_width = 3
        self._word_width = self._short_width = WORD
        self._columns: tuple[int, Columns] | None = None
        self._table: tuple[TableColumn, ...] = ()
        """Further columns of a wide list, for the width of `_columns`."""
        self.modes = RunModes(self, self._redraw)

    @property
    def selected(self) -> Row | None:
        """The row at the cursor; None if the list is empty."""
        return self._row(self.cursor) if 0 <= self.cursor < len(self.rows) else None

    def _row(self, index: int) -> Row:
        """Return the row at `index`, with what happens with its migration now."""
        row = self.rows[index]
        return row._replace(doing=self.live[1]) if self.live and row.name == self.live[0] else row

    def copyable(self) -> Copyable | None:
        """Return the path of the selected file, or its name if the file is missing."""
        row = self.selected
        if row is None:
            return None
        if row.migration is None:
            return Copyable(f"the name of {row.name}, which has no file", lambda: row.name)
        path = row.migration.shown_path
        return Copyable(f"the path of {row.name}", lambda: path)

    def select(self, name: str) -> None:
        """Put the cursor on a file name, now or when it appears."""
        self._selected = name
        self._restore_cursor()

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        if new is None or old is None or new.rows is not old.rows:
            self._measure(new)
            self._filter()
        elif new.rehearsals is not old.rehearsals or (self._table and new.checks is not old.checks):
            self._columns = None
            if self.filter:
                self._filter()
            if self.framed:
                self.body_changed()
            self.refresh()
        if new is None or old is None or _head_values(new) != _head_values(old):
            self.body_changed()

    def watch_live(self, old: tuple[str, str] | None, new: tuple[str, str] | None) -> None:
        """Redraw the rows whose word has changed, and tell it if the selected one is among them."""
        changed = {name for name, _ in filter(None, (old, new))}
        if (old is None) != (new is None):
            self._measure(self.snapshot)
            self.refresh()
        for name in changed:
            self._redraw(name)
        if self.selected is not None and self.selected.name in changed:
            self._post_selected()

    def watch_filter(self) -> None:
        self._filter()

    def watch_found(self) -> None:
        if self.filter.startswith(SQL):
            self._filter()

    def _measure(self, snapshot: Snapshot | None) -> None:
        """Measure the columns of all rows, so that a filter does not move them."""
        rows = snapshot.rows if snapshot else ()
        self._number_width = snapshot.digits if snapshot else 3
        kinds = {(row.state, row.status is not None and row.status.allowed): row for row in rows}
        words = [len(r.word) for r in kinds.values()] or [WORD]
        least = len(self.live[1]) if self.live else LEAST_WORD
        self._word_width = max(*words, least)
        self._short_width = max(least, *(len(short_state(r.word, WORD)) for r in kinds.values()), 0)
        self._columns = None

    def watch_order(self) -> None:
        self._filter()

    def _filter(self) -> None:
        self.rows = self._matching(self._in_order())
        self._parting = self._find_parting()
        if self._parting is not None:
            statuses = [row.status for row in self.rows]
            above = pending_of(filter(None, statuses[: self._parting]))
            self._to_apply = above + pending_of(filter(None, statuses[self._parting :])), above
        self._restore_cursor()
        self.body_changed()
        self.show_cursor()

    def _in_order(self) -> tuple[Row, ...]:
        """Return all rows in the chosen order. They are ordered again only if rows or order changed."""
        rows = self.snapshot.rows if self.snapshot else ()
        if self._ordered[0] is not rows or self._ordered[1] is not self.order:
            self._ordered = (rows, self.order, in_order(rows, self.order))
        return self._ordered[2]

    def _matching(self, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        """Return the rows that match the filter."""
        if self.filter.startswith(SQL):
            if not sql_text(self.filter):
                return rows
            names = self.found[0] if self.found else frozenset()
            return tuple([row for row in rows if row.name in names])
        verdicts = self.snapshot.rehearsals.words if self.snapshot and self.filter else {}
        for word in self.filter.lower().split():
            named = {name for name, verdict in verdicts.items() if word in verdict}
            rows = tuple([row for row in rows if row.matches(word) or row.name in named])
        return rows

    def _find_parting(self) -> int | None:
        """Return the first row that comes after all applied ones; None if nothing is to be parted.

        A late one stands above it: an apply does not run it before the user has decided.
        """
        if self.snapshot is None or self.order is not RowOrder.NUMBER:
            return None
        end = end_of_history(self.snapshot.rows)
        first = first_after(self.rows, end) if end is not None else 0
        return first if 0 < first < len(self.rows) else None

    def _restore_cursor(self) -> None:
        """Put the cursor back on the selected name; if it is missing, stay near."""
        found = next((i for i, r in enumerate(self.rows) if r.name == self._selected), None)
        if found is None:
            found = min(self.cursor, max(0, len(self.rows) - 1))
        self.cursor = found
        self._post_selected()

    def jump(self, number: int) -> None:
        """Put the cursor on the migration with that number, or on the one with the next higher number."""
        found = ((row.number, index) for index, row in enumerate(self.rows) if row.number >= number)
        self.cursor = min(found, default=(number, len(self.rows) - 1))[1]

    def step_to(self, step: int, is_wanted: Callable[[Row], bool]) -> bool:
        """Put the cursor on the next wanted row (`step` 1) or the previous one (-1); wrap around at the ends.

        Returns False if there is none.
        """
        count = len(self.rows)
        indexes = ((self.cursor + step * distance) % count for distance in range(1, count + 1))
        found = next((index for index in indexes if is_wanted(self.rows[index])), None)
        if found is not None:
            self.cursor = found
        return found is not None

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        if self.selected is not None and self.is_attached:
            self._selected = self.selected.name
            self._post_selected()

    def _post_selected(self) -> None:
        if self.selected is not None and self._selected is None:
            self._selected = self.selected.name
        self.post_message(MigrationSelected(self.selected.name if self.selected else None))

    def count(self) -> int:
        return len(self.rows) + (self._parting is not None)

    def stops(self) -> int:
        return len(self.rows)

    def line_of(self, stop: int) -> int:
        return stop + (self._parting is not None and stop >= self._parting)

    def stop_at(self, line: int) -> int | None:
        if self._parting is None or line < self._parting:
            return line
        return line - 1 if line > self._parting else None

    def title(self) -> tuple[str, str]:
        """Return the title with order and filter, and the position or the number of matches."""
        total = len(self.snapshot.rows) if self.snapshot else 0
        place = f"{self.cursor + 1} of {len(self.rows)}" if self.rows else "0"
        tool = tool_words(self.snapshot) if self.snapshot else ""
        title = f"{self.TITLE} · {tool}" if tool and self.size.width >= _TOOL_IN_TITLE else tool or self.TITLE
        name = title if self.order is RowOrder.NUMBER else f"{title} by {self.order}"
        if not self.filter:
            return name, place
        return f"{name}  /{self.filter}", f"{len(self.rows)} of {total}"

    def head(self, width: int) -> Sequence[Strip]:
        """Return the problem of the folder, and the reason if the list is empty."""
        if self.snapshot is None:
            return ()
        problem, reason = (
            folder_problem(self.snapshot),
            "" if self.rows else empty_reason(self.snapshot, self.filter, self.found, self.key_now("n")),
        )
        lines: list[list[Part]] = []
        for text in wrap(problem, width - 4, _MOST) if problem else ():
            lines.append([("   " if lines else " ! ", BAD), (text, PLAIN)])
        lines += [[(" " + text, DIM)] for text in wrap(reason, width - 2) if reason]
        if self.framed and self.rows:
            lines.append(self._headings(width))
        return [strip(line, width) for line in lines]

    def _headings(self, width: int) -> list[Part]:
        cells = self._cells(width)
        verdict = "rehearsal" if cells.verdict > _GLYPH else ""
        number = "#".ljust(cells.number)
        state, look = ("state", DIM)
        if self._table and self.snapshot is not None and len(self.snapshot.checks) > 1:
            state, look = state_heading(self.snapshot)
        room = cells.word + 2
        last = f" {fit(verdict, cells.verdict - 1)}" if cells.verdict else ""
        return [
            (f" {number} {fit('name', cells.name)} ", DIM),
            (cut(state, room), look),
            (" " * max(0, room - cell_len(state)) + last, DIM),
            *(column.heading_part for column in self._table),
        ]

    def _redraw(self, name: str) -> None:
        """Draw the row of a migration again, if it is visible."""
        for line in range(self.top, min(self.count(), self.top + self.page)):
            index = self.stop_at(line)
            if index is not None and self.rows[index].name == name:
                self.redraw_line(line)

    def draw(self, index: int, width: int) -> Strip:
        """Draw cursor, number, name, state and verdict; or the line between applied and others."""
        stop = self.stop_at(index)
        if stop is None:
            return parting_line(*self._to_apply, width)
        index = stop
        row, cells = self._row(index), self._cells(width)
        is_current = index == self.cursor
        if self.has_fills:
            return self._quiet_row(row, cells, width, is_current=is_current)
        style, dim, state = PLAIN, DIM, STATES[row.shown_state]
        if is_current:
            style = dim = state = MARKED if self.has_pseudo_class("focus") else STRONG
        digits, label = row.label
        number = cells.number
        parts: list[Part] = [
            ("›" if is_current else " ", style),
            (digits.rjust(number) if len(digits) <= number else "…" + digits[1 - number :], dim),
            (" " + fit(label, cells.name) + " ", style),
            (glyph(row.shown_state) + " " + fit(short_state(row.word, cells.word), cells.word), state),
            self._verdict(row, cells.verdict, style if is_current else None),
            (" ", style),
        ]
        return strip(parts, width, style if is_current else Style.null())

    def _quiet_row(self, row: Row, cells: Columns, width: int, *, is_current: bool) -> Strip:
        """Draw a row of which only what is not in order is seen; at the cursor it keeps its colours."""
        digits, label = row.label
        looks, number, is_loud = STATES[row.shown_state], cells.number, row.state not in _IN_ORDER
        sign, word = quiet(looks)
        parts: list[Part] = [
            (digits.rjust(number) if len(digits) <= number else "…" + digits[1 - number :], DIM),
            (" " + fit(label, cells.name) + " ", STRONG if is_loud or is_current else PLAIN),
            (glyph(row.shown_state) + " ", sign),
            (fit(short_state(row.word, cells.word), cells.word), word),
            *self._quiet_verdict(row, cells.verdict),
            *(part for column in self._table for part in column.parts(row)),
        ]
        return cursor_row(parts, width, is_current=is_current, focused=self.has_pseudo_class("focus"))

    def _quiet_verdict(self, row: Row, cells: int) -> list[Part]:
        found = verdict_parts(self.snapshot.rehearsals, row) if self.snapshot and cells else []
        if not found:
            return [(" " * cells, PLAIN)]
        (sign, look), (word, word_look) = found
        parts: list[Part] = [(f" {sign}", look)]
        return [*parts, (fit(word, cells - 2), word_look)] if cells > _GLYPH else parts

    def _verdict(self, row: Row, cells: int, style: Style | None) -> Part:
        """Return the verdict as it fits; `style` replaces the verdict's colour."""
        mark = self.snapshot.rehearsals.mark(row.name) if self.snapshot and cells else None
        if mark is None:
            return " " * cells, style or PLAIN
        sign, word, verdict = mark
        return f" {fit(f'{sign} {word}', cells - 1) if cells > _GLYPH else sign}", style or VERDICTS[verdict]

    def _cells(self, width: int) -> Columns:
        whole = width
        if self._columns is None or self._columns[0] != width:
            rehearsals = self.snapshot is not None and self.snapshot.rehearsals.has_any
            state = self._word_width
            self._table = ()
            if self.framed and self.snapshot is not None and width >= _TABLE:
                longest = max((cell_len(row.label[1]) for row in self.rows), default=0)
                least = self._number_width + state + 6
                room = width - least - max(_NAME_IN_TABLE, longest)
                self._table = table_columns(self.snapshot, room, self.modes.word)
            if self._table and self.snapshot is not None:
                width -= sum(column.width + GAP for column in self._table)
                rehearsals = False
                state = max(state, min(WORD, cell_len(state_heading(self.snapshot)[0]) - 2))
            short = self._short_width
            found = columns(width, self._number_width, state, rehearsals=rehearsals, short=short)
            self._columns = (whole, found)
        return self._columns[1]


def _head_values(snapshot: Snapshot) -> tuple[object, ...]:
    """Return the values that the head depends on."""
    return snapshot.folder_error, snapshot.folder
