"""The screen of all targets: which migration is in which state where."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from textual import events, on
from textual.app import ComposeResult
from textual.dom import DOMNode
from textual.screen import Screen

from koonj.runner.target.matrix import MatrixRow, NoState
from koonj.tui.commands.command import bindings, named
from koonj.tui.commands.navigation import OVERLAY
from koonj.tui.render.matrix_lines import summary_parts, title_parts
from koonj.tui.state.matrix import MatrixView
from koonj.tui.state.snapshot import Snapshot
from koonj.tui.toolkit.key_presses import CANCEL_KEYS
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.matrix_pane import MatrixPane
from koonj.tui.widgets.text_line import TextLine

CLOSE, GO, NEXT, PREVIOUS, EVERY, HIDE, SHOW, AGAIN = (
    "close",
    "go",
    "next-difference",
    "previous-difference",
    "every-row",
    "hide-target",
    "show-targets",
    "again",
)
_HINTS = (
    Hint("Enter", "go", command=GO),
    Hint("n/N", "difference", command=NEXT),
    Hint("h/l", "target"),
    Hint("o", "all rows", command=EVERY),
    Hint("x", "hide", command=HIDE),
    Hint("R", "read", command=AGAIN),
    Hint("Esc", "close", command=CLOSE),
    Hint("X", "show hidden", command=SHOW),
)


class MatrixScreen(Screen[tuple[str, str] | None]):
    """Targets × migrations. Its result is the migration and the target to go to, or None."""

    BINDINGS = bindings(OVERLAY)  # type: ignore[assignment] # Textual accepts a list of bindings
    AUTO_FOCUS = "MatrixPane"

    def __init__(
        self, main: DOMNode, known: str, snapshot: Callable[[], Snapshot], refresh_targets: Callable[[], None]
    ) -> None:
        """`known`: the reactive attribute of the node `main` that changes with the snapshot."""
        super().__init__()
        self._main = main
        self._known = known
        self._snapshot = snapshot
        self._refresh_targets = refresh_targets
        self._hidden: frozenset[str] = frozenset()
        self._every = False

    def compose(self) -> ComposeResult:
        yield TextLine(id="place")
        yield TextLine(id="counts")
        yield MatrixPane()
        yield BottomLine()

    def on_mount(self) -> None:
        self.query_one(BottomLine).hints = _HINTS
        self.watch(self._main, self._known, self._changed, init=False)
        self._make()

    @property
    def pane(self) -> MatrixPane:
        """The pane with the focus."""
        return self.query_one(MatrixPane)

    # What is shown

    def _changed(self) -> None:
        """Show a new state of folder and targets."""
        snapshot, view = self._snapshot(), self.pane.view
        if not view.same_inputs(snapshot, self._hidden, every=self._every):
            self._make()
            return
        columns = tuple(check for check in snapshot.checks if check.target.name not in self._hidden)
        if columns != view.columns:  # only whether a target is being read
            self._show(replace(view, columns=columns))

    def _make(self) -> None:
        start_task(self, self._make_view, "matrix", exclusive=True)

    async def _make_view(self) -> None:
        snapshot, hidden, every = self._snapshot(), self._hidden, self._every
        self._show(await asyncio.to_thread(MatrixView.of, snapshot, hidden, every=every))

    def _show(self, view: MatrixView) -> None:
        self.pane.view = view
        self.query_one("#place", TextLine).parts = title_parts(view)
        self.query_one("#counts", TextLine).parts = summary_parts(view)

    # Commands

    def action_command(self, name: str) -> None:
        """Run a command: move in the pane, or redraw the screen."""
        self.query_one(BottomLine).notice = None
        named(OVERLAY, name).run(self)

    def on_key(self, event: events.Key) -> None:
        self.query_one(BottomLine).notice = None
        command = _KEYS.get(event.key) or (CLOSE if event.key in CANCEL_KEYS else None)
        if command is not None:
            event.stop()
            self._do(command)

    @on(BottomLine.Clicked)
    def hint_clicked(self, event: BottomLine.Clicked) -> None:
        """Handle a click on a key like the key."""
        self._do(event.command)

    def _do(self, command: str) -> None:
        match command:
            case "close":
                self.close()
            case "go":
                self._go()
            case "next-difference" | "previous-difference":
                self._step(1 if command == NEXT else -1)
            case "every-row":
                self._every = not self._every
                self._make()
            case "hide-target":
                self._hide()
            case "show-targets":
                self._hidden = frozenset()
                self._make()
            case "again":
                self._refresh_targets()

    def _go(self) -> None:
        row = self.pane.row
        if not isinstance(row, MatrixRow):
            self._say("Choose a migration first.")
        elif row.cells[self.pane.column] is NoState.ABSENT:
            self._say(f"{row.name} is not on {self.pane.target}: it has no file, and is not applied there.")
        elif self.is_current:
            self.dismiss((row.name, self.pane.target))

    def _step(self, direction: int) -> None:
        if not self.pane.step(direction):
            where = "below" if direction > 0 else "above"
            self._say(f"No row {where} differs between the targets.")

    def _hide(self) -> None:
        """Hide the target at the cursor, so that the others are compared without it."""
        if len(self.pane.view.columns) < 2:
            self._say("The last target cannot be hidden.")
            return
        self._hidden |= {self.pane.target}
        self._make()

    def _say(self, text: str) -> None:
        self.query_one(BottomLine).notice = (text, True)

    def close(self) -> None:
        """Close the screen."""
        if self.is_current:
            self.dismiss(None)


_KEYS = {
    "q": CLOSE,
    "T": CLOSE,
    "enter": GO,
    "n": NEXT,
    "N": PREVIOUS,
    "o": EVERY,
    "x": HIDE,
    "X": SHOW,
    "R": AGAIN,
}
