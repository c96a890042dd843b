"""The screen of all targets: which migration is in which state where."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.dom import DOMNode

from koonj.runner.target.matrix import MatrixRow, NoState
from koonj.tui.commands import full_screens as commands
from koonj.tui.commands.navigation import LEFT, RIGHT
from koonj.tui.render.matrix_lines import summary_parts, title_parts
from koonj.tui.screens.fleet_run import FleetStart, start_on
from koonj.tui.screens.full_screen import CLOSE, CLOSE_HINT, SEARCH, FullScreen, Keys
from koonj.tui.state.matrix import MatrixView
from koonj.tui.state.snapshot import Snapshot
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.matrix_pane import MatrixPane
from koonj.tui.widgets.place_line import PlaceLine
from koonj.tui.widgets.search_bar import SearchBar
from koonj.tui.widgets.text_line import TextLine

GO, AGAIN = "go", "again"


class MatrixScreen(FullScreen[tuple[str, str]]):
    """Targets × migrations. Its result is the migration and the target to go to, or None."""

    KEYS: ClassVar[Keys] = {
        commands.ALL_TARGETS: CLOSE,
        commands.OPEN: GO,
        commands.REFRESH: AGAIN,
        **{command: command.name() for command in commands.MATRIX},
    }
    AUTO_FOCUS = "MatrixPane"

    def __init__(
        self,
        main: DOMNode,
        known: str,
        snapshot: Callable[[], Snapshot],
        refresh_targets: Callable[[], None],
        *,
        why_not_run: Callable[[], str | None],
        follow: Callable[[], None],
    ) -> None:
        """`known`: the reactive attribute of the node `main` that changes with the snapshot.

        `why_not_run` returns why no run can start now. `follow` is called when a run on several targets is in
        progress and this screen closes.
        """
        super().__init__()
        self._main = main
        self._known = known
        self._snapshot = snapshot
        self._refresh_targets = refresh_targets
        self._why_not_run = why_not_run
        self._follow_run = follow
        self._hidden: frozenset[str] = frozenset()
        self._every = False
        self._every_for_search = False
        """Whether all rows are shown only because of the search."""

    def compose(self) -> ComposeResult:
        yield PlaceLine("Targets × migrations")
        yield TextLine(id="counts")
        yield MatrixPane()
        yield SearchBar()
        yield BottomLine()

    def on_mount(self) -> None:
        self.search_hints()
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
        searched = self.pane.searcher.text if self.search_bar.is_open else ""
        if searched:
            self.pane.searcher.clear()  # so that it is searched only once
        self.pane.view = view
        if searched:
            self.pane.searcher.start(searched)  # in rows that were not shown before
        self.query_one(PlaceLine).details = title_parts(view)
        self.query_one("#counts", TextLine).parts = summary_parts(view)

    # Commands

    def hints(self) -> tuple[Hint, ...]:
        """Return the keys; that for the hidden targets only if there are any."""
        return (
            *self.hint(commands.OPEN, "go"),
            *self.pair(commands.NEXT_DIFFERENCE, commands.PREVIOUS_DIFFERENCE, "difference"),
            *self.hint(commands.FILTER, "search"),
            *self.hint(commands.APPLY_TO_TARGETS, "apply"),
            *self.hint(commands.EVERY_ROW, "all rows"),
            *self.hint(commands.HIDE_TARGET, "hide"),
            *self.hint(commands.REFRESH, "read"),
            *self.pair(LEFT, RIGHT, "target"),
            *(self.hint(commands.SHOW_TARGETS, "show hidden") if self._hidden else ()),
            *self.hint(commands.ROLL_BACK_TARGETS_TO, "roll back to"),
            *CLOSE_HINT,
        )

    def do(self, command: str) -> None:
        """Run a command. A search looks in all rows, so it shows them all."""
        if command == SEARCH and not self._every:
            self._every = self._every_for_search = True
            self._make()
        super().do(command)

    def search_hints(self) -> None:
        """Show the keys; after the search show only the rows that were shown before."""
        super().search_hints()
        if self._every_for_search and not self.pane.is_searched and not self.search_bar.is_open:
            self._every = self._every_for_search = False
            self._make()

    def obey(self, command: str) -> None:
        """Run a command of this screen."""
        match command:
            case "go":
                self._go()
            case "next-difference" | "previous-difference":
                self._step(1 if command == commands.NEXT_DIFFERENCE.name() else -1)
            case "every-row":
                self._every, self._every_for_search = not self._every, False
                self._make()
            case "hide-target":
                self._hide()
            case "show-targets":
                self._hidden = frozenset()
                self.search_hints()
                self._make()
            case "apply-to-targets":
                self._run_on_shown("apply")
            case "roll-back-targets-to":
                self._roll_back_to()
            case "roll-back-targets":
                self._run_on_shown("rollback", "--all")
            case "again":
                self._refresh_targets()

    def _go(self) -> None:
        row = self.pane.row
        if not isinstance(row, MatrixRow):
            self.say("Choose a migration first.")
        elif row.cells[self.pane.column] is NoState.ABSENT:
            self.say(f"{row.name} is not on {self.pane.target}: it has no file, and is not applied there.")
        else:
            self.leave((row.name, self.pane.target))

    def _step(self, direction: int) -> None:
        if not self.pane.step(direction):
            where = "below" if direction > 0 else "above"
            self.say(f"No row {where} differs between the targets.")

    def _roll_back_to(self) -> None:
        """Roll back what is above the migration at the cursor, on the shown targets."""
        row = self.pane.row
        if isinstance(row, MatrixRow):
            self._run_on_shown("rollback", str(row.number))
        else:
            self.say("Choose a migration first: those with a higher number are rolled back.")

    def _run_on_shown(self, *words: str) -> None:
        """Run on the shown targets. Those that are hidden are left out. `words`: those of the command."""
        if (reason := self._why_not_run()) is not None:
            self.say(reason)
            return
        settings, folder = self._snapshot().settings, self._snapshot().folder
        if folder is not None and folder.why_not_run is not None:
            self.say(folder.why_not_run)
            return
        targets = [check.target for check in self.pane.view.columns if check.target.declared]
        if not targets:
            self.say("koonj.toml declares none of these targets. Go to one, and run there.")
            return
        match start_on(self.app, words, targets, settings.migrations):
            case FleetStart.IMPOSSIBLE:
                self.say(
                    f"koonj cannot leave its screen here. Use the command {words[0]} in another terminal."
                )
            case FleetStart.ENDED:
                self._refresh_targets()
            case FleetStart.LEFT:
                self._follow_run()
                self.dismiss(None)

    def _hide(self) -> None:
        """Hide the target at the cursor, so that the others are compared without it."""
        if len(self.pane.view.columns) < 2:
            self.say("The last target cannot be hidden.")
            return
        self._hidden |= {self.pane.target}
        self.search_hints()
        self._make()
