"""The container of the four panes, placed by `pane_regions`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import events, on
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import Layout, WidgetPlacement
from textual.reactive import reactive
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from koonj.tui.state.run import RunStage, RunView
from koonj.tui.theme import PLAIN, RULE
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.toolkit.strips import Part, strip
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.pane_layout import (
    MIGRATIONS,
    PREVIEW,
    RUN,
    TARGETS,
    PaneSituation,
    has_frames,
    pane_regions,
)

if TYPE_CHECKING:
    from textual.layout import ArrangeResult

RISE = 0.4
"""Seconds before a run gets more space.

Without the delay, the screen would jump for a run that ends at once.
"""


class PaneGrid(Widget):
    """Container that tracks focus, zoom and run, and gives each pane its region.

    A child without a pane number (the filter) takes the last line of the migrations pane.
    """

    view: reactive[RunView | None] = reactive(None, repaint=False)
    zoomed: reactive[bool] = reactive(default=False, init=False, repaint=False)
    focused_number: reactive[str] = reactive(MIGRATIONS, init=False, repaint=False)
    """Number of the pane that has the focus, or had it last."""

    def __init__(self) -> None:
        super().__init__()
        self._rooms = PaneLayout()
        self._stage = RunStage.REST
        self._rising: Timer | None = None
        self._divider: Region | None = None

    @property
    def layout(self) -> Layout:
        """The custom layout that places the panes."""
        return self._rooms

    @on(events.DescendantFocus)
    def _focused(self, event: events.DescendantFocus) -> None:
        self.focused_number = event.widget.NUMBER if isinstance(event.widget, Pane) else MIGRATIONS

    def watch_focused_number(self) -> None:
        self._rearrange()

    def watch_zoomed(self) -> None:
        self._rearrange()

    def _rearrange(self) -> None:
        for pane in self.query(Pane):
            pane.zoom(self.zoomed and self.focused_number == pane.NUMBER)
            pane.refresh(repaint=False, layout=True)  # makes Textual run the layout again

    def watch_view(self, new: RunView | None) -> None:
        """Give a run more space when it has worked for `RISE` seconds, or has ended."""
        stage = new.stage if new is not None else RunStage.REST
        if stage is RunStage.WORK is not self._stage:
            self._rising = self._rising or self.set_timer(RISE, partial(self._take, stage))
        else:
            self._take(stage)

    def _take(self, stage: RunStage) -> None:
        if self._rising is not None:
            self._rising.stop()
            self._rising = None
        if stage is not self._stage:
            self._stage = stage
            self._rearrange()

    def situation(self, size: Size) -> PaneSituation:
        """Return the values that the regions depend on."""
        framed = cast("KeyedApp", self.app).has_fills and has_frames(size.width, size.height)
        situation = PaneSituation(
            size.width, size.height, self.focused_number, self.zoomed, self._stage, framed=framed
        )
        regions = pane_regions(replace(situation, zoomed=False))
        needed = {
            pane.NUMBER: pane.needed_lines(regions[pane.NUMBER].width)
            for pane in self.query(Pane)
            if pane.NUMBER in (MIGRATIONS, TARGETS, RUN) and pane.NUMBER in regions
        }
        return replace(
            situation,
            migrations=needed.get(MIGRATIONS, 2),
            targets=needed.get(TARGETS, 2),
            run=needed.get(RUN, 2),
        )

    def frame(self, size: Size) -> None:
        """Put borders around the panes, or remove them, before they are placed."""
        framed = cast("KeyedApp", self.app).has_fills and has_frames(size.width, size.height)
        for pane in self.query(Pane):
            pane.framed = framed
        divider = self._find_divider(size) if cast("KeyedApp", self.app).has_fills and not framed else None
        if divider != self._divider:
            self._divider = divider
            self.refresh()

    def _find_divider(self, size: Size) -> Region | None:
        """Return the column between two panes that are next to each other."""
        regions = pane_regions(self.situation(size))
        left, right = regions.get(MIGRATIONS), regions.get(PREVIEW)
        if left is None or right is None or right.x <= left.right:
            return None
        return Region(left.right, left.y, right.x - left.right, left.height)

    def render_line(self, y: int) -> Strip:
        """Draw the line between two panes without borders."""
        place = self._divider
        if place is None or y not in place.line_range:
            return strip((), self.size.width).apply_style(self.rich_style)
        sign = "┬" if y == place.y else "│"
        parts: list[Part] = [(" " * place.x, PLAIN), (sign, RULE)]
        return strip(parts, self.size.width).apply_style(self.rich_style)


class PaneLayout(Layout):
    """Textual layout that places the panes of a `PaneGrid`."""

    name = "rooms"

    def arrange(
        self,
        parent: Widget,
        children: list[Widget],
        size: Size,
        greedy: bool = True,  # noqa: FBT001, FBT002 - as in Textual
    ) -> ArrangeResult:
        """Place each child in its region; a pane without a region is hidden."""
        grid = cast("PaneGrid", parent)
        parent.pre_layout(self)
        grid.frame(size)
        regions = dict(pane_regions(grid.situation(size)))
        extra = [child for child in children if not isinstance(child, Pane)]
        placed = []
        for child in extra:
            rest, last_line = _split_last_line(regions.get(MIGRATIONS, size.region))
            regions[MIGRATIONS] = rest
            placed.append(_place(child, last_line))
        panes = [child for child in children if isinstance(child, Pane) and child.NUMBER in regions]
        return [*(_place(pane, regions[pane.NUMBER]) for pane in panes), *placed]


def _split_last_line(region: Region) -> tuple[Region, Region]:
    """Return the region without its last line, and the last line."""
    above, line = region.split_horizontal(-1)
    return above, line


def _place(widget: Widget, region: Region) -> WidgetPlacement:
    return WidgetPlacement(region, NULL_OFFSET, NULL_SPACING, widget)
