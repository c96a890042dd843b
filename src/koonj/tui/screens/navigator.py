"""What comes over the main screen: help, palette, the editor, the question whether to leave."""

from __future__ import annotations

import asyncio
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from koonj.tui.commands import MAIN
from koonj.tui.commands.availability import Offer, offers
from koonj.tui.commands.command import Command, Situation
from koonj.tui.screens import external_editor
from koonj.tui.screens.allow_dialog import Allow
from koonj.tui.screens.confirm_dialog import Confirm
from koonj.tui.screens.help import HelpDialog
from koonj.tui.screens.quit_dialog import Leave, Leaving
from koonj.tui.state.messages import MigrationsWritten, QuestionAsked, RunStopped, StatusMessage
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.pane import Pane
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.runs import RunControl
from koonj.tui.workers.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from koonj.migrations.migration import Migration

_LATER = (
    "koonj.tui.screens.pattern_palette",
    "koonj.tui.screens.command_palette",
    "koonj.tui.screens.copy_dialog",
    "koonj.tui.screens.editor",
    "koonj.tui.screens.drift",
)


class Navigator:
    """Opens each, and goes on with what it gave."""

    def __init__(
        self,
        screen: Screen[None],
        engine: Backend,
        control: RunControl,
        watcher: Watcher,
        situation: Callable[[], Situation],
        do: Callable[[str], None],
    ) -> None:
        """`screen` is covered, and gets the messages; `do` does what a command's key would."""
        self._screen = screen
        self._engine = engine
        self._control = control
        self._watcher = watcher
        self._situation = situation
        self._do = do
        self._question: Confirm | None = None

    def prepare(self) -> None:
        """Import what nobody waits for at the start: the palette brings all patterns' reading."""

        async def prepared() -> None:
            for module in _LATER:
                await asyncio.to_thread(import_module, module)

        start_task(self._screen, prepared, "palette")

    def help(self) -> None:
        """All keys."""
        self._screen.app.push_screen(HelpDialog(self._offers(MAIN), self._situation().pane))

    def commands(self) -> None:
        """The command palette; what was chosen runs here, as if by its key."""
        from koonj.tui.screens.command_palette import Commands  # noqa: PLC0415 - nobody waits for it at the start

        listed = [command for command in MAIN if command.listed]
        self._screen.app.push_screen(Commands(self._offers(listed)), self._chosen)

    def _offers(self, commands: Sequence[Command[Any]]) -> tuple[Offer, ...]:
        now = self._situation()
        return offers(commands, now, now.keymap.shown)

    def _say(self, text: str) -> None:
        self._screen.post_message(StatusMessage(text, is_problem=True))

    def _chosen(self, name: str | None) -> None:
        if name is not None:
            self._do(name)

    def copy(self) -> None:
        """To the terminal's clipboard, where it is not too long for it; shown in any case."""
        from koonj.tui.commands.clipboard import clip  # noqa: PLC0415 - as above
        from koonj.tui.screens.copy_dialog import Copied  # noqa: PLC0415 - as above

        number = self._situation().pane
        copyable = next(p for p in self._screen.query(Pane) if number == p.NUMBER).copyable()
        assert copyable is not None
        found = clip(copyable)
        if found.fits:
            self._screen.app.copy_to_clipboard(found.text)
        self._screen.app.push_screen(Copied(found))

    def palette(self) -> None:
        """A new migration."""
        from koonj.tui.screens.pattern_palette import Palette  # noqa: PLC0415 - see `prepare`

        snapshot = self._situation().snapshot
        assert snapshot.folder is not None
        self._screen.app.push_screen(Palette(snapshot.settings, snapshot.folder), self._written)

    def _written(self, paths: tuple[Path, ...] | None) -> None:
        if paths:
            names = tuple(path.name for path in paths)
            here, yours = map(self._situation().keymap.now, ("i", "e"))
            said = f"Written: {', '.join(names)}. {here} edits it here, {yours} in your editor."
            self._screen.post_message(MigrationsWritten(names))
            self._screen.post_message(StatusMessage(said))
            self._watcher.look()

    def confirm(self, asked: QuestionAsked) -> None:
        """The run's plan, and whether it may go on; nothing where it has ended meanwhile."""
        if not self._control.running:
            return

        def answered(text: str | None) -> None:
            self._question = None
            asked.answer(text)

        status = self._situation().snapshot.check.status
        self._question = Confirm(asked.plan, asked.question, asked.target, status.dsn if status else "")
        self._screen.app.push_screen(self._question, answered)

    def question_over(self) -> None:
        """The run has ended, and waits for no answer any more."""
        if self._question is not None and self._question.is_current:
            self._question.dismiss(None)
        self._question = None

    def allow(self, stopped: RunStopped) -> None:
        """What stops the run, and a reason to go on."""

        def decided(reason: str | None) -> None:
            if reason:
                self._control.go_on(stopped, reason)

        self._screen.app.push_screen(Allow(stopped.conflicts, stopped.request.direction), decided)

    def drift(self) -> None:
        """The chosen target against its files."""
        from koonj.tui.screens.drift import DriftScreen  # noqa: PLC0415 - see `prepare`

        self._screen.app.push_screen(DriftScreen(self._engine, self._situation().snapshot.target))

    def edit(self) -> None:
        """The selected file in koonj's editor, as it is now."""
        row = self._situation().selected
        assert row is not None
        assert row.migration is not None
        start_task(self._screen, partial(self._edit, row.migration), "edit", exclusive=True)

    async def _edit(self, migration: Migration) -> None:
        from koonj.migrations.save import FileRefused, NotSaved, read  # noqa: PLC0415 - see `prepare`
        from koonj.tui.documents.edit_buffer import NotEditable  # noqa: PLC0415 - as above
        from koonj.tui.screens.editor import Editor  # noqa: PLC0415 - as above

        try:
            file = await asyncio.to_thread(read, migration.path.parent, migration.name)
            screen = Editor(migration, file, lambda: self._situation().snapshot)
        except (NotEditable, NotSaved, FileRefused, OSError) as error:
            self._say(f"{migration.name} is not edited here: {error}")
        else:
            if self._screen.is_current:
                self._screen.app.push_screen(screen, self._edited)

    def _edited(self, saved: bool | None) -> None:  # noqa: FBT001 - as Textual calls it
        self._watcher.look()
        if saved:
            self._screen.post_message(StatusMessage("Saved."))

    def edit_external(self) -> None:
        """The selected file in the person's editor."""
        row = self._situation().selected
        assert row is not None
        assert row.migration is not None
        try:
            external_editor.edit(self._screen.app, row.migration.path)
        except external_editor.EditorError as error:
            self._say(str(error))
        self._watcher.look()

    def quit(self) -> None:
        """At once, or as the person decides about the run."""
        if not self._control.running or self._control.leaving:
            self._screen.app.exit()
        else:
            self._screen.app.push_screen(Leave(), self._leave)

    def _leave(self, way: Leaving | None) -> None:
        if way is None:
            return
        if not self._control.running:
            self._screen.app.exit()
        self._control.leave(cancel=way is Leaving.CANCEL)
        q = self._situation().keymap.now("q")
        self._say(f"koonj quits when the run has ended. {q} quits at once.")
