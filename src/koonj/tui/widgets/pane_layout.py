"""The region of each pane, from screen size, focus and stage of the run.

There are four arrangements. The size decides:

- columns: migrations over targets at the left, preview over run at the right;
- rows: migrations and preview side by side, targets and run below them over the whole width;
- stack: all four below each other;
- one: a stack in which only one of migrations and preview is open.

A pane with one line is collapsed: its title shows a summary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from textual.geometry import Region

from koonj.tui.state.run import RunStage

MIGRATIONS, PREVIEW, TARGETS, RUN = PANES = ("1", "2", "3", "4")
"""Numbers of the panes."""


class PaneArrangement(StrEnum):
    """Arrangement of the panes."""

    COLUMNS = "columns"
    ROWS = "rows"
    STACK = "stack"
    ONE = "one"


@dataclass(frozen=True, slots=True)
class PaneSituation:
    """Values that decide the region of each pane. Numbers of lines include the title."""

    width: int
    height: int
    """Width in cells and height in lines, for all panes together."""
    focused: str = MIGRATIONS
    zoomed: bool = False
    stage: RunStage = RunStage.REST
    targets: int = 2
    """Lines that the targets pane needs."""
    run: int = 2
    """Lines that the run pane needs."""
    migrations: int = 2
    """Lines that the list needs."""
    framed: bool = False
    """Whether a border is around each pane."""


_TWO_COLUMNS = (110, 22)
"""Minimum width and height of two columns with two panes each."""
_FRAMED = (100, 26)
"""Minimum width and height of panes with borders, which are in two columns too."""
_WIDE = (160, 38)
"""Minimum width and height of the list as a table."""
_TARGETS = 42
"""Cells of the targets beside a table."""
_FRAMED_TARGETS, _FRAMED_PREVIEW, _FRAMED_REST = 10, 10, 3
"""Minimum lines of the targets, of the preview while a run is to be read, and of the run."""
_SIDE_BY_SIDE = (64, 7)
_TALL = 26
"""Minimum height at which no pane is collapsed."""
_STACKED = 16
_SPLIT = 10
"""Lines that migrations and preview need below each other."""
_LEAST = 4
"""Minimum lines of an open pane."""
_LOG = 8
"""Lines of a run in progress: fixed, so that the pane does not grow line by line."""


def arrangement(width: int, height: int) -> PaneArrangement:
    """Return the arrangement for a width in cells and a height in lines."""
    if width >= _TWO_COLUMNS[0] and height >= _TWO_COLUMNS[1]:
        return PaneArrangement.COLUMNS
    if width >= _SIDE_BY_SIDE[0] and height >= _SIDE_BY_SIDE[1]:
        return PaneArrangement.ROWS
    return PaneArrangement.STACK if height >= _STACKED else PaneArrangement.ONE


def pane_regions(situation: PaneSituation) -> Mapping[str, Region]:
    """Return the region of each visible pane, keyed by its number."""
    if situation.zoomed:
        return {situation.focused: Region(0, 0, situation.width, situation.height)}
    if situation.framed:
        return _framed(situation)
    match arrangement(situation.width, situation.height):
        case PaneArrangement.COLUMNS:
            return _columns(situation)
        case PaneArrangement.ROWS:
            return _rows(situation)
        case _:
            return _stack(situation)


def _columns(situation: PaneSituation) -> Mapping[str, Region]:
    left, gap = max(46, min(situation.width * 2 // 5 + 4, 64)), 2
    right, height = situation.width - left - gap, situation.height
    targets = min(situation.targets, height * 2 // 5)
    run = _run_lines(situation, height * 2 // 5, height * 3 // 5)
    return {
        MIGRATIONS: Region(0, 0, left, height - targets),
        TARGETS: Region(0, height - targets, left, targets),
        PREVIEW: Region(left + gap, 0, right, height - run),
        RUN: Region(left + gap, height - run, right, run),
    }


def has_frames(width: int, height: int) -> bool:
    """Return whether there is room for borders, if the theme has them."""
    return width >= _FRAMED[0] and height >= _FRAMED[1]


def _framed(situation: PaneSituation) -> Mapping[str, Region]:
    """Return two columns of panes with borders.

    The list is as high as its rows, but leaves lines to the targets; these get the rest, so that no pane is
    half empty.
    """
    if situation.width >= _WIDE[0] and situation.height >= _WIDE[1]:
        return _table(situation)
    left, gap, height = max(48, min(situation.width * 19 // 40, 96)), 1, situation.height
    right = situation.width - left - gap
    least_targets = min(max(situation.targets, _FRAMED_TARGETS), height * 2 // 5)
    listed = min(max(situation.migrations, height // 2), height - least_targets)
    run = _framed_run(situation)
    return {
        MIGRATIONS: Region(0, 0, left, listed),
        TARGETS: Region(0, listed, left, height - listed),
        PREVIEW: Region(left + gap, 0, right, height - run),
        RUN: Region(left + gap, height - run, right, run),
    }


def _table(situation: PaneSituation) -> Mapping[str, Region]:
    """Return the list as a table with the targets beside it, and below them preview and run side by side."""
    width, height = situation.width, situation.height
    upper = min(max(situation.migrations, situation.targets, height // 3), height - height * 9 // 20)
    left, preview = width - _TARGETS - 1, width * 54 // 100
    return {
        MIGRATIONS: Region(0, 0, left, upper),
        TARGETS: Region(left + 1, 0, _TARGETS, upper),
        PREVIEW: Region(0, upper, preview, height - upper),
        RUN: Region(preview + 1, upper, width - preview - 1, height - upper),
    }


def _framed_run(situation: PaneSituation) -> int:
    """Return the lines of the run: at least one between its borders."""
    height = situation.height
    most = height - _FRAMED_PREVIEW
    if situation.focused == RUN or situation.stage is RunStage.TO_READ:
        return min(max(situation.run, _FRAMED_REST), most)
    if situation.stage is RunStage.WORK:
        return min(max(situation.run, _LOG + 2), height // 2)
    return min(situation.run, height * 2 // 5) if situation.stage is RunStage.DONE else _FRAMED_REST


def _rows(situation: PaneSituation) -> Mapping[str, Region]:
    width, height = situation.width, situation.height
    targets, run = _lower_lines(situation)
    left, upper = min(width * 47 // 100, 64), height - targets - run
    return {
        MIGRATIONS: Region(0, 0, left, upper),
        PREVIEW: Region(left + 1, 0, width - left - 1, upper),
        TARGETS: Region(0, upper, width, targets),
        RUN: Region(0, upper + targets, width, run),
    }


def _lower_lines(situation: PaneSituation) -> tuple[int, int]:
    """Return the lines of targets and run if they are below migrations and preview."""
    height, tall = situation.height, situation.height >= _TALL
    raised = situation.focused == TARGETS
    targets = min(situation.targets, max(_LEAST, height // 3)) if raised else 1
    if tall:
        targets = min(situation.targets, 6)
    most_to_read = max(height - targets - 6, height // 2)
    run = _run_lines(situation, max(_LOG, height // 3), most_to_read) if tall or not raised else 1
    if situation.stage is RunStage.DONE and not tall and situation.focused != RUN:
        run = 1
    return targets, min(run, height - targets - 3)


def _run_lines(situation: PaneSituation, most: int, most_to_read: int) -> int:
    """Return the lines of the run: more for an error, or if the pane has the focus."""
    if situation.focused == RUN or situation.stage is RunStage.TO_READ:
        return min(max(situation.run, 2), most_to_read)
    if situation.stage is RunStage.WORK:
        return min(max(situation.run, _LOG), most)
    return min(situation.run, most) if situation.stage is RunStage.DONE else 1


def _stack(situation: PaneSituation) -> Mapping[str, Region]:
    """Return the regions of panes below each other, over the whole width."""
    heights = (
        _stacked(situation)
        if arrangement(situation.width, situation.height) is PaneArrangement.STACK
        else _one(situation)
    )
    found, top = {}, 0
    for number in PANES:
        if lines := heights.get(number, 0):
            found[number] = Region(0, top, situation.width, lines)
            top += lines
    return found


def _stacked(situation: PaneSituation) -> dict[str, int]:
    targets, run = _lower_lines(situation)
    rest = situation.height - targets - run
    lower = {TARGETS: targets, RUN: run}
    if rest >= _SPLIT:
        return {MIGRATIONS: rest - rest // 2, PREVIEW: rest // 2, **lower}
    opened = PREVIEW if situation.focused == PREVIEW else MIGRATIONS
    closed = MIGRATIONS if opened == PREVIEW else PREVIEW
    return {opened: rest - 1, closed: 1, **lower}


def _one(situation: PaneSituation) -> dict[str, int]:
    """Return the lines of each pane if only one is open.

    A run that needs attention gets lines too. The titles of the other panes are shown if they fit.
    """
    height = situation.height
    heights = {situation.focused: height}
    if (
        situation.stage in (RunStage.WORK, RunStage.TO_READ)
        and situation.focused != RUN
        and height >= 2 * _LEAST
    ):
        heights[RUN] = min(height - _LEAST, height * 3 // 5)
    others = [number for number in PANES if number not in heights]
    left = height - sum(lines for number, lines in heights.items() if number != situation.focused)
    titles = others if left - len(others) >= _LEAST else []
    heights.update(dict.fromkeys(titles, 1))
    heights[situation.focused] = left - len(titles)
    return heights
