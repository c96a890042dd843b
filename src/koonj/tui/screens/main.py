"""The main screen: four panes. State flows down to widgets, messages come up."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.reactive import reactive

from koonj.runner.run.request import Request
from koonj.tui.commands.availability import hints
from koonj.tui.commands.command import Group, Situation, bindings, named
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.documents.file_places import run_place
from koonj.tui.documents.wrapped_rows import MAX_WRAPPED
from koonj.tui.screens.main_state import MainState
from koonj.tui.screens.navigator import DIALOG_TASKS
from koonj.tui.screens.text_search import search_keys
from koonj.tui.state import messages
from koonj.tui.state.file_place import FileLine, FilePlace
from koonj.tui.state.fleet_run import FleetRunView
from koonj.tui.state.snapshot import Row, Snapshot
from koonj.tui.toolkit import garbage
from koonj.tui.widgets.filter_input import FilterRow
from koonj.tui.widgets.footer import BottomLine
from koonj.tui.widgets.header import TopLine
from koonj.tui.widgets.migration_list import MigrationList
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.pane_grid import PaneGrid
from koonj.tui.widgets.preview import Preview, Tab
from koonj.tui.widgets.run_pane import RunPane
from koonj.tui.widgets.search_bar import SearchBar
from koonj.tui.widgets.target_list import TargetList
from koonj.tui.workers.rehearsals import ALL


class Main(MainState):
    """The main screen: it passes its state to the panes, and runs the commands.

    `Navigator` opens other screens.
    """

    BINDINGS = bindings(MAIN)  # type: ignore[assignment] # Textual accepts a list of bindings
    AUTO_FOCUS = "MigrationList"

    _refused = ("", "")
    """The last command that was not available, and the reason that was shown."""
    _looks_again = False
    """Whether the target is read again because of that command."""

    zoomed: reactive[bool] = reactive(default=False, init=False, repaint=False)
    """Whether the pane with the focus uses the space of all panes."""

    def compose(self) -> ComposeResult:
        yield TopLine().data_bind(snapshot=Main.known)
        with PaneGrid().data_bind(Main.view, Main.zoomed):
            yield MigrationList().data_bind(snapshot=Main.known)
            yield FilterRow()
            yield Preview()
            yield TargetList().data_bind(snapshot=Main.known)
            yield RunPane().data_bind(Main.view, snapshot=Main.known)
        yield SearchBar()
        yield BottomLine()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.preview_text.show(self.selected))
        self.watch(self.preview, "document", self._hints, init=False)
        # After the first paint, so that it does not wait for this.
        self.call_after_refresh(self.watcher.start)
        self.call_after_refresh(self.navigator.start)
        self.call_after_refresh(self.past_runs.start)

    # State and focus

    @property
    def preview(self) -> Preview:
        """Pane 2."""
        return self.query_one(Preview)

    @property
    def panes(self) -> list[Pane]:
        """All panes in the order of their numbers."""
        return sorted(self.query(Pane), key=lambda pane: pane.NUMBER)

    @property
    def pane(self) -> Pane:
        """The pane with the focus."""
        return self.focused if isinstance(self.focused, Pane) else self.migrations

    @property
    def selected(self) -> Row | None:
        """The selected migration."""
        return self.migrations.selected

    # Commands

    def situation(self) -> Situation:
        """Return the facts that decide which commands are available."""
        pane, preview = self.pane, self.preview
        return Situation(
            self.snapshot,
            self.keymap,
            pane.NUMBER,
            self.selected,
            running=self.control.running,
            survives=self.control.survives,
            run=self.view,
            rehearsing=self.rehearsing.requested,
            tab=preview.tab,
            has_text=bool(preview.shown),
            nothing_to_copy=pane.NOTHING_TO_COPY if pane.copyable() is None else None,
            offers_pattern=preview.offered is not None,
            problems=None if preview.document is None else len(preview.places),
            has_colours=not self.app.no_color,
            awaits_dialog=any(w.group in DIALOG_TASKS and not w.is_finished for w in self.workers),
        )

    def action_command(self, name: str) -> None:
        """Run the command of a key, or show why it is not available."""
        self.clear_message()
        if name.isdecimal():
            self.jump(int(name))
            return
        command = named(MAIN, name)
        reason = command.refusal(self.situation())
        if reason is None:
            command.run(self)
        else:
            self._refused = (name, reason)
            self.say(reason)
            # Another process can have changed the target since it was read.
            self._looks_again = command.group is Group.CHANGES and self.watcher.ask_again()

    def target_was_read(self) -> None:
        """Run the command that an older state of the target has refused, if the new state allows it.

        Not if the user has pressed another key since.
        """
        if not self._looks_again:
            return
        self._looks_again = False
        name, reason = self._refused
        command, notice = named(MAIN, name), self.query_one(BottomLine).notice
        if self.is_active and notice == (reason, True) and command.refusal(self.situation()) is None:
            self.clear_message()
            command.run(self)

    def _drop_stale_reason(self) -> None:
        """Remove the reason why a command was not available, if that is not so any more."""
        name, reason = self._refused
        line = self.query_one(BottomLine)
        shown = line.notice is not None and line.notice[0] == reason
        if shown and named(MAIN, name).refusal(self.situation()) != reason:
            line.notice = None

    def clear_message(self) -> None:
        """Show the keys in the bottom line again."""
        self.query_one(BottomLine).notice = None

    def focus_pane(self, number: str) -> None:
        """Focus the pane with that number."""
        next(pane for pane in self.panes if number == pane.NUMBER).focus()

    def step_pane(self, step: int) -> None:
        """Focus the pane that is `step` panes further; wrap around."""
        panes = self.panes
        panes[(panes.index(self.pane) + step) % len(panes)].focus()

    def step_tab(self, step: int) -> None:
        """Show the tab that is `step` tabs further."""
        self.preview.tab = self.preview.tab.neighbour(step)

    def toggle_zoom(self) -> None:
        """Toggle zoom."""
        self.zoomed = not self.zoomed

    def toggle_wrap(self) -> None:
        """Wrap long lines of the preview, or scroll them sideways."""
        preview = self.preview
        preview.wraps = not preview.wraps
        if preview.wraps and len(preview.sql.text) > MAX_WRAPPED:
            self.say("The text is too long to wrap.")

    def toggle_format(self) -> None:
        """Show the preview's text formatted, or as written."""
        self.preview_text.toggle_format()

    def start_run(self, request: Request) -> None:
        """Start the run. The run itself asks for confirmation."""
        self.control.start(request)

    def cancel(self) -> None:
        """Cancel the run; if there is none, the rehearsal that the user started."""
        if self.control.running:
            self.navigator.cancel(self.pane.part if isinstance(self.pane, RunPane) else "")
        else:
            self.rehearsing.cancel()

    def open_current(self) -> None:
        """Handle Enter: choose a target, or show what failed, or go to the preview."""
        pane = self.pane
        if isinstance(pane, TargetList):
            pane.choose()
            return
        place: FilePlace | FileLine | None = None
        if isinstance(pane, RunPane):
            if pane.open_target():
                return
            place = self._place_in_run(pane.place_here)
        elif isinstance(pane, Preview):
            place = pane.place_of_tab
        if place is None:
            self.focus_pane("2")
        else:
            self.show_place(place)

    def _place_in_run(self, here: FileLine | None) -> FilePlace | FileLine | None:
        """Return the place that a line of the run is about; that of the failure if it is about none."""
        failed = run_place(self.query_one(RunPane).shown)
        is_failure = failed is not None and (here is None or here == FileLine(failed.name, failed.line))
        return failed if is_failure else here

    @on(messages.FleetLeft)
    def fleet_left(self) -> None:
        """Follow the run on several targets that was started from the matrix."""
        self.past_runs.open()
        self.focus_pane("4")

    @on(messages.PlaceChosen)
    def place_chosen(self, message: messages.PlaceChosen) -> None:
        """Show the place that was chosen on another screen."""
        self.show_place(message.place)

    @on(RunPane.LineChosen)
    def line_of_run_chosen(self, message: RunPane.LineChosen) -> None:
        """Show the place of a line of the run that was clicked."""
        place = self._place_in_run(message.place)
        if place is not None:
            self.show_place(place)

    def show_place(self, place: FilePlace | FileLine) -> None:
        """Show a place of a migration in the preview."""
        if self.snapshot.row(place.name) is None:
            self.say(f"{place.name} is not in the folder.")
            return
        if all(row.name != place.name for row in self.migrations.rows):
            self.clear_filter()
        self.migrations.select(place.name)
        self.focus_pane("2")
        self.preview.show_place(place)

    def next_problem(self, step: int) -> None:
        """In the list, select the next migration with a problem; else show the next place of the preview."""
        if isinstance(self.pane, MigrationList):
            rehearsals = self.snapshot.rehearsals
            if not self.pane.step_to(step, lambda row: row.has_problem or rehearsals.fails(row.name)):
                self.say("No migration in the list has a problem.")
            return
        self.focus_pane("2")
        text = self.preview.next_problem(step)
        self._hints()
        self.post_message(messages.StatusMessage(text))

    def use_pattern(self) -> None:
        """Open the form of the pattern that the current problem offers."""
        self.navigator.use_pattern()

    def next_match(self, step: int) -> None:
        """Go to the next match of the search in the current pane."""
        if self.pane.is_searched:
            self.pane.searcher.step(step)
        else:
            self.say(f"No search in this pane. To start one, press {self.keymap.current_key('/')}.")

    def jump(self, number: int) -> None:
        """Go to a line of the current pane, or to the migration of that number in the list."""
        self.pane.jump(number)

    def next_pending(self, step: int) -> None:
        """Select the next pending migration of the list."""
        self.migrations.focus()
        if not self.migrations.step_to(step, lambda row: row.is_pending):
            self.say("No migration in the list is pending.")

    def next_order(self) -> None:
        """Show the list in the next order."""
        self.migrations.order = self.migrations.order.next
        self.migrations.focus()

    def rehearse_selected(self) -> None:
        """Rehearse the selected migration and show the Rehearsal tab."""
        assert self.selected is not None
        name = self.selected.name
        self.rehearsing.rehearse(name)
        self.preview.tab = Tab.REHEARSAL
        notice = f"Rehearsing {name}. To cancel, press {self.keymap.current_key('c')}."
        self.post_message(messages.StatusMessage(notice))

    def rehearse_all(self) -> None:
        """Rehearse all migrations again, and say how to cancel that."""
        self.rehearsing.rehearse_all()
        notice = f"Rehearsing {ALL}. To cancel, press {self.keymap.current_key('c')}."
        self.post_message(messages.StatusMessage(notice))

    def step_back(self) -> None:
        """End the search, leave zoom, close the run result, clear the filter, or go to the list."""
        if self.pane.is_searched:
            self.pane.searcher.clear()
        elif isinstance(self.pane, RunPane) and self.pane.close_target():
            return
        elif self.zoomed:
            self.zoomed = False
        elif self.view is not None and not self.view.running and not self.view.closed:
            self.view = self.view.close()
            if isinstance(self.pane, RunPane):
                self.migrations.focus()
        elif self.migrations.filter:
            self.clear_filter()
        else:
            self.migrations.focus()

    def close(self) -> None:
        """Quit koonj; Ctrl+Q calls this."""
        self.navigator.quit()

    @on(messages.StatusMessage)
    def status_message(self, message: messages.StatusMessage) -> None:
        """Show a message until the next key."""
        self.query_one(BottomLine).notice = (message.text, message.is_problem)

    @on(BottomLine.Clicked)
    def hint_clicked(self, event: BottomLine.Clicked) -> None:
        """Handle a click on a key like the key."""
        self.action_command(event.command)

    def on_key(self, event: events.Key) -> None:
        """Clear the message on every key, even one without a command; go on in a search."""
        self.clear_message()
        self.search_key(event, self.pane)

    def on_screen_resume(self) -> None:
        self.call_later(self.navigator.resumed)

    def on_descendant_focus(self) -> None:
        self._hints()
        if isinstance(self.focused, RunPane):
            self.past_runs.open()

    def watch_known(self, old: Snapshot, new: Snapshot) -> None:
        """Update the preview and the footer, and start rehearsals that are needed now."""
        if new.rows is not old.rows:
            self.call_after_refresh(garbage.skip_all)
        self.call_later(self._show_selected)
        self.rehearsing.start_if_needed()
        self.call_later(self.navigator.known_changed)

    def watch_view(self) -> None:
        here = None if self.view is None else self.view.on(self.snapshot.chosen)
        run = here if isinstance(self.view, FleetRunView) else self.view
        self.preview.run = run if run is not None and not run.running else None
        self.preview.live = here if here is not None and here.running else None
        self.migrations.live = live = here.live if here is not None else None
        self.query_one(TopLine).live = live[0] if live is not None else None
        self._hints()

    @on(messages.MigrationSelected)
    @on(Preview.TabShown)
    def _show_selected(self) -> None:
        self.preview_text.show(self.selected)
        self._hints()

    def _hints(self) -> None:
        self._drop_stale_reason()
        keys = self.query_one(BottomLine)
        keys.danger = self.snapshot.target.protected
        shown = hints(self.situation())
        if self.pane.is_searched:
            going_on = search_keys(self.pane)
            taken = {hint.key for hint in going_on}
            shown = (*going_on, *(hint for hint in shown if hint.key not in taken))
        keys.hints = shown

    def search_hints(self) -> None:
        self._hints()

    def search(self) -> None:
        """Filter the list, or search the text of the other panes: where the focus is."""
        if isinstance(self.pane, MigrationList):
            self.open_filter()
        else:
            self.search_in(self.pane)
