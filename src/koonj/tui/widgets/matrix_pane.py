"""The matrix: a row for each migration, a column for each target, and a cursor on one cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip

from koonj.runner.target.matrix import Alike, MatrixRow
from koonj.tui.render.matrix_lines import FOOT, cell_glyph, cell_word, foot_lines
from koonj.tui.state.matrix import MatrixView
from koonj.tui.state.snapshot import Check
from koonj.tui.theme import BAD, DIM, MARKED, PLAIN, STRONG, UNDERLINED, WAITING
from koonj.tui.theme.fills import quiet
from koonj.tui.toolkit.strips import Part, cut, fit, strip
from koonj.tui.widgets.column_widths import short_state
from koonj.tui.widgets.cursor_pane import CursorPane
from koonj.tui.widgets.cursor_row import cursor_row, rule

_WORD = 13
"""Cells of a column with glyph and word; ``! interrupted`` fits."""
_WHOLE_WORD = 17
"""Cells of such a column if there is room; ``↶ rollback edited`` fits."""
_LONGEST = 16
"""Maximum cells of a column's heading."""
_SHORT = 3
"""Minimum cells of a column that shows only glyphs."""
_NAME = 24
"""Minimum cells of the migrations' names if the columns have words."""
_LEAST_NAME = 16
"""Minimum cells of the names at all; columns that do not fit next to it scroll."""
_GAP = 1


@dataclass(frozen=True, slots=True)
class MatrixColumns:
    """The cells of names and columns, and which columns are visible."""

    name: int
    widths: tuple[int, ...]
    first: int
    """Index of the first visible column."""
    with_words: bool

    @property
    def last(self) -> int:
        """Index after the last visible column."""
        return self.first + len(self.widths)


def matrix_columns(width: int, headings: Sequence[str], current: int, longest: int) -> MatrixColumns:
    """Return the layout of a pane of `width` cells that shows the column `current`.

    `longest`: cells of the longest name; the columns are next to it.
    """
    names = [min(_LONGEST, cell_len(heading)) for heading in headings]
    for cells, least in ((_WHOLE_WORD, longest), (_WORD, min(_NAME, longest))):
        words = tuple(max(cells, name) for name in names)
        room = width - 2 - _sum(words)
        if room >= max(least, _LEAST_NAME):
            return MatrixColumns(min(room, max(longest, _LEAST_NAME)), words, 0, with_words=True)
    narrow = [max(_SHORT, name) for name in names]
    first, end = 0, len(narrow)
    while _sum(narrow[first:end]) > width - 2 - _LEAST_NAME and end - first > 1:
        if end - 1 > current:
            end -= 1
        else:
            first += 1
    shown = tuple(narrow[first:end])
    room = max(1, min(width - 2 - _sum(shown), max(longest, _LEAST_NAME)))
    return MatrixColumns(room, shown, first, with_words=False)


