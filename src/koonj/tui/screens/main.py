"""The main screen: four panes, and who tells whom. State flows down, messages come up."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

from textual import events, on
from textual.app import ComposeResult
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Input

from koonj.humanize import now
from koonj.migrations.folder import Folder
from koonj.runner.run.events import MigrationFinished
from koonj.runner.run.request import Request
from koonj.tui.commands import MAIN
from koonj.tui.commands.availability import hints
from koonj.tui.commands.command import Situation, bindings, named
from koonj.tui.commands.keymap import Keymap
from koonj.tui.screens.navigator import Navigator
from koonj.tui.screens.preview_text import PreviewText
from koonj.tui.state import messages
from koonj.tui.state.rehearsals import Rehearsals, first_change
from koonj.tui.state.run import RunView, broken, fold
from koonj.tui.state.snapshot import Row, Snapshot
from koonj.tui.widgets.filter_input import FilterLine, FilterRow
from koonj.tui.widgets.footer import BottomLine
from koonj.tui.widgets.header import TopLine
from koonj.tui.widgets.migration_list import MigrationList
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.pane_grid import PaneGrid
from koonj.tui.widgets.preview import Preview, Tab
from koonj.tui.widgets.run_pane import RunPane
from koonj.tui.widgets.target_list import TargetList
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.rehearsals import RehearsalWorker
from koonj.tui.workers.runs import RunControl
from koonj.tui.workers.watcher import Watcher

FOLLOW = 1.0
"""Seconds between two readings of the states while a run goes on."""


class Main(Screen[None]):
    """Holds what is known and passes it down.

    `Watcher`, `RunControl`, `RehearsalWorker` and `PreviewText` do what is slow; `Navigator` opens what
    covers it.
    """

    BINDINGS = bindings(MAIN)  # type: ignore[assignment] # a list of bindings is what Textual takes
    AUTO_FOCUS = "MigrationList"

    known: reactive[Snapshot | None] = reactive(None, init=False, repaint=False)
    view: reactive[RunView | None] = reactive(None, init=False, repaint=False)
    zoomed: reactive[bool] = reactive(default=False, init=False, repaint=False)
    """Does the pane that has the keys take the whole middle?"""

    def __init__(self, engine: Backend, keymap: Keymap, folder: Folder | None = None) -> None:
        super().__init__()
        self.engine = engine
        self.keymap = keymap
        self.control = control = RunControl(self, engine, lambda: self.snapshot)
        self.watcher = Watcher(self, engine, lambda: self.snapshot, lambda: control.running)
        self.rehearsing = RehearsalWorker(
            self, engine, lambda: self.snapshot, lambda: control.running, self.set_rehearsals
        )
        self.shown = PreviewText(self, engine, lambda: self.snapshot)
        self.over = Navigator(self, engine, self.control, self.watcher, self.situation, self.action_command)
        self._followed = monotonic()
        known = Snapshot.of(engine.settings)
        self.set_reactive(Main.known, known.with_folder(folder) if folder else known)

    def compose(self) -> ComposeResult:
        """The panes between two lines; where each stands, `room` says."""
        yield TopLine().data_bind(snapshot=Main.known)
        with PaneGrid().data_bind(Main.view, Main.zoomed):
            yield MigrationList().data_bind(snapshot=Main.known)
            yield FilterRow()
            yield Preview()
            yield TargetList().data_bind(snapshot=Main.known)
            yield RunPane().data_bind(Main.view)
        yield BottomLine()

    def on_mount(self) -> None:
        """The first paint waits for nothing."""
        self.call_after_refresh(self.watcher.start)
        self.call_after_refresh(self.over.prepare)

    # What is known, and who has the keys

    @property
    def snapshot(self) -> Snapshot:
        """What is known of folder and targets."""
        assert self.known is not None
        return self.known

    @property
    def migrations(self) -> MigrationList:
        """Pane 1."""
        return self.query_one(MigrationList)

    @property
    def preview(self) -> Preview:
        """Pane 2."""
        return self.query_one(Preview)

    @property
    def filter_line(self) -> FilterLine:
        """Where the filter is typed."""
        return self.query_one(FilterLine)

    @property
    def panes(self) -> list[Pane]:
        """In the order of their numbers."""
        return sorted(self.query(Pane), key=lambda pane: pane.NUMBER)

    @property
    def pane(self) -> Pane:
        """The one that has the keys."""
        return self.focused if isinstance(self.focused, Pane) else self.migrations

    @property
    def selected(self) -> Row | None:
        """The migration under the list's cursor."""
        return self.migrations.selected

    # Commands

    def situation(self) -> Situation:
        """Gather what decides which commands can be used now."""
        pane, preview = self.pane, self.preview
        return Situation(
            self.snapshot,
            self.keymap,
            pane.NUMBER,
            self.selected,
            running=self.control.running,
            run=self.view,
            rehearsing=self.rehearsing.chosen,
            tab=preview.tab,
            has_text=bool(preview.shown),
            nothing_to_copy=pane.NOTHING_TO_COPY if pane.copyable() is None else None,
            has_colours=not self.app.no_color,
        )

    def action_command(self, name: str) -> None:
        """Do what a key asks, or say why not."""
        self.hush()
        command = named(MAIN, name)
        reason = command.why_not(self.situation())
        if reason is None:
            command.run(self)
        else:
            self.say(reason)

    def say(self, text: str) -> None:
        """Something that the person should read, until the next key."""
        self.post_message(messages.StatusMessage(text, is_problem=True))

    def hush(self) -> None:
        """The bottom line shows the keys again."""
        self.query_one(BottomLine).said = None

    def focus_pane(self, number: str) -> None:
        """Give the keys to a pane."""
        next(pane for pane in self.panes if number == pane.NUMBER).focus()

    def step_pane(self, step: int) -> None:
        """Give the keys to the pane before or after."""
        panes = self.panes
        panes[(panes.index(self.pane) + step) % len(panes)].focus()

    def step_tab(self, step: int) -> None:
        """Show the tab before or after."""
        self.preview.tab = self.preview.tab.beside(step)

    def toggle_zoom(self) -> None:
        """Give the pane that has the keys the whole middle, or take it back."""
        self.zoomed = not self.zoomed

    def toggle_format(self) -> None:
        """Show the preview's text formatted, or as it stands."""
        self.shown.toggle_format()

    def start_run(self, request: Request) -> None:
        """Begin; the run itself asks."""
        self.control.start(request)

    def cancel(self) -> None:
        """End the run; or, where none goes on, the rehearsal that the person waits for."""
        (self.control if self.control.running else self.rehearsing).cancel()

    def open_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterRow).display = True
        self.filter_line.focus()

    def open_current(self) -> None:
        """What Enter means."""
        if isinstance(self.pane, TargetList):
            self.pane.choose()
        else:
            self.focus_pane("2")

    def look_again(self) -> None:
        """Folder and targets."""
        self.watcher.look()
        self.watcher.ask_all()
        self.rehearsing.again()

    def rehearse_selected(self) -> None:
        """Now, and show what comes of it."""
        assert self.selected is not None
        name = self.selected.name
        self.rehearsing.choose(name)
        self.preview.tab = Tab.REHEARSAL
        self.post_message(messages.StatusMessage(f"Rehearsing {name}; {self.keymap.now('c')} cancels."))

    def step_back(self) -> None:
        """The nearest thing that Esc can put away."""
        if self.zoomed:
            self.zoomed = False
        elif self.view is not None and not self.view.running:
            self.view = None
        elif self.migrations.filter:
            self.clear_filter()
        else:
            self.migrations.focus()

    def close(self) -> None:
        """Ctrl+Q, as Textual has it: quit koonj."""
        self.over.quit()

    # Messages

    @on(messages.FolderRead)
    def folder_read(self, message: messages.FolderRead) -> None:
        """The folder is another one: what targets said of it is asked again."""
        self.rehearsing.folder_changed(self.snapshot.folder, message.folder)
        self.known = self.snapshot.with_folder(message.folder)
        self.watcher.ask_all()

    @on(messages.FolderLost)
    def folder_lost(self, message: messages.FolderLost) -> None:
        """The folder cannot be read."""
        if message.error != self.snapshot.lost:
            self.known = replace(self.snapshot, lost=message.error)

    @on(messages.MigrationsWritten)
    def migrations_written(self, message: messages.MigrationsWritten) -> None:
        """Show the first of them, whatever was filtered."""
        self.clear_filter()
        self.migrations.select(message.names[0])

    @on(messages.BranchRead)
    def branch_read(self, message: messages.BranchRead) -> None:
        """Another branch."""
        self.known = replace(self.snapshot, branch=message.branch)

    @on(messages.TargetAsked)
    def target_asked(self, message: messages.TargetAsked) -> None:
        """It is being asked; what it said before stays meanwhile."""
        self.known = self.snapshot.with_check(message.name, None, message.since)

    @on(messages.TargetAnswered)
    def target_answered(self, message: messages.TargetAnswered) -> None:
        """It answered, or could not be reached."""
        if message.before is None or message.before is self.snapshot.check.status:
            self.known = self.snapshot.with_check(message.name, message.status, None)

    @on(messages.TargetChosen)
    def target_chosen(self, message: messages.TargetChosen) -> None:
        """States are now those of this target."""
        if self.control.running:
            self.say("A run is going on; the target stays until it has ended.")
        else:
            self.known = self.snapshot.with_chosen(message.name)
            self.watcher.ask(self.snapshot.target)

    @on(messages.RunOpened)
    def run_began(self, message: messages.RunOpened) -> None:
        """Before it has said anything: it may not come to that."""
        self.view = RunView(message.target, message.direction, now())

    @on(messages.RunReported)
    def run_said(self, message: messages.RunReported) -> None:
        """The run goes on."""
        if self.view is not None:
            self.view = fold(self.view, message.events)
        finished = any(isinstance(event, MigrationFinished) for event in message.events)
        if finished and self.snapshot.check.since is None:
            self._follow()

    def _follow(self) -> None:
        """The states follow a long run, once a second at most: they are read from the target, as ever."""
        if monotonic() - self._followed >= FOLLOW:
            self._followed = monotonic()
            self.watcher.ask(self.snapshot.target)

    @on(messages.QuestionAsked)
    def question_asked(self, message: messages.QuestionAsked) -> None:
        """Show the plan and ask."""
        self.over.confirm(message)

    @on(messages.RunStopped)
    def run_stopped(self, message: messages.RunStopped) -> None:
        """Ask for a reason to go on; with one, the same is begun again."""
        self.over.allow(message)

    @on(messages.RunEnded)
    def run_ended(self, message: messages.RunEnded) -> None:
        """Whatever it did, the target is asked what it holds now."""
        self.over.question_over()
        if message.error is not None and self.view is not None:
            self.view = broken(self.view, message.error, now())
        if self.view is not None and self.view.failure is not None:
            self.migrations.select(self.view.failure.name)
        if self.control.leaving:
            self.app.exit()
        self.watcher.ask(self.snapshot.target)

    @on(messages.RehearsalReported)
    def rehearsal_said(self, message: messages.RehearsalReported) -> None:
        """Verdicts; of files that are others by now they are not true."""
        if self.rehearsing.is_from(message.source):
            rehearsals = self.snapshot.rehearsals.heard(message.events)
            self.set_rehearsals(rehearsals.until(first_change(message.folder, self.snapshot.folder)))

    @on(messages.RehearsalEnded)
    def rehearsal_ended(self, message: messages.RehearsalEnded) -> None:
        """Something else may be to be rehearsed by now."""
        if self.rehearsing.is_from(message.source):
            self.rehearsing.ended(message.trouble)

    def set_rehearsals(self, rehearsals: Rehearsals) -> None:
        """What rehearsals have told."""
        if rehearsals != self.snapshot.rehearsals:
            self.known = replace(self.snapshot, rehearsals=rehearsals)

    @on(messages.StatusMessage)
    def said(self, message: messages.StatusMessage) -> None:
        """One line until the next key."""
        self.query_one(BottomLine).said = (message.text, message.is_problem)

    @on(BottomLine.Clicked)
    def hint_clicked(self, event: BottomLine.Clicked) -> None:
        """A click on a key is as good as the key."""
        self.action_command(event.command)

    @on(Input.Changed, "#filter")
    def filter_changed(self, event: Input.Changed) -> None:
        """Live."""
        self.migrations.filter = event.value

    @on(FilterLine.Kept)
    def filter_kept(self) -> None:
        """The list has the keys again."""
        self.query_one(FilterRow).display = False
        self.migrations.focus()

    @on(FilterLine.Cleared)
    def clear_filter(self) -> None:
        """All migrations again."""
        self.filter_line.value = ""
        self.migrations.filter = ""
        self.filter_kept()

    @on(FilterLine.Moved)
    def filter_moved(self, message: FilterLine.Moved) -> None:
        """Up and down while the filter is typed."""
        self.migrations.go(message.lines)

    def on_key(self, _: events.Key) -> None:
        """A key that means nothing still puts away what was said."""
        self.hush()

    def on_descendant_focus(self) -> None:
        """Other keys matter now."""
        self._hints()

    def watch_known(self) -> None:
        """The selected migration's state may be another one, and others may be to be rehearsed."""
        self.call_later(self._shown_again)
        self.rehearsing.consider()

    def watch_view(self) -> None:
        """Other keys matter now."""
        self._hints()

    @on(messages.MigrationSelected)
    @on(Preview.TabShown)
    def _shown_again(self) -> None:
        self.shown.show(self.selected)
        self._hints()

    def _hints(self) -> None:
        self.query_one(BottomLine).hints = hints(self.situation())
