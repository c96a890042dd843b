"""What comes over the main screen: help, palette, the editor, the question whether to leave."""

from __future__ import annotations

import asyncio
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from koonj.tui import editor
from koonj.tui.beside import start_task
from koonj.tui.commands import MAIN
from koonj.tui.commands.offers import Offer, offers
from koonj.tui.messages import StatusMessage
from koonj.tui.screens.help import HelpDialog
from koonj.tui.screens.leave import Leave, Leaving

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from koonj.migrations.migration import Migration
    from koonj.tui.commands.command import Command
    from koonj.tui.screens.main import Main

_LATER = (
    "koonj.tui.screens.palette",
    "koonj.tui.screens.commands",
    "koonj.tui.screens.copied",
    "koonj.tui.screens.editor",
    "koonj.tui.screens.drift",
)


class Navigator:
    """Opens each, and goes on with what it gave."""

    def __init__(self, screen: Main) -> None:
        self._screen = screen

    def prepare(self) -> None:
        """Import what nobody waits for at the start: the palette brings all patterns' reading."""

        async def prepared() -> None:
            for module in _LATER:
                await asyncio.to_thread(import_module, module)

        start_task(self._screen, prepared, "palette")

    def help(self) -> None:
        """All keys."""
        self._screen.app.push_screen(HelpDialog(self._offers(MAIN), self._screen.pane.NUMBER))

    def commands(self) -> None:
        """The command palette; what was chosen runs here, as if by its key."""
        from koonj.tui.screens.commands import Commands  # noqa: PLC0415 - nobody waits for it at the start

        listed = [command for command in MAIN if command.listed]
        self._screen.app.push_screen(Commands(self._offers(listed)), self._chosen)

    def _offers(self, commands: Sequence[Command]) -> tuple[Offer, ...]:
        return offers(commands, self._screen, self._screen.keymap.shown)

    def _chosen(self, name: str | None) -> None:
        if name is not None:
            self._screen.action_command(name)

    def copy(self) -> None:
        """To the terminal's clipboard, where it is not too long for it; shown in any case."""
        from koonj.tui.copying import clip  # noqa: PLC0415 - as above
        from koonj.tui.screens.copied import Copied  # noqa: PLC0415 - as above

        found = clip(self._screen)
        if found.fits:
            self._screen.app.copy_to_clipboard(found.text)
        self._screen.app.push_screen(Copied(found))

    def palette(self) -> None:
        """A new migration."""
        from koonj.tui.screens.palette import Palette  # noqa: PLC0415 - see `prepare`

        snapshot = self._screen.snapshot
        assert snapshot.folder is not None
        self._screen.app.push_screen(Palette(snapshot.settings, snapshot.folder), self._written)

    def _written(self, paths: tuple[Path, ...] | None) -> None:
        if paths:
            self._screen.clear_filter()
            self._screen.migrations.select(paths[0].name)
            names = ", ".join(path.name for path in paths)
            here, yours = map(self._screen.keymap.now, ("i", "e"))
            said = f"Written: {names}. {here} edits it here, {yours} in your editor."
            self._screen.post_message(StatusMessage(said))
            self._screen.watcher.look()

    def drift(self) -> None:
        """The chosen target against its files."""
        from koonj.tui.screens.drift import DriftScreen  # noqa: PLC0415 - see `prepare`

        self._screen.app.push_screen(DriftScreen(self._screen.engine, self._screen.snapshot.target))

    def edit(self) -> None:
        """The selected file in koonj's editor, as it is now."""
        row = self._screen.selected
        assert row is not None
        assert row.migration is not None
        start_task(self._screen, partial(self._edit, row.migration), "edit", exclusive=True)

    async def _edit(self, migration: Migration) -> None:
        from koonj.migrations.save import FileRefused, NotSaved, read  # noqa: PLC0415 - see `prepare`
        from koonj.tui.editing import NotEditable  # noqa: PLC0415 - as above
        from koonj.tui.screens.editor import Editor  # noqa: PLC0415 - as above

        try:
            file = await asyncio.to_thread(read, migration.path.parent, migration.name)
            screen = Editor(migration, file, lambda: self._screen.snapshot)
        except (NotEditable, NotSaved, FileRefused, OSError) as error:
            self._screen.say(f"{migration.name} is not edited here: {error}")
        else:
            if self._screen.is_current:
                self._screen.app.push_screen(screen, self._edited)

    def _edited(self, saved: bool | None) -> None:  # noqa: FBT001 - as Textual calls it
        self._screen.watcher.look()
        if saved:
            self._screen.post_message(StatusMessage("Saved."))

    def edit_external(self) -> None:
        """The selected file in the person's editor."""
        row = self._screen.selected
        assert row is not None
        assert row.migration is not None
        try:
            editor.edit(self._screen.app, row.migration.path)
        except editor.EditorError as error:
            self._screen.say(str(error))
        self._screen.watcher.look()

    def quit(self) -> None:
        """At once, or as the person decides about the run."""
        if not self._screen.control.running or self._screen.control.leaving:
            self._screen.app.exit()
        else:
            self._screen.app.push_screen(Leave(), self._leave)

    def _leave(self, way: Leaving | None) -> None:
        if way is None:
            return
        if not self._screen.control.running:
            self._screen.app.exit()
        self._screen.control.leave(cancel=way is Leaving.CANCEL)
        q = self._screen.keymap.now("q")
        self._screen.say(f"koonj quits when the run has ended. {q} quits at once.")
