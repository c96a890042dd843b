"""The migrations of a plan as one table. With less room it has fewer columns, and no column is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from koonj.runner.impact.plan_summary import PlanRow
from koonj.runner.rehearse.verdict import VERDICT_GLYPHS, Verdict
from koonj.sql.display import visible
from koonj.tui.render.lock_meter import meter
from koonj.tui.theme import BAD, DIM, GOOD, PLAIN, RULE, STRONG, WAITING
from koonj.tui.theme.verdicts import VERDICTS
from koonj.tui.toolkit.strips import Part, fit

_GAP = 2
_NAME, _TABLE = 24, 14
"""Cells of a name and of a table that are worth more than the next column."""
_SHED = ("runs", "size", "verdict", "mode", "table", "meter")
"""What goes first if there is no room. Of a verdict its glyph stays, of a lock its meter."""

Cell = Sequence[Part]


@dataclass(frozen=True, slots=True)
class _Column:
    heading: str
    cells: Sequence[Cell]
    most: int = 0
    """Cells after which the text is cut if there is no room; 0: never."""
    right: bool = False
    """Whether its texts end at the right."""

    @property
    def width(self) -> int:
        """Cells that the longest text needs."""
        return max(cell_len(self.heading), *(_cells(cell) for cell in self.cells))

    @property
    def least(self) -> int:
        return min(self.width, self.most) if self.most else self.width


def verdict_look(verdict: Verdict | None) -> Part:
    """Return the glyph of a verdict and its style: what is not rehearsed is not quiet here."""
    glyph = VERDICT_GLYPHS[verdict] if verdict is not None else ""
    looks = {Verdict.VERIFIED: GOOD, Verdict.UNKNOWN: WAITING}
    return glyph, looks[verdict] if verdict in looks else VERDICTS[verdict]


def plan_table(rows: Sequence[PlanRow], width: int) -> Iterator[list[Part]]:
    """Yield the heading and a line for each migration, in at most `width` cells."""
    columns = _fitting(rows, width)
    spare = width - sum(c.least for c in columns) - _GAP * (len(columns) - 1)
    widths: list[int] = []
    for column in columns:
        more = min(spare, column.width - column.least) if spare > 0 else min(spare, 0) if column.most else 0
        widths.append(max(1, column.least + more))
        spare -= more
    heading = [
        _padded(((c.heading, DIM),), size, right=c.right) for c, size in zip(columns, widths, strict=True)
    ]
    yield _joined(heading)
    yield [("─" * (sum(widths) + _GAP * (len(widths) - 1)), RULE)]
    for index in range(len(rows)):
        yield _joined(
            [_padded(c.cells[index], size, right=c.right) for c, size in zip(columns, widths, strict=True)]
        )


def _fitting(rows: Sequence[PlanRow], width: int) -> list[_Column]:
    """Return the columns that fit."""
    shed: set[str] = set()
    for nearest in (None, *_SHED):
        if nearest is not None:
            shed.add(nearest)
        columns = [column for column in _columns(rows, shed) if any(map(_cells, column.cells))]
        if sum(column.least for column in columns) + _GAP * (len(columns) - 1) <= width:
            break
    return columns


def _columns(rows: Sequence[PlanRow], shed: set[str]) -> Iterator[_Column]:
    def of(make: Callable[[PlanRow], Cell]) -> list[Cell]:
        return [make(row) for row in rows]

    yield _Column("#", of(lambda row: ((row.number, DIM),)))
    yield _Column("migration", of(lambda row: ((visible(row.name), STRONG),)), _NAME)
    if "runs" not in shed:
        yield _Column("runs", of(lambda row: ((row.runs, PLAIN),)))
    short = "verdict" in shed
    yield _Column("" if short else "rehearsal", of(lambda row: _verdict(row, short=short)))
    if "meter" not in shed:
        only_meter = "mode" in shed
        yield _Column("" if only_meter else "locks", of(lambda row: _lock(row, only_meter=only_meter)))
    if "table" not in shed:
        yield _Column("on", of(lambda row: ((visible(row.table), PLAIN),)), _TABLE)
    if "size" not in shed:
        yield _Column("size", of(lambda row: ((row.size, DIM),)), right=True)


def _verdict(row: PlanRow, *, short: bool) -> Cell:
    glyph, look = verdict_look(row.verdict)
    if row.verdict is None:
        return ()
    return ((glyph, look),) if short else ((f"{glyph} {row.verdict_words}", look),)


def _lock(row: PlanRow, *, only_meter: bool) -> Cell:
    if row.heaviest is None:
        return ()
    mode = row.heaviest.mode
    looks = (DIM, PLAIN, BAD)[mode.level - 1]
    return (meter(mode),) if only_meter else (meter(mode), (f" {mode.value}", looks))


def _cells(parts: Cell) -> int:
    return sum(cell_len(text) for text, _ in parts)


def _padded(parts: Cell, width: int, *, right: bool) -> list[Part]:
    """Return a cell in exactly `width` cells. Only a cell of one part is ever cut."""
    if _cells(parts) > width:
        (text, look), *_ = parts
        return [(fit(text, width), look)]
    room: Part = (" " * (width - _cells(parts)), PLAIN)
    return [room, *parts] if right else [*parts, room]


def _joined(cells: Sequence[Cell]) -> list[Part]:
    line: list[Part] = []
    for number, cell in enumerate(cells):
        line += [(" " * _GAP, PLAIN)] if number else []
        line += cell
    return line
