"""The four panes, each where `room` puts it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import events, on
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import Layout, WidgetPlacement
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from koonj.tui.state.run import RunStage, RunView
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.pane_layout import MIGRATIONS, RUN, TARGETS, PaneSituation, room

if TYPE_CHECKING:
    from textual.layout import ArrangeResult

RISE = 0.4
"""Seconds that a run must have worked before it gets more room: the screen does not jump up and down for one
that is done at once."""


class PaneGrid(Widget):
    """Knows who has the keys, what runs and whether one pane takes everything; `room` decides the rest.

    A child that is no pane with a number stands in the migrations' last lines: the filter.
    """

    view: reactive[RunView | None] = reactive(None, repaint=False)
    zoomed: reactive[bool] = reactive(default=False, init=False, repaint=False)
    holder: reactive[str] = reactive(MIGRATIONS, init=False, repaint=False)
    """The number of the pane that has the keys, or had them last."""

    def __init__(self) -> None:
        super().__init__()
        self._rooms = PaneLayout()
        self._stage = RunStage.REST
        self._rising: Timer | None = None

    @property
    def layout(self) -> Layout:
        """Ours, and not one of Textual's."""
        return self._rooms

    @on(events.DescendantFocus)
    def _focused(self, event: events.DescendantFocus) -> None:
        self.holder = event.widget.NUMBER if isinstance(event.widget, Pane) else MIGRATIONS

    def watch_holder(self) -> None:
        """The pane that has the keys gets other room."""
        self._arrange_anew()

    def watch_zoomed(self) -> None:
        """It gets all, or what it had."""
        self._arrange_anew()

    def _arrange_anew(self) -> None:
        for pane in self.query(Pane):
            pane.set_class(self.zoomed and self.holder == pane.NUMBER, "-zoomed")
            pane.refresh(repaint=False, layout=True)  # what a child asks for, Textual arranges anew

    def watch_view(self, new: RunView | None) -> None:
        """A run that works for more than a moment, or has ended, gets other room."""
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
            self._arrange_anew()

    def scene(self, size: Size) -> PaneSituation:
        """What the panes' room depends on, now."""
        scene = PaneSituation(size.width, size.height, self.holder, self.zoomed, self._stage)
        wide = room(replace(scene, zoomed=False))
        wanted = {
            pane.NUMBER: pane.get_content_height(size, size, wide[pane.NUMBER].width)
            for pane in self.query(Pane)
            if pane.NUMBER in (TARGETS, RUN) and pane.NUMBER in wide
        }
        return replace(scene, targets=wanted.get(TARGETS, 2), run=wanted.get(RUN, 2))


class PaneLayout(Layout):
    """Places the panes of a `PaneGrid`."""

    name = "rooms"

    def arrange(
        self,
        parent: Widget,
        children: list[Widget],
        size: Size,
        greedy: bool = True,  # noqa: FBT001, FBT002 - as in Textual
    ) -> ArrangeResult:
        """Each child in its region; what has none is not to be seen."""
        middle = cast("PaneGrid", parent)
        parent.pre_layout(self)
        regions = dict(room(middle.scene(size)))
        extra = [child for child in children if not isinstance(child, Pane)]
        placed = []
        for child in extra:
            under, over = _last_line(regions.get(MIGRATIONS, size.region))
            regions[MIGRATIONS] = under
            placed.append(_place(child, over))
        panes = [child for child in children if isinstance(child, Pane) and child.NUMBER in regions]
        return [*(_place(pane, regions[pane.NUMBER]) for pane in panes), *placed]


def _last_line(region: Region) -> tuple[Region, Region]:
    """A region without its last line, and that line."""
    above, line = region.split_horizontal(-1)
    return above, line


def _place(widget: Widget, region: Region) -> WidgetPlacement:
    return WidgetPlacement(region, NULL_OFFSET, NULL_SPACING, widget)
