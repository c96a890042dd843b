"""The editor: one migration's text, what is wrong with it, and whether it is saved."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import TextArea

from koonj.migrations.migration import Migration
from koonj.migrations.save import FileGone, FileOnDisk, FileRefused, NotSaved, read, save
from koonj.sql.problem import Problem
from koonj.tui.commands.command import bindings, named
from koonj.tui.commands.editor import EDITING
from koonj.tui.documents.edit_buffer import FileText, NotEditable, SaveState, ran_on
from koonj.tui.documents.editor_analysis import EditorAnalysis, examine
from koonj.tui.screens import editor_dialogs as questions
from koonj.tui.screens.editor_dialogs import Ask
from koonj.tui.state.snapshot import Snapshot
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.editor_header import place_parts, ran_parts
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.problem_list import ProblemList
from koonj.tui.widgets.sql_editor import SqlEditor
from koonj.tui.widgets.text_line import TextLine

PAUSE = 0.25
"""Seconds after the last key, until the text is read again."""
LOOK = 1.5
"""Seconds between two looks at the file."""


class Editor(Screen[bool]):
    """Gives whether it saved. What would be lost is asked for before it is left."""

    BINDINGS = bindings(EDITING)  # type: ignore[assignment] # a list of bindings is what Textual takes
    AUTO_FOCUS = "SqlEditor"

    def __init__(self, migration: Migration, file: FileOnDisk, snapshot: Callable[[], Snapshot]) -> None:
        """`file` is the migration as it was read for this. Raises NotEditable."""
        super().__init__()
        self._migration = migration
        self._file = file
        self._opened = FileText.of(file.raw)
        self._snapshot = snapshot
        self._elsewhere: SaveState | None = None
        self._told = False
        """Was it asked whether a migration that ran is to be changed?"""
        self._saved = False
        self._writing = asyncio.Lock()
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """Where one is, the text, what is wrong, the keys."""
        yield TextLine(id="place")
        yield TextLine(id="ran")
        yield SqlEditor(self._opened.text, self._opened.newline)
        yield ProblemList()
        yield BottomLine()

    def on_mount(self) -> None:
        """Begin to look."""
        names = self._ran_on()
        self.query_one("#ran", TextLine).parts = ran_parts(names)
        self.query_one("#ran").display = bool(names)
        self.query_one(BottomLine).hints = _HINTS
        self._show_place()
        self._examine()
        start_task(self, self._keep_looking, "file")

    @property
    def text(self) -> SqlEditor:
        """The text."""
        return self.query_one(SqlEditor)

    @property
    def standing(self) -> SaveState:
        """How the text stands to the file."""
        return SaveState.of(dirty=self.dirty, elsewhere=self._elsewhere)

    @property
    def dirty(self) -> bool:
        """Was it changed here?"""
        return self.text.text != self._opened.text

    @property
    def _folder(self) -> Path:
        return Path(self._migration.folder)

    def _ran_on(self) -> tuple[str, ...]:
        return ran_on(self._snapshot().checks, self._migration.name)

    # Commands

    def action_command(self, name: str) -> None:
        """Do what a key asks."""
        self.hush()
        named(EDITING, name).run(self)

    def say(self, text: str, *, is_problem: bool = True) -> None:
        """Something that the person should read, until the next key."""
        self.query_one(BottomLine).said = (text, is_problem)

    @on(SqlEditor.Pressed)
    def hush(self) -> None:
        """The bottom line shows the keys again."""
        self.query_one(BottomLine).said = None

    def next_problem(self, step: int) -> None:
        """Put the cursor on the problem after, or before, the one where it is."""
        places = sorted(
            (row, (problem.column or 1) - 1)
            for problem in self.query_one(ProblemList).problems
            if problem.line and (row := self.text.looks.row_of(problem.line - 1)) is not None
        )
        if not places:
            self.say("No problem has a line to go to.", is_problem=False)
            return
        at = self.text.cursor_location
        later = [place for place in places if place > at] if step > 0 else [p for p in places if p < at]
        first, last = (later or places)[0], (later or places)[-1]
        self.text.go_to(*(first if step > 0 else last))

    # The text

    @on(TextArea.Changed)
    def changed(self) -> None:
        """Read it when the person pauses."""
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._examine)
        self._show_place()

    @on(TextArea.SelectionChanged)
    def _show_place(self) -> None:
        row, column = self.text.cursor_location
        line = self.text.document.get_line(row)
        width = self.size.width or self.app.size.width
        self.query_one("#place", TextLine).parts = place_parts(
            self._migration.shown_path, self.standing, row + 1, column + 1, line[column : column + 1], width
        )
        here = self.text.looks.problems_at(row)
        self.query_one(ProblemList).here = here[0] if here else None

    def on_resize(self) -> None:
        """The first line is another one."""
        self._show_place()

    def _examine(self) -> None:
        text = self.text.text
        raw = self._opened.encoded(text)
        start_task(
            self, partial(self._read, text, replace(self._migration, raw=raw)), "examine", exclusive=True
        )

    async def _read(self, text: str, migration: Migration) -> None:
        try:
            found = await examine(migration)
        except (OSError, RuntimeError) as error:
            self.say(f"Its problems are not known: {error}")
            return
        if self.text.text == text:
            self._judge(found)

    def _judge(self, found: EditorAnalysis) -> None:
        of_folder = self._snapshot().problems_of(self._migration.name)
        problems: tuple[Problem, ...] = (*of_folder, *found.problems)
        self.text.read_again(problems, found.colours)
        self.query_one(ProblemList).problems = problems
        self._show_place()

    # The file

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            await self._look()

    async def _look(self) -> None:
        async with self._writing:
            try:
                file = await asyncio.to_thread(read, self._folder, self._migration.name, self._file)
            except FileGone:
                self._differs(SaveState.GONE)
            except (OSError, FileRefused):
                self._differs(SaveState.ON_DISK)
            else:
                self._seen(file)

    def _seen(self, file: FileOnDisk) -> None:
        if file is self._file:
            self._differs(None)
        elif self.dirty:
            self._differs(SaveState.ON_DISK)
        else:
            self._load(file, "Another program wrote the file; this is its text now.")

    def _differs(self, standing: SaveState | None) -> None:
        if standing is not self._elsewhere:
            self._elsewhere = standing
            self._show_place()

    def _load(self, file: FileOnDisk, why: str) -> None:
        try:
            opened = FileText.of(file.raw)
        except NotEditable as error:
            self._differs(SaveState.ON_DISK)
            self.say(f"Another program wrote the file. {error}")
            return
        self._file, self._opened, self._elsewhere = file, opened, None
        self.text.load(opened.text, opened.newline)
        self._show_place()
        self._examine()
        self.say(why, is_problem=False)

    def reload(self) -> None:
        """Take what is on disk."""
        start_task(self, self._reload, "save", exclusive=True)

    async def _reload(self) -> None:
        async with self._writing:
            try:
                file = await asyncio.to_thread(read, self._folder, self._migration.name)
            except (NotSaved, OSError, FileRefused) as error:
                self.say(f"It cannot be read: {_words(error)}")
            else:
                self._load(file, "Read again; what was typed here is gone.")

    # Saving and leaving

    def save(self, then: Callable[[], Any] | None = None) -> None:
        """Write it, after the questions that this raises; `then` is done when it is written."""
        names = self._ran_on()
        if self._elsewhere is not None:
            self.app.push_screen(Ask(*questions.elsewhere(self._elsewhere)), partial(self._overwrite, then))
        elif not self.dirty:
            self.say("There is nothing to save.", is_problem=False)
        elif names and not self._told:
            self.app.push_screen(Ask(*questions.ran(names)), partial(self._save_all_the_same, then))
        else:
            start_task(self, partial(self._save, then), "save", exclusive=True)

    def _overwrite(self, then: Callable[[], Any] | None, answer: str | None) -> None:
        if answer == "o":
            start_task(self, partial(self._save, then, over=True), "save", exclusive=True)
        elif answer == "r":
            self.reload()

    def _save_all_the_same(self, then: Callable[[], Any] | None, answer: str | None) -> None:
        if answer == "s":
            self._told = True
            self.save(then)

    async def _save(self, then: Callable[[], Any] | None, *, over: bool = False) -> None:
        async with self._writing:
            text = self.text.text
            raw = self._opened.encoded(text)
            name = self._migration.name
            try:
                await asyncio.to_thread(save, self._folder, name, raw, None if over else self._file.raw)
                self._file = replace(await asyncio.to_thread(read, self._folder, name), raw=raw)
            except NotSaved as error:
                self._differs(SaveState.GONE if isinstance(error, FileGone) else SaveState.ON_DISK)
                self.call_next(self.save, then)  # which asks now
                return
            except (OSError, FileRefused) as error:
                self.say(f"Not saved: {_words(error)}")
                return
            self._opened = replace(self._opened, text=text)
            self._elsewhere, self._saved = None, True
            self._show_place()
            self.say("Saved.", is_problem=False)
        if then is not None:
            then()

    def close(self) -> None:
        """Leave it; what is not saved is asked for."""
        if self.dirty or self._elsewhere is SaveState.GONE:
            self.app.push_screen(Ask(*questions.unsaved(self._migration.name)), self._leave)
        else:
            self._end()

    @on(SqlEditor.Left)
    def left(self) -> None:
        """Esc."""
        self.close()

    def _leave(self, answer: str | None) -> None:
        if answer == "s":
            self.save(self._end)
        elif answer == "d":
            self._end()

    def _end(self) -> None:
        if self.is_current:
            self.dismiss(self._saved)


_HINTS = tuple(
    Hint(key, label)
    for key, label in (
        ("Ctrl+S", "save"),
        ("Esc", "close"),
        ("F8", "next problem"),
        ("Ctrl+Z", "undo"),
        ("Ctrl+Y", "redo"),
    )
)


def _words(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
