"""The navigator: opens other screens over the main screen, handles their results.

Help, palettes, editor, dialogs and the drift screen.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from koonj.tui.commands.availability import CommandEntry, command_entries
from koonj.tui.commands.command import Command, Group, Situation
from koonj.tui.commands.dialogs import DIALOGS
from koonj.tui.commands.editor import EDITING
from koonj.tui.commands.forms import FORM, IN_FORM
from koonj.tui.commands.full_screens import MATRIX
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.documents.edit_buffer import targets_with
from koonj.tui.screens.allow_dialog import AllowDialog
from koonj.tui.screens.cancel_dialog import CancelDialog
from koonj.tui.screens.confirm_dialog import ConfirmDialog, changed
from koonj.tui.screens.editing import Editing
from koonj.tui.screens.file_changes import FileChanges
from koonj.tui.screens.help import HelpDialog
from koonj.tui.screens.new_migrations import NewMigrations
from koonj.tui.screens.quit_dialog import LeaveDialog, QuitChoice, QuitDialog
from koonj.tui.screens.settlement import SettlementDialogs
from koonj.tui.screens.unblocking import UnblockDialogs
from koonj.tui.state.file_place import FileLine
from koonj.tui.state.fleet_run import FleetRunView
from koonj.tui.state.messages import (
    DriftFound,
    FleetLeft,
    MigrationsWritten,
    PlaceChosen,
    QuestionAsked,
    RunStopped,
    StatusMessage,
    TargetChosen,
    TrustGiven,
)
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.preview import Preview
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.runs import RunControl
from koonj.tui.workers.watcher import Watcher
from koonj.user_folders import UserFolderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from koonj.tui.state.snapshot import LastDrift


_LATER = (
    "koonj.tui.render.plan_lines",
    "koonj.tui.screens.pattern_palette",
    "koonj.tui.screens.command_palette",
    "koonj.tui.screens.copy_dialog",
    "koonj.tui.screens.editor",
    "koonj.tui.screens.drift",
    "koonj.tui.screens.matrix",
    "koonj.tui.screens.file_confirmation",
    "koonj.tui.screens.target_history",
    "koonj.tui.screens.title_dialog",
    "koonj.tui.screens.settle_dialog",
    "koonj.tui.screens.settle_confirmation",
    "koonj.tui.screens.unblock_dialog",
    "koonj.tui.screens.unblock_confirmation",
)

DIALOG_TASKS = frozenset({"edit", "file", "settle", "unblock"})
"""Groups of the tasks that read something, and then open a dialog or another screen."""


class Navigator:
    """Opens screens and dialogs over the main screen, and handles their results."""

    def __init__(
        self,
        screen: Screen[None],
        backend: Backend,
        control: RunControl,
        watcher: Watcher,
        situation: Callable[[], Situation],
        run_command: Callable[[str], None],
    ) -> None:
        """`screen` is the main screen; `run_command` runs a command like its key."""
        self._screen = screen
        self._backend = backend
        self._control = control
        self._watcher = watcher
        self._situation = situation
        self._run_command = run_command
        self._question: ConfirmDialog | None = None
        self._cancelling: CancelDialog | None = None
        self._new = NewMigrations(
            screen, backend, control, watcher, situation, self._edit_new, self._help_of_form
        )
        self._editing = Editing(screen, watcher, control, situation, self._new.open_offered)
        self._settlement = SettlementDialogs(screen, backend, control, watcher, situation)
        self.files = FileChanges(screen, backend, watcher, situation)
        self._unblocking = UnblockDialogs(screen, backend, control, situation)

    def start(self) -> None:
        """Ask whether the user trusts the folder, and import screens that are not needed at the start."""
        if not self._backend.settings.trust.given:
            self.trust()

        async def import_screens() -> None:
            for module in _LATER:
                await asyncio.to_thread(import_module, module)

        start_task(self._screen, self._editing.offer_left_texts, "left")
        start_task(self._screen, import_screens, "palette")

    def help(self) -> None:
        """Open the help."""
        self._screen.app.push_screen(
            HelpDialog(
                self._entries(dict.fromkeys((*MAIN, *EDITING, *MATRIX, *FORM, *DIALOGS))),
                self._situation().pane,
            )
        )

    def _help_of_form(self) -> None:
        """Open the help about the form of a new migration."""
        now = replace(self._situation(), in_form=True)
        entries = command_entries(IN_FORM, now, now.keymap.display_keys)
        self._screen.app.push_screen(HelpDialog(entries, Group.FORM.heading))

    def command_palette(self) -> None:
        """Open the command palette; run the chosen command like its key."""
        from koonj.tui.screens.command_palette import CommandPaletteDialog  # noqa: PLC0415 - see `start`

        now = self._situation()
        listed = [command for command in MAIN if command.listed]
        listed.sort(key=lambda one: one.only_available and one.refusal(now) is not None)
        self._screen.app.push_screen(
            CommandPaletteDialog(self._entries((*listed, *MATRIX, *DIALOGS))), self._chosen
        )

    def _entries(self, commands: Iterable[Command[Any]]) -> tuple[CommandEntry, ...]:
        now = self._situation()
        return command_entries(commands, now, now.keymap.display_keys)

    def _say(self, text: str) -> None:
        self._screen.post_message(StatusMessage(text, is_problem=True))

    def _chosen(self, name: str | None) -> None:
        if name is not None:
            self._run_command(name)

    def copy(self) -> None:
        """Copy the pane's text to the clipboard unless it is too long, and show it."""
        from koonj.tui.screens.copy_dialog import copy  # noqa: PLC0415 - as above

        number = self._situation().pane
        copyable = next(p for p in self._screen.query(Pane) if number == p.NUMBER).copyable()
        assert copyable is not None
        copy(self._screen.app, copyable)

    def new_migration(self) -> None:
        """Open the pattern palette."""
        self._new.open()

    def _edit_new(self, path: Path) -> None:
        self._editing.edit_new(path)

    def use_pattern(self) -> None:
        """Open the form of the pattern that the current problem of the preview offers."""
        offered = self._screen.query_one(Preview).offered
        if offered is not None:
            ran_on = targets_with(self._situation().snapshot.checks, offered.name)
            self._new.open_offered(replace(offered, ran_on=ran_on))

    def confirm(self, asked: QuestionAsked) -> None:
        """Show the plan and ask for confirmation, unless the run has ended."""
        if not self._control.running:
            return

        def answered(text: str | None) -> None:
            self._question = None
            if dialog.instead is not None:
                self._control.plan_again(partial(changed, instead=dialog.instead))
            asked.answer(text)

        snapshot = self._situation().snapshot
        dsn = snapshot.check.status.dsn if snapshot.check.status else ""
        self._question = dialog = ConfirmDialog(
            asked.plan,
            asked.question,
            dsn,
            self._control.reason_of,
            is_probe=self._control.is_probe,
            refusal=self._control.batch_refusal,
            of_tool=snapshot.folder is not None and snapshot.folder.layout is not None,
        )
        self._screen.app.push_screen(dialog, answered)

    def close_question(self) -> None:
        """Close the question about the run, because it has ended."""
        for dialog in (self._question, self._cancelling):
            if dialog is not None and dialog.is_active:
                dialog.dismiss(None)
        self._question = self._cancelling = None

    def cancel(self, only: str = "") -> None:
        """Say what cancelling the run leaves, and ask; only cancel it if it changes nothing yet.

        `only`: one of several targets, if only its run is meant.
        """
        view = self._situation().run
        if view is None or view.confirmed is None or view.cancelling:
            self._control.cancel()
            return

        def answered(answer: str | None) -> None:
            self._cancelling = None
            if answer is None or not self._control.running:
                return
            if part is None:
                self._control.cancel()
            else:
                self._control.cancel_part(part.result.run_id)

        part = view.one(only) if isinstance(view, FleetRunView) else None
        self._cancelling = CancelDialog(lambda: self._situation().run, "" if part is None else part.name)
        self._screen.app.push_screen(self._cancelling, answered)

    def run_changed(self) -> None:
        """Let the question whether to cancel the run say what that leaves now."""
        if self._cancelling is not None and self._cancelling.is_current:
            self._cancelling.update_words()

    def allow(self, stopped: RunStopped) -> None:
        """Show the conflicts; if the user gives a reason, start the run again.

        If one of them is an interrupted migration, the user decides about that first.
        """
        if stopped.interrupted is not None:
            self._settlement.open(stopped.interrupted)
            return

        target = self._situation().snapshot.target
        dialog = AllowDialog(target, stopped.conflicts, stopped.request.direction)

        def decided(reason: str | None) -> None:
            if reason:
                self._control.restart_allowing(stopped, dialog.reasons)

        self._screen.app.push_screen(dialog, decided)

    def settle(self) -> None:
        """Show what is known of the selected migration, which was interrupted, and let the user decide."""
        row = self._situation().selected
        assert row is not None
        self._settlement.open(row.name)

    def unblock(self) -> None:
        """Show which sessions are in the way of the run, and let the user end one of them."""
        self._unblocking.open()

    def drift(self) -> None:
        """Compare the target's schema with its applied migrations."""
        from koonj.tui.screens.drift import DriftScreen  # noqa: PLC0415 - see `start`

        target = self._situation().snapshot.target

        def found(drift: LastDrift) -> None:
            self._screen.post_message(DriftFound(target.name, drift))

        self._screen.app.push_screen(DriftScreen(self._backend, target, found))

    def all_targets(self) -> None:
        """Show the states of all migrations on all targets, and go to the one that the user chooses."""
        from koonj.tui.screens.matrix import MatrixScreen  # noqa: PLC0415 - see `start`

        def chosen(place: tuple[str, str] | None) -> None:
            if place is not None:
                name, target = place
                self._screen.post_message(TargetChosen(target))
                self._screen.post_message(MigrationsWritten((name,)))

        self._watcher.ask_idle()
        screen = MatrixScreen(
            *(self._screen, "known", lambda: self._situation().snapshot, self._read_all),
            why_not_run=self._why_not_run,
            follow=self._follow_fleet,
        )
        self._screen.app.push_screen(screen, chosen)

    def _follow_fleet(self) -> None:
        self._screen.post_message(FleetLeft())

    def _why_not_run(self) -> str | None:
        """Return why no run can start on several targets; None if it can."""
        now = self._situation()
        if now.running:
            return f"A run is in progress. Wait for it, or press {now.keymap.current_key('c')} to cancel it."
        return now.no_trust

    def target_history(self) -> None:
        """Show the history of the chosen target."""
        from koonj.tui.screens.target_history import HistoryScreen  # noqa: PLC0415 - see `start`

        def chosen(place: FileLine | None) -> None:
            if place is not None:
                self._screen.post_message(PlaceChosen(place))

        snapshot = self._situation().snapshot
        screen = HistoryScreen(self._backend, snapshot.target, snapshot.tool)
        self._screen.app.push_screen(screen, chosen)

    def _read_all(self) -> None:
        self._watcher.read_folder()
        self._watcher.ask_all()

    def trust(self) -> None:
        """Show what koonj would run in this folder, and ask whether the user trusts it."""
        from koonj.tui.screens.trust_dialog import TrustDialog  # noqa: PLC0415 - most users trust their folder already

        def answered(is_trusted: bool | None) -> None:  # noqa: FBT001 - as Textual calls it
            if is_trusted:
                start_task(self._screen, self._trust, "trust")
            else:
                key = self._situation().keymap.current_key("u")
                self._say(f"koonj runs nothing in this folder. To trust it, press {key}.")

        self._screen.app.push_screen(TrustDialog(self._backend.settings.trust), answered)

    async def _trust(self) -> None:
        try:
            await self._backend.trust()
        except UserFolderError as error:
            self._say(f"{error.message} {error.hint}")
        else:
            self._screen.post_message(TrustGiven())

    def edit(self) -> None:
        """Read the selected file and open it in koonj's editor."""
        self._editing.edit()

    def known_changed(self) -> None:
        """Let the editor show the result of a rehearsal that has ended since it was opened."""
        self._editing.known_changed()

    def resumed(self) -> None:
        """Ask what waits until no dialog is open."""
        self._editing.resumed()

    def edit_external(self) -> None:
        """Open the selected file in the user's editor."""
        self._editing.edit_external()

    def quit(self) -> None:
        """Quit koonj; during a run ask whether to leave it running, or to wait for it, or to cancel it."""
        view = self._situation().run
        if not self._control.running or self._control.is_quitting:
            self._screen.app.exit()
        elif self._control.survives and view is not None:
            self._screen.app.push_screen(LeaveDialog(view, self._control.run_id), self._quit)
        else:
            self._screen.app.push_screen(QuitDialog(), self._quit)

    def _quit(self, choice: QuitChoice | None) -> None:
        if choice is None:
            return
        if not self._control.running or choice is QuitChoice.LEAVE:
            self._screen.app.exit()
            return
        self._control.quit_after_run(cancel=choice is QuitChoice.CANCEL)
        q = self._situation().keymap.current_key("q")
        self._say(f"koonj quits when the run has finished. To quit now, press {q}.")
