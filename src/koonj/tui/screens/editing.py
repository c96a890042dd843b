"""Opens koonj's editor or the user's own on a migration, and offers unsaved text that an editor has left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from koonj.humanize import to_the_second
from koonj.tui.commands.command import Situation
from koonj.tui.documents.edit_buffer import NotEditable, SaveState
from koonj.tui.screens import external_editor
from koonj.tui.state.messages import MigrationsWritten, StatusMessage
from koonj.tui.state.offered_pattern import OfferedPattern
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.preview import Preview
from koonj.tui.workers.runs import RunControl
from koonj.tui.workers.watcher import Watcher

if TYPE_CHECKING:
    from koonj.migrations.migration import Migration
    from koonj.migrations.save import FileOnDisk
    from koonj.migrations.unsaved_text import UnsavedText
    from koonj.tui.screens.editor import Editor
    from koonj.tui.state.snapshot import Snapshot


UsePattern = Callable[[OfferedPattern, Callable[[str], None]], None]


class Editing:
    """Opens editors over the main screen."""

    def __init__(
        self,
        screen: Screen[None],
        watcher: Watcher,
        control: RunControl,
        situation: Callable[[], Situation],
        use_pattern: UsePattern,
    ) -> None:
        """`screen` is the main screen; `use_pattern` opens the form of the pattern that a problem offers."""
        self._screen = screen
        self._watcher = watcher
        self._control = control
        self._situation = situation
        self._use_pattern = use_pattern
        self._editor: Editor | None = None
        self._waiting: list[UnsavedText] = []
        """Unsaved texts that are still to be offered."""

    def _snapshot(self) -> Snapshot:
        return self._situation().snapshot

    def _say(self, text: str) -> None:
        self._screen.post_message(StatusMessage(text, is_problem=True))

    def edit(self) -> None:
        """Read the selected file and open it in koonj's editor."""
        row = self._situation().selected
        assert row is not None
        assert row.migration is not None
        start_task(self._screen, partial(self._edit, row.migration), "edit", exclusive=True)

    def edit_new(self, path: Path) -> None:
        """Open a file in koonj's editor that koonj has just written, and that is not in the list yet."""
        start_task(self._screen, partial(self._edit_new, path), "edit", exclusive=True)

    async def _edit_new(self, path: Path) -> None:
        try:
            raw = await asyncio.to_thread(path.read_bytes)
        except OSError as error:
            self._say(f"koonj cannot edit {path.name}: {error.strerror}")
            return
        await self._open(self._migration_of(path.parent, path.name, raw))

    async def _edit(self, migration: Migration) -> None:
        left = await self._left_texts(migration.path.parent, migration.name)
        if left:
            await self._offer(migration.path.parent, left[0], partial(self._open, migration))
        else:
            await self._open(migration)

    async def _open(self, migration: Migration, left: UnsavedText | None = None) -> None:
        """Open the editor with the file; with the text of `left` instead, if there is one."""
        from koonj.migrations.save import FileRefused, NotSaved, read  # noqa: PLC0415 - not needed at the start
        from koonj.tui.screens.editor import Editor  # noqa: PLC0415 - as above

        try:
            if left is None:
                file = await asyncio.to_thread(read, migration.path.parent, migration.name)
            else:
                file = await asyncio.to_thread(_file_of, migration.path.parent, left)
            preview, row = self._screen.query_one(Preview), self._situation().selected
            is_shown = row is not None and row.name == migration.name
            failures, start = (preview.failures, preview.first_place) if is_shown else ((), None)
            screen = Editor(migration, file, self._snapshot, self._use_pattern, failures, start, left)
        except NotEditable as error:
            key = self._situation().keymap.current_key("e")
            other = f"Press {key} to open it in your own editor."
            self._say(f"koonj cannot edit {migration.name}: {error} {other}")
        except (NotSaved, FileRefused, OSError) as error:
            self._say(f"koonj cannot edit {migration.name}: {error}")
        else:
            if self._screen.is_active:
                self._editor = screen
                self._screen.app.push_screen(screen, self._edited)

    def known_changed(self) -> None:
        """Let the editor show the result of a rehearsal that has ended since it was opened."""
        if self._editor is not None and self._editor.is_current:
            self._editor.take_failures(self._screen.query_one(Preview).failures)

    def _edited(self, saved: bool | None) -> None:  # noqa: FBT001 - as Textual calls it
        self._editor = None
        self._watcher.read_folder()
        if saved:
            self._screen.post_message(StatusMessage("Saved."))

    def edit_external(self) -> None:
        """Open the selected file in the user's editor."""
        row = self._situation().selected
        assert row is not None
        assert row.migration is not None
        try:
            place = self._screen.query_one(Preview).first_place
            position = (place.line, place.column) if place is not None else (None, None)
            external_editor.edit(self._screen.app, row.migration.path, *position)
        except external_editor.EditorError as error:
            self._say(str(error))
        self._watcher.read_folder()

    # Text that an editor has left

    async def offer_left_texts(self) -> None:
        """Offer each unsaved text of this folder that an editor has left, when the main screen is free."""
        self._waiting = await self._left_texts(self._folder)
        self.resumed()

    def resumed(self) -> None:
        """Offer the next unsaved text, if there is one and the main screen is free for a question."""
        if not any(worker.group == "edit" and not worker.is_finished for worker in self._screen.workers):
            start_task(self._screen, self._offer_next, "edit", exclusive=True)

    async def _offer_next(self) -> None:
        if self._waiting and self._screen.is_active and not self._control.running:
            left, *self._waiting = self._waiting
            await self._offer(self._folder, left)

    @property
    def _folder(self) -> Path:
        return self._situation().snapshot.settings.migrations

    async def _left_texts(self, folder: Path, name: str | None = None) -> list[UnsavedText]:
        from koonj.migrations.unsaved_text import left_texts  # noqa: PLC0415 - not needed for the first paint

        found = await asyncio.to_thread(left_texts, folder)
        return [left for left in found if name in (None, left.name)]

    async def _offer(
        self, folder: Path, left: UnsavedText, instead: Callable[[], Coroutine[Any, Any, None]] | None = None
    ) -> None:
        """Ask what to do with an unsaved text; `instead`: what follows if the user discards it."""
        from koonj.migrations.unsaved_text import discard  # noqa: PLC0415 - as above
        from koonj.tui.screens.editor_dialogs import ChoiceDialog, left_question  # noqa: PLC0415 - as above

        state = await asyncio.to_thread(_state_since, folder, left)
        if not self._screen.is_active:
            self._waiting += [left] if instead is None else []
            return

        async def act(answer: str) -> None:
            if answer == "e":
                self._screen.post_message(MigrationsWritten((left.name,)))
                await self._open(self._migration_of(folder, left.name, left.base), left)
                return
            try:
                await asyncio.to_thread(discard, left)
            except OSError as error:
                self._say(f"The unsaved text cannot be deleted: {error.strerror}. It is in {left.draft}")
                return
            await (instead or self._offer_next)()

        def answered(answer: str | None) -> None:
            if answer is not None:
                start_task(self._screen, partial(act, answer), "edit", exclusive=True)

        question = left_question(left.name, to_the_second(left.at), state)
        self._screen.app.push_screen(ChoiceDialog(*question), answered)

    def _migration_of(self, folder: Path, name: str, raw: bytes) -> Migration:
        """Return the migration with that name; made from `raw` if it is not in the list."""
        from koonj.migrations.migration import Migration  # noqa: PLC0415 - as above
        from koonj.migrations.names import number_of  # noqa: PLC0415 - as above
        from koonj.sql.file_hash import file_hash  # noqa: PLC0415 - as above

        snapshot = self._situation().snapshot
        row = snapshot.row(name)
        if row is not None and row.migration is not None:
            return row.migration
        shown = (snapshot.folder.shown_path if snapshot.folder else "") or str(folder)
        return Migration(number_of(name), name, str(folder), shown, raw, file_hash(raw))


def _file_of(folder: Path, left: UnsavedText) -> FileOnDisk:
    """Return the file on which an unsaved text is based: as it is, or as it was.

    If it has changed, the editor notices that as any change of another program, and asks before it saves.

    Raises: FileRefused; OSError.
    """
    from koonj.migrations.save import FileGone, FileOnDisk, read  # noqa: PLC0415 - as above

    try:
        file = read(folder, left.name)
    except FileGone:
        return FileOnDisk(left.base, (0, 0, 0, 0, 0), 0)
    return file if file.raw == left.base else FileOnDisk(left.base, (0, 0, 0, 0, 0), 0)


def _state_since(folder: Path, left: UnsavedText) -> SaveState | None:
    """Return what has happened to the file since the text was kept; None if it is the same."""
    from koonj.migrations.save import FileGone, FileRefused, read  # noqa: PLC0415 - as above

    try:
        same = read(folder, left.name).raw == left.base
    except FileGone:
        return SaveState.DELETED_ON_DISK
    except (OSError, FileRefused):
        return SaveState.CHANGED_ON_DISK
    return None if same else SaveState.CHANGED_ON_DISK
