"""The main screen: four panes. State flows down to widgets, messages come up."""

from __future__ import annotations

from dataclasses import replace

from textual import events, on
from textual.app import ComposeResult
from textual.reactive import reactive

from koonj.humanize import now
from koonj.runner.run.events import MigrationFinished
from koonj.runner.run.request import Request
from koonj.tui.commands.availability import hints
from koonj.tui.commands.command import Situation, bindings, named
from koonj.tui.commands.keymap import Keymap
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.screens.filtered_list import FilteredList
from koonj.tui.screens.navigator import Navigator
from koonj.tui.screens.preview_text import PreviewText
from koonj.tui.state import messages
from koonj.tui.state.rehearsals import Rehearsals, first_change
from koonj.tui.state.run import RunView, crashed, fold
from koonj.tui.state.snapshot import Listed, Row, Snapshot
from koonj.tui.toolkit import garbage
from koonj.tui.widgets.filter_input import FilterRow
from koonj.tui.widgets.footer import BottomLine
from koonj.tui.widgets.header import TopLine
from koonj.tui.widgets.migration_list import MigrationList
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.pane_grid import PaneGrid
from koonj.tui.widgets.preview import Preview, Tab
from koonj.tui.widgets.run_pane import RunPane
from koonj.tui.widgets.target_list import TargetList
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.past_runs import PastRuns
from koonj.tui.workers.rehearsals import RehearsalWorker
from koonj.tui.workers.runs import RunControl
from koonj.tui.workers.watcher import Watcher


