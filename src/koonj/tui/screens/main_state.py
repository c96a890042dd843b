"""What the main screen knows, and how the messages of the workers change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from textual import on
from textual.reactive import reactive

from koonj.humanize import now
from koonj.migrations.migration import Migration
from koonj.runner.run.events import Event, MigrationFinished
from koonj.runner.run.fleet_events import TargetFinished
from koonj.runner.run.target_event import TargetEvent
from koonj.runner.target.status import TargetStatus
from koonj.tui.commands.command import Situation
from koonj.tui.commands.keymap import Keymap
from koonj.tui.documents.file_places import run_place
from koonj.tui.screens.filtered_list import FilteredList
from koonj.tui.screens.navigator import Navigator
from koonj.tui.screens.preview_text import PreviewText
from koonj.tui.screens.ssh_dialog import SshDialog
from koonj.tui.state import messages
from koonj.tui.state.fleet_events import fold_run
from koonj.tui.state.fleet_run import new_fleet_view
from koonj.tui.state.rehearsals import Rehearsals, first_change
from koonj.tui.state.run import RunView
from koonj.tui.state.run_advice import view_in_keys
from koonj.tui.state.run_events import crashed
from koonj.tui.state.screen_advice import in_keys
from koonj.tui.state.snapshot import Listed, Snapshot
from koonj.tui.widgets.preview import Preview
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.past_runs import PastRuns
from koonj.tui.workers.rehearsals import RehearsalWorker
from koonj.tui.workers.runs import RunControl
from koonj.tui.workers.watcher import Watcher

_LOOK_AGAIN = 0.2
"""Seconds until a target is read again on which the session of the last run was still ending."""
_ENDING = 5.0
"""Seconds after a run in which its session on the server can still be ending."""


class MainState(FilteredList):
    """The part of the main screen that holds its state.

    `Watcher`, `RunControl`, `RehearsalWorker` and `PreviewText` do the slow work, and their messages change
    the state here. `Main` has the panes and the commands.
    """

    known: reactive[Snapshot | None] = reactive(None, init=False, repaint=False)
    view: reactive[RunView | None] = reactive(None, init=False, repaint=False)

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
        self._told: set[str] = set()
        rehearsals = Rehearsals(start_themselves=backend.rehearses)
        known = replace(Snapshot.initial(backend.settings), rehearsals=rehearsals)
        if listed is not None and listed.folder is not None:
            known = known.with_folder(listed.folder, listed)
        self.set_reactive(MainState.known, known)

    @property
    def snapshot(self) -> Snapshot:
        """The known state of folder and targets."""
        assert self.known is not None
        return self.known

    def searched_files(self) -> Sequence[Migration]:
        return self.snapshot.folder.migrations if self.snapshot.folder is not None else ()

    def refresh_all(self) -> None:
        """Read the folder and check all targets."""
        self.watcher.read_folder()
        self.watcher.ask_for_user()
        self.rehearsing.retry()

    # What the screen adds

    def situation(self) -> Situation:
        """Return the facts that decide which commands are available."""
        raise NotImplementedError

    def action_command(self, name: str) -> None:
        """Run the command of a key, or show why it is not available."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Show a problem until the next key."""
        self.post_message(messages.StatusMessage(text, is_problem=True))

    # Messages

    @on(messages.FolderRead)
    def folder_read(self, message: messages.FolderRead) -> None:
        """Show the new folder, and check all targets again."""
        self.rehearsing.folder_changed(self.snapshot.folder, message.folder)
        self.known = self.snapshot.with_folder(message.folder, message.listed)
        self.search_again()
        self.watcher.ask_all_willing()

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

    @on(messages.SshAsked)
    def ssh_asked(self, message: messages.SshAsked) -> None:
        """Ask the user what ssh asks."""

        def answered(given: str | None) -> None:
            if not message.answer.done():
                message.answer.set_result(given)

        self.app.push_screen(SshDialog(message.question), answered)

    @on(messages.SshQuestionOver)
    def ssh_question_over(self, message: messages.SshQuestionOver) -> None:
        """Close the dialog of a question for whose answer nobody waits."""
        dialog = self.app.screen
        if isinstance(dialog, SshDialog) and dialog.question is message.question:
            dialog.dismiss(None)

    @on(messages.TargetAnswered)
    def target_answered(self, message: messages.TargetAnswered) -> None:
        """Show the result of a check of a target."""
        if message.before is None or message.before is self.snapshot.check.status:
            here = None if self.view is None else self.view.on(message.name)
            own = here is not None and here.has_lock
            if ending := self._is_ending(message.status):
                self.set_timer(_LOOK_AGAIN, partial(self._ask_again, message.name))
            # Only one session can hold the koonj lock, so the run in progress there is that of the Run pane.
            status = replace(message.status, running=None) if own or ending else message.status
            if status.hint:
                status = replace(status, hint=in_keys(status.hint, self.keymap.current_key))
            self.known = self.snapshot.with_check(message.name, status, None, message.listed)
            if message.name == self.snapshot.chosen:
                self.target_was_read()
            if status.running is not None:
                self.past_runs.announce()
            for warning in status.warnings:
                self._warn_once(warning)

    def _warn_once(self, warning: str) -> None:
        if warning not in self._told:
            self._told.add(warning)
            self.say(warning)

    @on(messages.DriftFound)
    def drift_found(self, message: messages.DriftFound) -> None:
        """Keep the result of a comparison, for the facts of the target."""
        self.known = self.snapshot.with_drift(message.name, message.drift)

    def target_was_read(self) -> None:
        """Do what waits for the state of the chosen target. The main screen implements this."""

    def _is_ending(self, status: TargetStatus) -> bool:
        """Return whether it was read while the session of the run that has just ended was still there."""
        run = status.running.run if status.running is not None else None
        ended = self.view.ended if self.view is not None else None
        if run is None or ended is None or not self.control.ended_id.startswith(run.id):
            return False
        return now() - ended < _ENDING

    def _ask_again(self, name: str) -> None:
        for check in self.snapshot.checks:
            if check.target.name == name:
                self.watcher.ask(check.target)

    @on(messages.TargetChosen)
    def target_chosen(self, message: messages.TargetChosen) -> None:
        """Show the states of this target."""
        if self.control.running and not message.has_run:
            self.say("A run is in progress. You can choose another target after it has finished.")
        else:
            self.known = self.snapshot.with_chosen(message.name)
            self.watcher.ask(self.snapshot.target)

    @on(messages.RunOpened)
    def run_opened(self, message: messages.RunOpened) -> None:
        """Show the run before its first event; it can fail before that."""
        self.past_runs.forget()
        started = message.started or now()
        if message.targets:
            self.view = new_fleet_view(message.targets, message.direction, started)
        else:
            self.view = RunView(message.target, message.direction, started, settling=message.settling)

    @on(messages.RunReported)
    def run_reported(self, message: messages.RunReported) -> None:
        """Update the run with its new events."""
        if self.view is not None:
            self.view = view_in_keys(fold_run(self.view, message.events), self.keymap.current_key)
            self.navigator.run_changed()
        chosen = self.snapshot.target
        if any(_finishes_migration(event, chosen.name) for event in message.events):
            self.watcher.follow(chosen)
        for event in message.events:
            if isinstance(event, TargetFinished):
                self._ask_again(event.result.target)

    @on(messages.RunFound)
    def run_found(self, message: messages.RunFound) -> None:
        """Show a run that ended before, unless there is a newer one."""
        if not self.control.running and (self.view is None or self.view.closed):
            self.view = view_in_keys(message.view, self.keymap.current_key)

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
            preview, place = self.query_one(Preview), run_place(self.view)
            if place is not None and place.name == self.view.stopped_at and preview.tab.is_text:
                preview.show_place(place)
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
        """Store the state of the rehearsals, with advice in keys."""
        if rehearsals.error or rehearsals.notes:
            key = self.keymap.current_key
            notes = tuple(in_keys(note, key) for note in rehearsals.notes)
            rehearsals = replace(rehearsals, error=in_keys(rehearsals.error, key), notes=notes)
        if rehearsals != self.snapshot.rehearsals:
            self.known = replace(self.snapshot, rehearsals=rehearsals)

    @on(messages.TrustGiven)
    def trust_given(self) -> None:
        """Check the targets again with their passwords, and start to rehearse."""
        self.known = self.snapshot.with_settings(self.backend.settings)
        self.refresh_all()


def _finishes_migration(event: Event, chosen: str) -> bool:
    """Return whether a migration has ended on the chosen target."""
    if isinstance(event, TargetEvent):
        return event.target == chosen and isinstance(event.event, MigrationFinished)
    return isinstance(event, MigrationFinished)
