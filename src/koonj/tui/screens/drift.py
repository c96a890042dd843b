"""The drift screen: differences between the target's schema and its migrations."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.timer import Timer

from koonj.config import Target
from koonj.runner.drift.report import DriftReport
from koonj.tui.commands import full_screens as commands
from koonj.tui.commands.command import Command, bindings
from koonj.tui.commands.navigation import DOWN, UP
from koonj.tui.commands.places import PROBLEMS
from koonj.tui.render.drift_lines import count_parts, group_differences, progress_parts, title_parts
from koonj.tui.screens.full_screen import (
    CLOSE,
    CLOSE_HINT,
    NEXT_PANE,
    NEXT_PANE_KEYS,
    SEARCH,
    FullScreen,
    Keys,
)
from koonj.tui.state.snapshot import LastDrift
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.drift_definition import Definition
from koonj.tui.widgets.drift_list import DriftList
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.place_line import PlaceLine
from koonj.tui.widgets.search_bar import SearchBar
from koonj.tui.widgets.text_line import TextLine
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.child_events import SubprocessError

CANCEL, AGAIN, COPY = "cancel", "again", "copy"
TICK = 1.0
"""Seconds between two updates of the elapsed time."""


class DriftScreen(FullScreen[None]):
    """A screen that compares when it opens, and shows the differences.

    The comparison runs in a process of its own.
    """

    BOUND: ClassVar[tuple[Command[Any], ...]] = (*FullScreen.BOUND, *PROBLEMS)
    BINDINGS = bindings(PROBLEMS)
    KEYS: ClassVar[Keys] = {
        **NEXT_PANE_KEYS,
        commands.OPEN: NEXT_PANE,
        commands.DRIFT: CLOSE,
        commands.CANCEL: CANCEL,
        commands.REFRESH: AGAIN,
        commands.COPY: COPY,
    }
    WIDE = 100
    AUTO_FOCUS = "DriftList"

    def __init__(
        self, backend: Backend, target: Target, when_found: Callable[[LastDrift], None] | None = None
    ) -> None:
        """`when_found` is called with the result of each comparison."""
        super().__init__()
        self._when_found = when_found
        self._backend = backend
        self._target = target
        self._since = 0.0
        self._ticker: Timer | None = None
        self._found: DriftReport | None = None

    def compose(self) -> ComposeResult:
        yield PlaceLine("Drift", self._target)
        yield TextLine(id="counts")
        with Container(id="panes"):
            yield DriftList()
            yield Definition()
        yield SearchBar()
        yield BottomLine()

    def on_mount(self) -> None:
        self.compare()

    @on(events.Resize)
    def resized(self) -> None:
        """Fit the lines above the panes."""
        self._update()

    @property
    def objects(self) -> DriftList:
        """The list of differing objects."""
        return self.query_one(DriftList)

    @property
    def is_comparing(self) -> bool:
        """Whether a comparison is in progress."""
        return self._ticker is not None

    # Comparing

    def compare(self) -> None:
        """Compare again."""
        self._found, self._since = None, monotonic()
        self.objects.differences = ()
        self._ticker = self._ticker or self.set_interval(TICK, self._update)
        self.search_hints()
        self._update()
        start_task(self, self._compare, "drift", exclusive=True)

    async def _compare(self) -> None:
        try:
            found = await self._backend.drift(self._target)
        except (OSError, SubprocessError) as error:
            self._finish(f"koonj could not compare: {error}")
        except Exception as error:  # A bug must be visible, but must not end the screen.
            self._finish(f"koonj failed: {type(error).__name__}: {error}")
        else:
            self._found = found
            self.objects.differences = group_differences(found.differences)
            self._finish("")
            if self._when_found is not None:
                self._when_found(LastDrift(found.at, len(self.objects.differences)))

    def cancel(self) -> None:
        """Cancel the comparison."""
        self.workers.cancel_group(self, "drift")
        self._finish("Cancelled. It is unknown whether the target has drifted.")

    def _finish(self, trouble: str) -> None:
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None
        anything = bool(self._found is not None and self._found.differences)
        self.search_hints()
        self.objects.error = trouble
        self.objects.notes = self._found.notes if self._found else ()
        self.objects.no_drift = self._found is not None and not anything
        self._update()

    def _update(self) -> None:
        """Show the lines above the panes. Without differences, show only the list."""
        self.query_one(Definition).display = bool(self.objects.differences)
        place, width = self.query_one(PlaceLine), self.app.size.width
        place.details = title_parts(self._found, place.room(width))
        seconds = monotonic() - self._since
        line = progress_parts(seconds) if self.is_comparing else count_parts(self._found, width)
        self.query_one("#counts", TextLine).parts = line

    # Commands

    def hints(self) -> tuple[Hint, ...]:
        """Return the keys: what can be done depends on how far the comparison is."""
        if self.is_comparing:
            return (*self.hint(commands.CANCEL, "cancel"), *CLOSE_HINT)
        again = self.hint(commands.REFRESH, "compare again")
        if self._found is None or not self._found.differences:
            return (*again, *CLOSE_HINT)
        return (
            *self.pair(DOWN, UP, "select object"),
            *self.hint(commands.NEXT_PANE, "next pane"),
            *self.hint(commands.FILTER, "search"),
            *self.hint(commands.COPY, "copy"),
            *again,
            *CLOSE_HINT,
        )

    def next_problem(self, step: int) -> None:
        """Select the next object (`step` 1) or the previous one (-1); wrap around at the ends."""
        if count := self.objects.count():
            self.objects.cursor = (self.objects.cursor + step) % count

    def do(self, command: str) -> None:
        """Run a command. Without differences there is nothing to search, and no other pane."""
        if command not in {SEARCH, NEXT_PANE} or self.objects.differences:
            super().do(command)

    def obey(self, command: str) -> None:
        """Run a command of this screen, if there is anything that it can be used for."""
        if command == CANCEL and self.is_comparing:
            self.cancel()
        elif command == AGAIN and not self.is_comparing:
            self.compare()
        elif command == COPY and self.objects.current is not None:
            definition = self.query_one(Definition)
            self.copy_text(f"the differences of {definition.object_name}", definition.text)

    @on(DriftList.Selected)
    def selected(self, message: DriftList.Selected) -> None:
        """Show the definitions of the selected object."""
        self.query_one(Definition).differing = message.differing