def _sum(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * len(widths)


class MatrixPane(CursorPane):
    """Rows and columns; Left and Right move between the targets."""

    TITLE = "Migrations"

    view: reactive[MatrixView] = reactive(MatrixView(), repaint=False)
    column: reactive[int] = reactive(0, repaint=False)
    """Index of the target at the cursor."""

    _has_moved = False
    """Whether the user has moved the cursor. Until then it is on the first difference that is known."""

    def go(self, lines: int) -> None:
        self._has_moved = True
        super().go(lines)

    def go_to(self, index: int) -> None:
        self._has_moved = True
        super().go_to(index)

    @property
    def row(self) -> MatrixRow | Alike | None:
        """The row at the cursor; None if there is none."""
        return self.view.rows[self.cursor] if self.cursor < len(self.view.rows) else None

    @property
    def target(self) -> str:
        """Name of the target at the cursor; empty if there is none."""
        return self.view.columns[self.column].target.name if self.view.columns else ""

    def watch_view(self, old: MatrixView, new: MatrixView) -> None:
        """Keep the cursor on its migration and target, as far as they are still shown."""
        row = old.rows[self.cursor] if self.cursor < len(old.rows) else None
        target = old.columns[self.column].target.name if self.column < len(old.columns) else None
        names = [check.target.name for check in new.columns]
        self.column = names.index(target) if target in names else min(self.column, max(0, len(names) - 1))
        if not self._has_moved and new.differing:
            self.cursor = new.differing[0]
        elif isinstance(row, MatrixRow) and row.name in new.places:
            self.cursor = new.places[row.name]
        else:
            self.cursor = self.validate_cursor(self.cursor)
        self.body_changed()

    def validate_column(self, column: int) -> int:
        return max(0, min(column, len(self.view.columns) - 1))

    def watch_column(self, old: int, new: int) -> None:
        """Redraw what shows the current target; all if other columns are visible now."""
        before, after = (self._columns_at(self.size.width, at) for at in (old, new))
        if before != after:
            self.body_changed()
            return
        self.redraw_head()
        self.redraw_line(self.cursor)
        self._redraw_foot()

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self._redraw_foot()

    def _redraw_foot(self) -> None:
        width, height = self.size
        lines = FOOT + 1 if self.has_fills else FOOT
        self.refresh(Region(0, max(0, height - lines), width, lines))

    def sideways(self, columns: int) -> None:
        """Go to the next or the previous target."""
        self.column += 1 if columns > 0 else -1

    def step(self, direction: int) -> bool:
        """Go to the next row that differs, or the previous one; return whether there is one."""
        self._has_moved = True
        found = self.view.next_difference(self.cursor, direction)
        if found is not None:
            self.cursor = found
        return found is not None

    def count(self) -> int:
        return len(self.view.rows)

    def title(self) -> tuple[str, str]:
        return self.TITLE, f"{self.cursor + 1} of {len(self.view.rows)}" if self.view.rows else ""

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked cell."""
        self._has_moved = True
        super().on_click(event)
        found = self._columns(self.size.width)
        start = 2 + found.name
        for index, width in enumerate(found.widths, start=found.first):
            if start <= event.x - 1 < start + width:
                self.column = index
            start += width + _GAP

    def head(self, width: int) -> Sequence[Strip]:
        """Return the names of the targets."""
        found, names = self._columns(width), self._headings()
        more = (f"‹ {found.first} " if found.first else "", f" {len(names) - found.last} ›")
        left = f"{more[0]}{more[1] if found.last < len(names) else ''}".strip()
        parts: list[Part] = [(fit(f" {left}", found.name + 2), DIM)]
        for index in range(found.first, found.last):
            look = self._heading_look(index)
            parts.append((" " * _GAP + fit(names[index], found.widths[index - found.first]), look))
        lines = [strip(parts, width)]
        if self.view.folder is not None and not self.view.rows:
            lines.append(strip([(f" {self._empty()}", DIM)], width))
        return lines

    def _heading_look(self, index: int) -> Style:
        """Return the style of a target's name: the column of the cursor, and a protected one, are seen."""
        if not self.has_fills:
            return STRONG if index == self.column else PLAIN
        look = BAD if self.view.columns[index].target.protected else DIM
        return look + UNDERLINED + STRONG if index == self.column else look

    def _empty(self) -> str:
        if not self.view.total:
            return "No migrations yet."
        if not any(check.answered for check in self.view.columns):
            return "No target has answered, so every state is unknown."
        unread = not all(check.answered for check in self.view.columns)
        where = " on the targets that were read" if unread else ""
        return f"All migrations are applied{where}. To list them, press {self.key_now('matrix o')}."

    def foot(self, width: int) -> Sequence[Strip]:
        """Return what is known of the cell at the cursor."""
        lines = [strip(line, width) for line in foot_lines(self.view, self.row, self.column, width)]
        return [rule(width), *lines] if self.has_fills else lines

    def draw(self, index: int, width: int) -> Strip:
        row, found, is_current = self.view.rows[index], self._columns(width), index == self.cursor
        lead = "›" if is_current else " "
        if isinstance(row, Alike):
            look = STRONG if is_current else DIM
            return strip([(f"{lead}  … {len(row.rows)} more with the same states", look)], width)
        if self.has_fills:
            return self._quiet_row(row, found, width, is_current=is_current)
        mark = "≠" if row.differs else " "
        name = fit(row.name, found.name)
        parts: list[Part] = [(f"{lead}{mark}", STRONG), (name, STRONG if is_current else PLAIN)]
        for at in range(found.first, found.last):
            cell, room = row.cells[at], found.widths[at - found.first]
            sign, look = cell_glyph(cell)
            word = short_state(cell_word(cell), room - 2) if found.with_words else ""
            text = fit(f"{sign} {word}", room)
            marked = is_current and at == self.column
            parts += [(" " * _GAP, PLAIN), (text, look + MARKED if marked else look)]
        return strip(parts, width)

    def _quiet_row(self, row: MatrixRow, found: MatrixColumns, width: int, *, is_current: bool) -> Strip:
        """Draw a row of which only what is not in order is seen; the cell at the cursor is underlined."""
        parts: list[Part] = [
            ("≠ " if row.differs else "  ", WAITING),
            (fit(row.name, found.name - 1), STRONG if is_current or row.differs else PLAIN),
        ]
        for at in range(found.first, found.last):
            cell, room = row.cells[at], found.widths[at - found.first]
            sign, look = cell_glyph(cell)
            word = short_state(cell_word(cell), room - 2) if found.with_words else ""
            looks = [part + UNDERLINED if is_current and at == self.column else part for part in quiet(look)]
            used = cell_len(sign) + (1 + cell_len(word) if word else 0)
            parts += [(" " * _GAP, PLAIN), (sign, looks[0])]
            parts += [(f" {word}", looks[1])] if word else []
            parts.append((" " * max(0, room - used), PLAIN))
        return cursor_row(parts, width, is_current=is_current, focused=self.has_pseudo_class("focus"))

    def _headings(self) -> list[str]:
        """Return the names of the targets, those with a mark that have not answered."""
        return [_mark(check) + cut(check.target.name, _LONGEST - 2) for check in self.view.columns]

    def _columns(self, width: int) -> MatrixColumns:
        return self._columns_at(width, self.column)

    def _columns_at(self, width: int, column: int) -> MatrixColumns:
        """Return the layout with the cursor on a column; with fills a blank is between mark and name."""
        longest = self.view.longest + 1 if self.has_fills else self.view.longest
        return matrix_columns(width, self._headings(), column, longest)


def _mark(check: Check) -> str:
    if check.answered:
        return ""
    return "… " if check.status is None else "× "
