"""The drift screen: differences between the target's schema and its migrations."""

from __future__ import annotations

from time import monotonic
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.timer import Timer

from koonj.config import Target
from koonj.runner.drift.report import DriftReport
from koonj.tui.commands.clipboard import Clip, clean
from koonj.tui.commands.command import Command, bindings, named
from koonj.tui.commands.navigation import OVERLAY
from koonj.tui.commands.places import PROBLEMS
from koonj.tui.commands.search import MATCHES
from koonj.tui.render.drift_lines import count_parts, group_differences, progress_parts, title_parts
from koonj.tui.screens.copy_dialog import CopyDialog
from koonj.tui.screens.text_search import SEARCH_HINTS, TextSearchScreen
from koonj.tui.toolkit.key_presses import CANCEL_KEYS
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.drift_definition import Definition
from koonj.tui.widgets.drift_list import DriftList
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.search_bar import SearchBar
from koonj.tui.widgets.text_line import TextLine
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.child_events import SubprocessError

CLOSE, CANCEL, AGAIN, COPY, NEXT_PANE = "close", "cancel", "again", "copy", "next-pane"
SEARCH = "search"
COMMANDS: tuple[Command[Any], ...] = (*OVERLAY, *MATCHES, *PROBLEMS)
TICK = 1.0
"""Seconds between two updates of the elapsed time."""
WIDE = 100
"""Width in cells from which list and definition are side by side."""
_WORKING = (Hint("c", "cancel", command=CANCEL), Hint("Esc", "close", command=CLOSE))
_FOUND = (
    Hint("j/k", "select object"),
    Hint("Tab", "next pane", command=NEXT_PANE),
    Hint("/", "search", command=SEARCH),
    Hint("y", "copy", command=COPY),
    Hint("R", "compare again", command=AGAIN),
    Hint("Esc", "close", command=CLOSE),
)
_NOTHING = (Hint("R", "compare again", command=AGAIN), Hint("Esc", "close", command=CLOSE))


class DriftScreen(TextSearchScreen[None]):
    """A screen that compares when it opens, and shows the differences.

    The comparison runs in a process of its own.
    """

    BINDINGS = bindings(COMMANDS)  # type: ignore[assignment] # Textual accepts a list of bindings
    AUTO_FOCUS = "DriftList"

    def __init__(self, backend: Backend, target: Target) -> None:
        super().__init__()
        self._backend = backend
        self._target = target
        self._since = 0.0
        self._ticker: Timer | None = None
        self._found: DriftReport | None = None

    def compose(self) -> ComposeResult:
        yield TextLine(id="place")
        yield TextLine(id="counts")
        with Container(id="drift"):
            yield DriftList()
            yield Definition()
        yield SearchBar()
        yield BottomLine()

    def on_mount(self) -> None:
        self.compare()

    @property
    def pane(self) -> Pane:
        """The pane with the focus."""
        return self.focused if isinstance(self.focused, Pane) else self.objects

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
        self.query_one(BottomLine).hints = _WORKING
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
        self.query_one("#place", TextLine).parts = title_parts(self._target, self._found)
        line = progress_parts(monotonic() - self._since) if self.is_comparing else count_parts(self._found)
        self.query_one("#counts", TextLine).parts = line

    # Commands

    def search_hints(self) -> None:
        """Show the keys: those of a search first."""
        anything = self._found is not None and self._found.differences
        shown = _WORKING if self.is_comparing else _FOUND if anything else _NOTHING
        self.query_one(BottomLine).hints = (*SEARCH_HINTS, *shown) if self.pane.is_searched else shown

    def on_descendant_focus(self) -> None:
        self.search_hints()

    def next_match(self, step: int) -> None:
        """Go to the next match of the search in the current pane."""
        self.pane.searcher.step(step)

    def next_problem(self, step: int) -> None:
        """Select the next object (`step` 1) or the previous one (-1); wrap around at the ends."""
        if count := self.objects.count():
            self.objects.cursor = (self.objects.cursor + step) % count

    def action_command(self, name: str) -> None:
        """Run a command: move a pane, or redraw the screen."""
        self.query_one(BottomLine).notice = None
        named(COMMANDS, name).run(self)

    def on_key(self, event: events.Key) -> None:
        if self.search_bar.is_open or self.search_key(event, self.pane):
            return
        command = _KEYS.get(event.key) or (CLOSE if event.key in CANCEL_KEYS else None)
        if command is not None:
            event.stop()
            self._do(command)

    @on(BottomLine.Clicked)
    def hint_clicked(self, event: BottomLine.Clicked) -> None:
        """Handle a click on a key like the key."""
        self._do(event.command)

    def _do(self, command: str) -> None:
        if command == CLOSE and self.pane.is_searched:
            self.pane.searcher.clear()
        elif command == CLOSE:
            self.close()
        elif command == SEARCH and self.objects.differences:
            self.search_in(self.pane)
        elif command == CANCEL and self.is_comparing:
            self.cancel()
        elif command == AGAIN and not self.is_comparing:
            self.compare()
        elif command == NEXT_PANE:
            (self.objects if self.pane is not self.objects else self.query_one(Definition)).focus()
        elif command == COPY and self.objects.current is not None:
            self._copy()

    def _copy(self) -> None:
        definition = self.query_one(Definition)
        text = clean(definition.text)
        clip = Clip(f"the differences of {definition.object_name}", text, len(text.encode()))
        if clip.fits:
            self.app.copy_to_clipboard(clip.text)
        self.app.push_screen(CopyDialog(clip))

    def close(self) -> None:
        """Close the screen and end the comparison."""
        if self.is_current:
            self.dismiss(None)

    @on(DriftList.Selected)
    def selected(self, message: DriftList.Selected) -> None:
        """Show the definitions of the selected object."""
        self.query_one(Definition).differing = message.differing

    def on_resize(self, event: events.Resize) -> None:
        """Place the panes side by side if the screen is wide enough."""
        self.set_class(event.size.width >= WIDE, "-wide")


_KEYS = {
    "q": CLOSE,
    "D": CLOSE,
    "c": CANCEL,
    "R": AGAIN,
    "y": COPY,
    "slash": SEARCH,
    "tab": NEXT_PANE,
    "shift+tab": NEXT_PANE,
    "enter": NEXT_PANE,
}
