"""The file of an open editor: read, watched, loaded again, and saved, after questions if needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from koonj.migrations.save import FileGone, FileOnDisk, FileRefused, NotSaved, read, save
from koonj.tui.documents.edit_buffer import FileText, NotEditable, SaveState
from koonj.tui.screens import editor_dialogs as questions
from koonj.tui.screens.editor_dialogs import ChoiceDialog
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.sql_editor import SqlEditor

if TYPE_CHECKING:
    from koonj.migrations.migration import Migration

LOOK = 1.5
"""Seconds between two checks of the file on disk."""


@dataclass(frozen=True, slots=True)
class FileNews:
    """What an editor is told about its file."""

    tell: Callable[[str], None]
    complain: Callable[[str], None]
    state_changed: Callable[[], None]
    loaded: Callable[[], None]
    """The text of the file is in the editor again."""
    saved: Callable[[], None]


class EditorText:
    """The text of an open editor, and what it was when it was read or saved last."""

    disk_state: SaveState | None = None
    """What another program has done to the file; None if nothing."""
    was_saved = False
    """Whether the user has saved the text."""

    def __init__(self, opened: FileText) -> None:
        self.opened = opened
        """The text as it was read or saved last."""
        self.area = SqlEditor(opened.text, opened.newline)

    @property
    def dirty(self) -> bool:
        """Whether the text has unsaved changes."""
        return self.area.text != self.opened.text

    @property
    def save_state(self) -> SaveState:
        """How the text differs from what was read or saved last."""
        raise NotImplementedError

    def unsaved(self) -> tuple[bytes, bytes] | None:
        """Return the bytes that were read and those that would be saved; None if no draft is kept of them."""
        raise NotImplementedError

    async def watch(self) -> None:
        """Check the file on disk again and again, if there is one."""

    async def check(self) -> None:
        """Notice what another program has done to the file, if there is one."""

    def save(self, on_saved: Callable[[], Any] | None = None) -> None:
        """Save the text, after questions if needed; then call `on_saved`."""
        raise NotImplementedError

    async def quiet(self) -> bool:
        """Wait for a save in progress. Return whether it was not refused: it asks then."""
        return True

    def _take(self, text: str) -> None:
        """Remember that this text is saved."""
        self.opened = replace(self.opened, text=text)
        self.disk_state, self.was_saved = None, True


class EditorFile(EditorText):
    """The file, as it was read last, and how the text in the editor differs from it."""

    def __init__(
        self,
        screen: Screen[Any],
        migration: Migration,
        file: FileOnDisk,
        ran_on: Callable[[], tuple[str, ...]],
        news: FileNews,
    ) -> None:
        """`ran_on` returns the targets on which the migration has run.

        Raises:
            NotEditable: the editor could not save the file unchanged.
        """
        super().__init__(FileText.from_bytes(file.raw))
        self._screen = screen
        self._folder, self._name = Path(migration.folder), migration.name
        self._file = file
        self._ran_on = ran_on
        self._news = news
        self._asked_about_applied = False
        """Whether the user confirmed to change an applied migration."""
        self._writing = asyncio.Lock()

    @property
    def save_state(self) -> SaveState:
        """How the text differs from the file on disk."""
        return SaveState.of(dirty=self.dirty, on_disk=self.disk_state)

    def unsaved(self) -> tuple[bytes, bytes] | None:
        """Return the bytes that were read and those that would be saved; None if nothing is unsaved."""
        text = self.area.text
        return None if text == self.opened.text else (self._file.raw, self.opened.to_bytes(text))

    # Watch and load

    async def watch(self) -> None:
        """Check the file on disk again and again."""
        while True:
            await asyncio.sleep(LOOK)
            await self.check()

    async def check(self) -> None:
        """Notice what another program has done to the file."""
        async with self._writing:
            try:
                file = await asyncio.to_thread(read, self._folder, self._name, self._file)
            except FileGone:
                self._set_disk_state(SaveState.DELETED_ON_DISK)
            except (OSError, FileRefused):
                self._set_disk_state(SaveState.CHANGED_ON_DISK)
            else:
                self._handle(file)

    def _handle(self, file: FileOnDisk) -> None:
        if file is self._file:
            self._set_disk_state(None)
        elif self.dirty:
            self._set_disk_state(SaveState.CHANGED_ON_DISK)
        else:
            self._load(file, "Another program changed the file. koonj reloaded it.")

    def _set_disk_state(self, state: SaveState | None) -> None:
        if state is not self.disk_state:
            self.disk_state = state
            self._news.state_changed()

    def _load(self, file: FileOnDisk, why: str) -> None:
        try:
            opened = FileText.from_bytes(file.raw)
        except NotEditable as error:
            self._set_disk_state(SaveState.CHANGED_ON_DISK)
            self._news.complain(f"Another program changed the file. {error}")
            return
        self._file, self.opened, self.disk_state = file, opened, None
        self.area.load(opened.text, opened.newline)
        self._news.loaded()
        self._news.tell(why)

    def _reload(self) -> None:
        start_task(self._screen, self._read_again, "save", exclusive=True)

    async def _read_again(self) -> None:
        async with self._writing:
            try:
                file = await asyncio.to_thread(read, self._folder, self._name)
            except (NotSaved, OSError, FileRefused) as error:
                self._news.complain(f"The file cannot be read: {_message(error)}")
            else:
                self._load(file, "Reloaded. Your changes were discarded.")

    # Save

    def save(self, on_saved: Callable[[], Any] | None = None) -> None:
        """Save the file, after questions if needed; then call `on_saved`."""
        names = self._ran_on()
        if self.disk_state is not None:
            question = questions.disk_question(self.disk_state)
            self._screen.app.push_screen(ChoiceDialog(*question), partial(self._overwrite, on_saved))
        elif not self.dirty:
            self._news.tell("There is nothing to save.")
        elif names and not self._asked_about_applied:
            question = questions.applied_question(names)
            self._screen.app.push_screen(ChoiceDialog(*question), partial(self._save_anyway, on_saved))
        else:
            start_task(self._screen, partial(self._save, on_saved), "save", exclusive=True)

    def _overwrite(self, on_saved: Callable[[], Any] | None, answer: str | None) -> None:
        if answer == "o":
            start_task(self._screen, partial(self._save, on_saved, overwrite=True), "save", exclusive=True)
        elif answer == "r":
            self._reload()

    def _save_anyway(self, on_saved: Callable[[], Any] | None, answer: str | None) -> None:
        if answer == "s":
            self._asked_about_applied = True
            self.save(on_saved)

    async def _save(self, on_saved: Callable[[], Any] | None, *, overwrite: bool = False) -> None:
        async with self._writing:
            text = self.area.text
            raw, before = self.opened.to_bytes(text), None if overwrite else self._file.raw
            try:
                await asyncio.to_thread(save, self._folder, self._name, raw, before)
                self._file = replace(await asyncio.to_thread(read, self._folder, self._name), raw=raw)
            except NotSaved as error:
                is_gone = isinstance(error, FileGone)
                self._set_disk_state(SaveState.DELETED_ON_DISK if is_gone else SaveState.CHANGED_ON_DISK)
                self._screen.call_next(self.save, on_saved)  # It asks now.
                return
            except (OSError, FileRefused) as error:
                self._news.complain(f"Not saved. {_message(error)}")
                return
            self._take(text)
            self._news.saved()
            self._news.tell("Saved.")
        if on_saved is not None:
            on_saved()

    async def quiet(self) -> bool:
        """Wait for a save in progress. Return whether it was not refused: it asks then."""
        before = self.disk_state
        async with self._writing:
            return before is not None or self.disk_state is None


def _message(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
