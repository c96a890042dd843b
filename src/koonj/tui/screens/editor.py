"""The editor screen: one migration's text, its problems, and whether it is saved."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual import on
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import TextArea

from koonj.humanize import to_the_second
from koonj.migrations.migration import Migration
from koonj.migrations.save import FileGone, FileOnDisk, FileRefused, NotSaved, read, save
from koonj.tui.commands.command import bindings, named
from koonj.tui.commands.editor import EDITING
from koonj.tui.documents.edit_buffer import FileText, NotEditable, SaveState, targets_with
from koonj.tui.documents.editor_analysis import EditorAnalysis, analyze_for_editor
from koonj.tui.documents.file_places import moved, problem_places, unchanged, with_present_lines
from koonj.tui.screens import editor_dialogs as questions
from koonj.tui.screens.editor_dialogs import ChoiceDialog
from koonj.tui.screens.editor_draft import EditorDraft
from koonj.tui.screens.editor_movement import EditorMovement
from koonj.tui.state.file_place import FileLine, FilePlace, PlaceSource, joined
from koonj.tui.state.snapshot import Snapshot
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.editor_header import applied_warning, file_parts
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.problem_list import ProblemList
from koonj.tui.widgets.search_bar import SearchBar
from koonj.tui.widgets.sql_editor import SqlEditor
from koonj.tui.widgets.text_line import TextLine

if TYPE_CHECKING:
    from koonj.migrations.unsaved_text import UnsavedText
    from koonj.tui.toolkit.keyed_app import KeyedApp

PAUSE = 0.25
"""Seconds after the last key before the text is examined again."""
LOOK = 1.5
"""Seconds between two checks of the file on disk."""


class Editor(EditorMovement):
    """Edit one file. The result is whether the user saved it.

    The editor asks before it closes if unsaved changes would be lost.
    """

    BINDINGS = bindings(EDITING)  # type: ignore[assignment] # Textual accepts a list of bindings
    AUTO_FOCUS = "SqlEditor"

    def __init__(
        self,
        migration: Migration,
        file: FileOnDisk,
        snapshot: Callable[[], Snapshot],
        failures: tuple[FilePlace, ...] = (),
        start: FilePlace | FileLine | None = None,
        left: UnsavedText | None = None,
    ) -> None:
        """Create the editor of `migration`, whose file was read as `file`.

        `failures`: what failed with this text. `start`: where the cursor is first. `left`: the unsaved text
        of an earlier editor, to go on with.

        Raises:
            NotEditable: the editor could not save the file unchanged.
        """
        super().__init__()
        self._migration = migration
        self._file = file
        self._opened = FileText.from_bytes(file.raw)
        self._snapshot = snapshot
        self._failures = failures
        self._start = start
        self._disk_state: SaveState | None = None
        self._checked: tuple[FilePlace, ...] = ()
        """Problems of the text, as they were found last."""
        self._asked_about_applied = False
        """Whether the user confirmed to change an applied migration."""
        self._saved = False
        self._writing = asyncio.Lock()
        self._pause: Timer | None = None
        self._left = left
        # Not asked for in the tree: a file can be read or written while the screen is closing.
        self._place, self._listed = TextLine(id="place"), ProblemList()
        self._area = SqlEditor(self._opened.text, self._opened.newline)
        self._draft = EditorDraft(self, migration.path, self._unsaved, self.say, left)

    def compose(self) -> ComposeResult:
        yield self._place
        yield TextLine(id="ran")
        yield self._area
        yield self._listed
        yield SearchBar()
        yield BottomLine()

    def on_mount(self) -> None:
        names = self._ran_on()
        self.query_one("#ran", TextLine).parts = applied_warning(names)
        self.query_one("#ran").display = bool(names)
        key_now = cast("KeyedApp", self.app).key_now
        self.query_one(BottomLine).hints = tuple(Hint(key_now(key), label) for key, label in _HINTS)
        self._failures = with_present_lines(self._failures, self._line)
        self._list_problems()
        if self._start is not None:
            self.text.move_cursor(self.text.clamp_visitable(self._start.position))
        self._show_place()
        self._examine()
        if self._left is not None:
            self._go_on_with(self._left)
        start_task(self, self._watch_file, "file")

    def _go_on_with(self, left: UnsavedText) -> None:
        self.text.load(left.text.decode("utf-8").removeprefix(self._opened.bom), self._opened.newline)
        start_task(self, self._check_file, "left")
        self.say(
            f"This is the unsaved text of {to_the_second(left.at)}. It is not saved yet.", is_problem=False
        )

    def on_unmount(self) -> None:
        """Keep the text if koonj ends while it is unsaved."""
        self._draft.leave()

    @property
    def text(self) -> SqlEditor:
        return self._area

    @property
    def save_state(self) -> SaveState:
        """How the text differs from the file on disk."""
        return SaveState.of(dirty=self.dirty, on_disk=self._disk_state)

    @property
    def dirty(self) -> bool:
        """Whether the text has unsaved changes."""
        return self.text.text != self._opened.text

    def _unsaved(self) -> tuple[bytes, bytes] | None:
        """Return the bytes that were read and those that would be saved; None if nothing is unsaved."""
        text = self._area.text
        return None if text == self._opened.text else (self._file.raw, self._opened.to_bytes(text))

    @property
    def _folder(self) -> Path:
        return Path(self._migration.folder)

    def _line(self, index: int) -> str | None:
        document = self.text.document
        return document.get_line(index) if 0 <= index < document.line_count else None

    def _present_line(self, index: int) -> str | None:
        """Return the text that a line of the text that was examined last has now."""
        row = self.text.looks.row_of(index)
        return None if row is None else self._line(row)

    def _ran_on(self) -> tuple[str, ...]:
        return targets_with(self._snapshot().checks, self._migration.name)

    # Commands

    def action_command(self, name: str) -> None:
        """Run the command of a key."""
        self.clear_message()
        named(EDITING, name).run(self)

    # The text

    @on(TextArea.Changed)
    def changed(self) -> None:
        """Examine the text when the user pauses."""
        self.text.searcher.restart()
        self._draft.changed()
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._examine)
        self._show_place()

    @on(TextArea.SelectionChanged)
    def _show_place(self) -> None:
        row, column = self._area.cursor_location
        line = self._area.document.get_line(row)
        width = self.size.width or self.app.size.width
        self._place.parts = file_parts(
            self._migration.shown_path, self.save_state, row + 1, column + 1, line[column : column + 1], width
        )
        here = self._area.looks.problems_at(row)
        self._listed.current = here[0] if here else None

    def on_resize(self) -> None:
        self._show_place()

    def _examine(self) -> None:
        text = self.text.text
        raw = self._opened.to_bytes(text)
        start_task(
            self, partial(self._read, text, replace(self._migration, raw=raw)), "examine", exclusive=True
        )

    async def _read(self, text: str, migration: Migration) -> None:
        try:
            found = await analyze_for_editor(migration)
        except (OSError, RuntimeError) as error:
            self.say(f"koonj could not check the text: {error}")
            return
        if self.text.text == text:
            self._show_problems(found)

    def _show_problems(self, found: EditorAnalysis) -> None:
        name = self._migration.name
        problems = (*self._snapshot().problems_of(name), *found.problems)
        self._failures = moved(self._failures, self.text.looks.row_of)
        self._checked = problem_places(name, problems)
        self.text.update_analysis(joined((*self._failures, *self._checked)), found.highlighting)
        self._list_problems()

    def _list_problems(self) -> None:
        self._listed.problems = joined((*self._failures, *self._checked))
        self._show_place()

    def take_failures(self, failures: tuple[FilePlace, ...]) -> None:
        """Take the result of a new rehearsal of the file.

        If the text has unsaved changes, its line is not known here.
        """
        new = tuple(place for place in failures if place.source is PlaceSource.REHEARSAL)
        old = tuple(place for place in self._failures if place.source is PlaceSource.REHEARSAL)
        if [place.message for place in new] == [place.message for place in old]:
            return
        if self.dirty:
            new = tuple(replace(place, line=None, column=None) for place in new)
        kept = (place for place in self._failures if place not in old)
        self._failures = (*kept, *with_present_lines(new, self._line))
        self._list_problems()
        self._examine()

    # The file

    async def _watch_file(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            await self._check_file()

    async def _check_file(self) -> None:
        async with self._writing:
            try:
                file = await asyncio.to_thread(read, self._folder, self._migration.name, self._file)
            except FileGone:
                self._set_disk_state(SaveState.DELETED_ON_DISK)
            except (OSError, FileRefused):
                self._set_disk_state(SaveState.CHANGED_ON_DISK)
            else:
                self._handle_file(file)

    def _handle_file(self, file: FileOnDisk) -> None:
        if file is self._file:
            self._set_disk_state(None)
        elif self.dirty:
            self._set_disk_state(SaveState.CHANGED_ON_DISK)
        else:
            self._load(file, "Another program changed the file. koonj reloaded it.")

    def _set_disk_state(self, state: SaveState | None) -> None:
        if state is not self._disk_state:
            self._disk_state = state
            self._show_place()

    def _load(self, file: FileOnDisk, why: str) -> None:
        try:
            opened = FileText.from_bytes(file.raw)
        except NotEditable as error:
            self._set_disk_state(SaveState.CHANGED_ON_DISK)
            self.say(f"Another program changed the file. {error}")
            return
        self._file, self._opened, self._disk_state = file, opened, None
        self.text.load(opened.text, opened.newline)
        self._failures = unchanged(self._failures, self._line)
        self._show_place()
        self._examine()
        self.say(why, is_problem=False)

    def reload(self) -> None:
        """Read the file from disk and discard the changes."""
        start_task(self, self._reload, "save", exclusive=True)

    async def _reload(self) -> None:
        async with self._writing:
            try:
                file = await asyncio.to_thread(read, self._folder, self._migration.name)
            except (NotSaved, OSError, FileRefused) as error:
                self.say(f"The file cannot be read: {_message(error)}")
            else:
                self._load(file, "Reloaded. Your changes were discarded.")

    # Save and close

    def save(self, on_saved: Callable[[], Any] | None = None) -> None:
        """Save the file, after questions if needed; then call `on_saved`."""
        names = self._ran_on()
        if self._disk_state is not None:
            question = questions.disk_question(self._disk_state)
            self.app.push_screen(ChoiceDialog(*question), partial(self._overwrite, on_saved))
        elif not self.dirty:
            self.say("There is nothing to save.", is_problem=False)
        elif names and not self._asked_about_applied:
            question = questions.applied_question(names)
            self.app.push_screen(ChoiceDialog(*question), partial(self._save_anyway, on_saved))
        else:
            start_task(self, partial(self._save, on_saved), "save", exclusive=True)

    def _overwrite(self, on_saved: Callable[[], Any] | None, answer: str | None) -> None:
        if answer == "o":
            start_task(self, partial(self._save, on_saved, overwrite=True), "save", exclusive=True)
        elif answer == "r":
            self.reload()

    def _save_anyway(self, on_saved: Callable[[], Any] | None, answer: str | None) -> None:
        if answer == "s":
            self._asked_about_applied = True
            self.save(on_saved)

    async def _save(self, on_saved: Callable[[], Any] | None, *, overwrite: bool = False) -> None:
        async with self._writing:
            text = self.text.text
            raw = self._opened.to_bytes(text)
            name = self._migration.name
            try:
                await asyncio.to_thread(save, self._folder, name, raw, None if overwrite else self._file.raw)
                self._file = replace(await asyncio.to_thread(read, self._folder, name), raw=raw)
            except NotSaved as error:
                self._set_disk_state(
                    SaveState.DELETED_ON_DISK if isinstance(error, FileGone) else SaveState.CHANGED_ON_DISK
                )
                self.call_next(self.save, on_saved)  # It asks now.
                return
            except (OSError, FileRefused) as error:
                self.say(f"Not saved. {_message(error)}")
                return
            self._opened = replace(self._opened, text=text)
            self._failures = unchanged(self._failures, self._present_line)
            self._examine()
            self._draft.changed()
            self._disk_state, self._saved = None, True
            self._show_place()
            self.say("Saved.", is_problem=False)
        if on_saved is not None:
            on_saved()

    def close(self) -> None:
        """Close the editor; ask first if there are unsaved changes."""
        if self.dirty or self._disk_state is SaveState.DELETED_ON_DISK:
            question = questions.unsaved_question(self._migration.name)
            self.app.push_screen(ChoiceDialog(*question), self._handle_close_answer)
        else:
            self._end()

    @on(SqlEditor.EscapePressed)
    def left(self) -> None:
        """Handle Esc: end the search, or close the editor."""
        if self.text.is_searched:
            self.text.searcher.clear()
        else:
            self.close()

    def _handle_close_answer(self, answer: str | None) -> None:
        if answer == "s":
            self.save(self._end)
        elif answer == "d":
            self._end()

    def _end(self) -> None:
        if self.is_active:
            self._draft.close()
            self.dismiss(self._saved)


_HINTS = (
    ("Ctrl+S", "save"),
    ("Esc", "close"),
    ("F8", "next problem"),
    ("Ctrl+F", "find"),
    ("Ctrl+Z", "undo"),
    ("Ctrl+Y", "redo"),
)


def _message(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
