"""Which part of the screen each pane gets: one function of how large it is, who has the keys and what runs.

Four shapes, by size:

- columns: migrations over targets at the left, preview over run at the right;
- rows: migrations and preview side by side, targets and run beneath them over the whole width;
- stack: all four one under the other;
- one: as a stack, but of migrations and preview only one is open.

A pane that gets one line is collapsed: its title then says what matters of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from textual.geometry import Region

from koonj.tui.state.run import RunStage

MIGRATIONS, PREVIEW, TARGETS, RUN = PANES = ("1", "2", "3", "4")
"""The panes' numbers."""


class PaneArrangement(StrEnum):
    """How the panes stand to each other."""

    COLUMNS = "columns"
    ROWS = "rows"
    STACK = "stack"
    ONE = "one"


@dataclass(frozen=True, slots=True)
class PaneSituation:
    """What the room of each pane depends on. Lines count the title."""

    width: int
    height: int
    """Cells and lines for all panes together."""
    focused: str = MIGRATIONS
    zoomed: bool = False
    stage: RunStage = RunStage.REST
    targets: int = 2
    """Lines that it would fill."""
    run: int = 2
    """As above."""


_TWO_COLUMNS = (110, 22)
"""Cells and lines from which on there are two columns of two."""
_SIDE_BY_SIDE = (64, 7)
_TALL = 26
"""Lines from which on nothing has to be collapsed."""
_STACKED = 16
_SPLIT = 10
"""Lines that migrations and preview need, one under the other."""
_LEAST = 4
"""Lines of a pane that is open."""
_LOG = 8
"""Lines of a run that is at work: they do not grow one by one."""


def shape(width: int, height: int) -> PaneArrangement:
    """The shape for so many cells and lines."""
    if width >= _TWO_COLUMNS[0] and height >= _TWO_COLUMNS[1]:
        return PaneArrangement.COLUMNS
    if width >= _SIDE_BY_SIDE[0] and height >= _SIDE_BY_SIDE[1]:
        return PaneArrangement.ROWS
    return PaneArrangement.STACK if height >= _STACKED else PaneArrangement.ONE


def room(scene: PaneSituation) -> Mapping[str, Region]:
    """The region of each pane by its number; one that is not in it is not to be seen."""
    if scene.zoomed:
        return {scene.focused: Region(0, 0, scene.width, scene.height)}
    match shape(scene.width, scene.height):
        case PaneArrangement.COLUMNS:
            return _columns(scene)
        case PaneArrangement.ROWS:
            return _rows(scene)
        case _:
            return _stack(scene)


def _columns(scene: PaneSituation) -> Mapping[str, Region]:
    left, gap = max(46, min(scene.width * 2 // 5 + 4, 64)), 2
    right, height = scene.width - left - gap, scene.height
    targets = min(scene.targets, height * 2 // 5)
    run = _run_lines(scene, height * 2 // 5, height * 3 // 5)
    return {
        MIGRATIONS: Region(0, 0, left, height - targets),
        TARGETS: Region(0, height - targets, left, targets),
        PREVIEW: Region(left + gap, 0, right, height - run),
        RUN: Region(left + gap, height - run, right, run),
    }


def _rows(scene: PaneSituation) -> Mapping[str, Region]:
    width, height = scene.width, scene.height
    targets, run = _beneath(scene)
    left, upper = min(width * 47 // 100, 64), height - targets - run
    return {
        MIGRATIONS: Region(0, 0, left, upper),
        PREVIEW: Region(left + 1, 0, width - left - 1, upper),
        TARGETS: Region(0, upper, width, targets),
        RUN: Region(0, upper + targets, width, run),
    }


def _beneath(scene: PaneSituation) -> tuple[int, int]:
    """Lines of targets and run where these stand under migrations and preview."""
    height, tall = scene.height, scene.height >= _TALL
    raised = scene.focused == TARGETS
    targets = min(scene.targets, max(_LEAST, height // 3)) if raised else 1
    if tall:
        targets = min(scene.targets, 6)
    reading = max(height - targets - 6, height // 2)
    run = _run_lines(scene, max(_LOG, height // 3), reading) if tall or not raised else 1
    if scene.stage is RunStage.DONE and not tall and scene.focused != RUN:
        run = 1
    return targets, min(run, height - targets - 3)


def _run_lines(scene: PaneSituation, most: int, reading: int) -> int:
    """Lines of the run: little when all is well, more for an error or when it has the keys."""
    if scene.focused == RUN or scene.stage is RunStage.TO_READ:
        return min(max(scene.run, 2), reading)
    if scene.stage is RunStage.WORK:
        return min(max(scene.run, _LOG), most)
    return min(scene.run, most) if scene.stage is RunStage.DONE else 1


def _stack(scene: PaneSituation) -> Mapping[str, Region]:
    """One under the other, over the whole width."""
    heights = _stacked(scene) if shape(scene.width, scene.height) is PaneArrangement.STACK else _one(scene)
    found, top = {}, 0
    for number in PANES:
        if lines := heights.get(number, 0):
            found[number] = Region(0, top, scene.width, lines)
            top += lines
    return found


def _stacked(scene: PaneSituation) -> dict[str, int]:
    targets, run = _beneath(scene)
    rest = scene.height - targets - run
    lower = {TARGETS: targets, RUN: run}
    if rest >= _SPLIT:
        return {MIGRATIONS: rest - rest // 2, PREVIEW: rest // 2, **lower}
    opened = PREVIEW if scene.focused == PREVIEW else MIGRATIONS
    closed = MIGRATIONS if opened == PREVIEW else PREVIEW
    return {opened: rest - 1, closed: 1, **lower}


def _one(scene: PaneSituation) -> dict[str, int]:
    """The one that has the keys, a run that is to be seen, and of the others their titles if they fit."""
    height = scene.height
    heights = {scene.focused: height}
    if scene.stage in (RunStage.WORK, RunStage.TO_READ) and scene.focused != RUN and height >= 2 * _LEAST:
        heights[RUN] = min(height - _LEAST, height * 3 // 5)
    others = [number for number in PANES if number not in heights]
    left = height - sum(lines for number, lines in heights.items() if number != scene.focused)
    titles = others if left - len(others) >= _LEAST else []
    heights.update(dict.fromkeys(titles, 1))
    heights[scene.focused] = left - len(titles)
    return heights