class Main(FilteredList):
    """The main screen. It holds the state and passes it to the panes.

    `Watcher`, `RunControl`, `RehearsalWorker` and `PreviewText` do the slow work; `Navigator` opens other
    screens.
    """

    BINDINGS = bindings(MAIN)  # type: ignore[assignment] # Textual accepts a list of bindings
    AUTO_FOCUS = "MigrationList"

    known: reactive[Snapshot | None] = reactive(None, init=False, repaint=False)
    view: reactive[RunView | None] = reactive(None, init=False, repaint=False)
    zoomed: reactive[bool] = reactive(default=False, init=False, repaint=False)
    """Whether the pane with the focus uses the space of all panes."""

    def __init__(self, backend: Backend, keymap: Keymap, listed: Listed | None = None) -> None:
        super().__init__()
        self.backend = backend
        self.keymap = keymap
        self.control = control = RunControl(self, backend, lambda: self.snapshot)
        self.watcher = Watcher(self, backend, lambda: self.snapshot, lambda: control.running)
        self.rehearsing = RehearsalWorker(
            self, backend, lambda: self.snapshot, lambda: control.running, self.set_rehearsals
        )
        self.past_runs = PastRuns(self, backend, control)
        self.preview_text = PreviewText(self, backend, lambda: self.snapshot)
        self.navigator = Navigator(
            self, backend, self.control, self.watcher, self.situation, self.action_command
        )
        known = Snapshot.initial(backend.settings)
        if listed is not None and listed.folder is not None:
            known = known.with_folder(listed.folder, listed)
        self.set_reactive(Main.known, known)

    def compose(self) -> ComposeResult:
        yield TopLine().data_bind(snapshot=Main.known)
        with PaneGrid().data_bind(Main.view, Main.zoomed):
            yield MigrationList().data_bind(snapshot=Main.known)
            yield FilterRow()
            yield Preview()
            yield TargetList().data_bind(snapshot=Main.known)
            yield RunPane().data_bind(Main.view)
        yield BottomLine()

    def on_mount(self) -> None:
        # After the first paint, so that it does not wait for this.
        self.call_after_refresh(self.watcher.start)
        self.call_after_refresh(self.navigator.start)
        self.call_after_refresh(self.past_runs.start)

    # State and focus

    @property
    def snapshot(self) -> Snapshot:
        """The known state of folder and targets."""
        assert self.known is not None
        return self.known

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
            has_colours=not self.app.no_color,
        )

    def action_command(self, name: str) -> None:
        """Run the command of a key, or show why it is not available."""
        self.clear_message()
        command = named(MAIN, name)
        reason = command.why_not(self.situation())
        if reason is None:
            command.run(self)
        else:
            self.say(reason)

    def say(self, text: str) -> None:
        """Show a problem until the next key."""
        self.post_message(messages.StatusMessage(text, is_problem=True))

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

    def toggle_format(self) -> None:
        """Show the preview's text formatted, or as written."""
        self.preview_text.toggle_format()

    def start_run(self, request: Request) -> None:
        """Start the run. The run itself asks for confirmation."""
        self.control.start(request)

    def cancel(self) -> None:
        """Cancel the run; if there is none, the rehearsal that the user started."""
        (self.navigator if self.control.running else self.rehearsing).cancel()

    def open_current(self) -> None:
        """Handle Enter: choose a target, or go to the preview."""
        if isinstance(self.pane, TargetList):
            self.pane.choose()
        else:
            self.focus_pane("2")

    def refresh_all(self) -> None:
        """Read the folder and check all targets."""
        self.watcher.read_folder()
        self.watcher.ask_all()
        self.rehearsing.retry()

    def rehearse_selected(self) -> None:
        """Rehearse the selected migration and show the Rehearsal tab."""
        assert self.selected is not None
        name = self.selected.name
        self.rehearsing.rehearse(name)
        self.preview.tab = Tab.REHEARSAL
        notice = f"Rehearsing {name}. To cancel, press {self.keymap.current_key('c')}."
        self.post_message(messages.StatusMessage(notice))

    def step_back(self) -> None:
        """Leave zoom, close the run result, clear the filter, or go to the list."""
        if self.zoomed:
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

    # Messages

    @on(messages.FolderRead)
    def folder_read(self, message: messages.FolderRead) -> None:
        """Show the new folder, and check all targets again."""
        self.rehearsing.folder_changed(self.snapshot.folder, message.folder)
        self.known = self.snapshot.with_folder(message.folder, message.listed)
        self.watcher.ask_all()

    @on(messages.FolderLost)
    def folder_lost(self, message: messages.FolderLost) -> None:
        """Show that the folder cannot be read."""
        if message.error != self.snapshot.folder_error:
            self.known = replace(self.snapshot, folder_error=message.error)

    @on(messages.MigrationsWritten)
    def migrations_written(self, message: messages.MigrationsWritten) -> None:
        """Clear the filter and select the first new migration."""
        self.clear_filter()
        self.migrations.select(message.names[0])

    @on(messages.BranchRead)
    def branch_read(self, message: messages.BranchRead) -> None:
        """Show the current git branch."""
        self.known = replace(self.snapshot, branch=message.branch)

    @on(messages.TargetAsked)
    def target_asked(self, message: messages.TargetAsked) -> None:
        """Show that koonj checks the target; keep the earlier result until it responds."""
        self.known = self.snapshot.with_check(message.name, None, message.since)

    @on(messages.TargetAnswered)
    def target_answered(self, message: messages.TargetAnswered) -> None:
        """Show the result of a check of a target."""
        if message.before is None or message.before is self.snapshot.check.status:
            own = self.view is not None and self.view.has_lock and self.view.target == message.name
            # Only one session can hold the koonj lock, so the run in progress there is that of the Run pane.
            status = replace(message.status, running=None) if own else message.status
            self.known = self.snapshot.with_check(message.name, status, None, message.listed)
            if status.running is not None:
                self.past_runs.announce()

    @on(messages.TargetChosen)
    def target_chosen(self, message: messages.TargetChosen) -> None:
        """Show the states of this target."""
        if self.control.running:
            self.say("A run is in progress. You can choose another target after it has finished.")
        else:
            self.known = self.snapshot.with_chosen(message.name)
            self.watcher.ask(self.snapshot.target)

    @on(messages.RunOpened)
    def run_opened(self, message: messages.RunOpened) -> None:
        """Show the run before its first event; it can fail before that."""
        self.past_runs.forget()
        started = message.started or now()
        self.view = RunView(message.target, message.direction, started, settling=message.settling)

    @on(messages.RunReported)
    def run_reported(self, message: messages.RunReported) -> None:
        """Update the run with its new events."""
        if self.view is not None:
            self.view = fold(self.view, message.events)
            self.navigator.run_changed()
        finished = any(isinstance(event, MigrationFinished) for event in message.events)
        if finished:
            self.watcher.follow(self.snapshot.target)

    @on(messages.RunFound)
    def run_found(self, message: messages.RunFound) -> None:
        """Show a run that ended before, unless there is a newer one."""
        if not self.control.running and (self.view is None or self.view.closed):
            self.view = message.view

    @on(messages.QuestionAsked)
    def question_asked(self, message: messages.QuestionAsked) -> None:
        """Show the plan and ask for confirmation."""
        self.navigator.confirm(message)

    @on(messages.RunStopped)
    def run_stopped(self, message: messages.RunStopped) -> None:
        """Show the conflicts and ask what to do about them."""
        self.navigator.allow(message)

    @on(messages.RunEnded)
    def run_ended(self, message: messages.RunEnded) -> None:
        """Show the end of the run, and check the target whatever the result."""
        self.navigator.close_question()
        if message.error is not None and self.view is not None:
            self.view = crashed(self.view, message.error, now())
        if self.view is not None and self.view.stopped_at is not None:
            self.migrations.select(self.view.stopped_at)
        if self.control.is_quitting:
            self.app.exit()
        self.watcher.ask(self.snapshot.target)

    @on(messages.RehearsalReported)
    def rehearsal_reported(self, message: messages.RehearsalReported) -> None:
        """Store new verdicts, except of files that have changed since."""
        if self.rehearsing.is_current(message.source):
            rehearsals = self.snapshot.rehearsals.with_events(message.events)
            self.set_rehearsals(rehearsals.before(first_change(message.folder, self.snapshot.folder)))

    @on(messages.RehearsalEnded)
    def rehearsal_ended(self, message: messages.RehearsalEnded) -> None:
        """Start the next rehearsal, if there is one."""
        if self.rehearsing.is_current(message.source):
            self.rehearsing.finish(message.error)

    def set_rehearsals(self, rehearsals: Rehearsals) -> None:
        """Store the state of the rehearsals."""
        if rehearsals != self.snapshot.rehearsals:
            self.known = replace(self.snapshot, rehearsals=rehearsals)

    @on(messages.TrustGiven)
    def trust_given(self) -> None:
        """Check the targets again with their passwords, and start to rehearse."""
        self.known = self.snapshot.with_settings(self.backend.settings)
        self.refresh_all()

    @on(messages.StatusMessage)
    def status_message(self, message: messages.StatusMessage) -> None:
        """Show a message until the next key."""
        self.query_one(BottomLine).notice = (message.text, message.is_problem)

    @on(BottomLine.Clicked)
    def hint_clicked(self, event: BottomLine.Clicked) -> None:
        """Handle a click on a key like the key."""
        self.action_command(event.command)

    def on_key(self, _: events.Key) -> None:
        """Clear the message on every key, even one without a command."""
        self.clear_message()

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

    def watch_view(self) -> None:
        here = self.view is not None and self.view.target == self.snapshot.chosen
        self.migrations.live = self.view.live if self.view is not None and here else None
        self._hints()

    @on(messages.MigrationSelected)
    @on(Preview.TabShown)
    def _show_selected(self) -> None:
        self.preview_text.show(self.selected)
        self._hints()

    def _hints(self) -> None:
        keys = self.query_one(BottomLine)
        keys.danger = self.snapshot.target.protected
        keys.hints = hints(self.situation())
