"""The editor screen: one migration's text, its problems, and whether it is saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from textual import on
from textual.app import ComposeResult
from textual.widgets import TextArea

from koonj.humanize import to_the_second
from koonj.migrations.migration import Migration
from koonj.tui.commands.command import bindings, named
from koonj.tui.commands.editor import EDITING
from koonj.tui.documents.edit_buffer import SaveState, targets_with
from koonj.tui.screens import editor_dialogs as questions
from koonj.tui.screens.editor_dialogs import ChoiceDialog
from koonj.tui.screens.editor_draft import EditorDraft
from koonj.tui.screens.editor_file import EditorFile, EditorText, FileNews
from koonj.tui.screens.editor_movement import EditorMovement
from koonj.tui.screens.editor_problems import EditorProblems
from koonj.tui.state.file_place import FileLine, FilePlace
from koonj.tui.state.offered_pattern import OfferedPattern
from koonj.tui.state.snapshot import Snapshot
from koonj.tui.theme import DIM
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.editor_header import EditorPlace, EditorTitle, applied_warning
from koonj.tui.widgets.footer import BottomLine
from koonj.tui.widgets.pane_layout import has_frames
from koonj.tui.widgets.place_line import PlaceLine
from koonj.tui.widgets.search_bar import SearchBar
from koonj.tui.widgets.sql_editor import SqlEditor
from koonj.tui.widgets.text_line import TextLine
from koonj.tui.workers.check_findings import findings

if TYPE_CHECKING:
    from koonj.migrations.save import FileOnDisk
    from koonj.migrations.unsaved_text import UnsavedText
    from koonj.sql.problem import Problem
    from koonj.tui.toolkit.keyed_app import KeyedApp


class Editor(EditorMovement):
    """Edit one file. The result is whether the user saved it.

    The editor asks before it closes if unsaved changes would be lost.
    """

    BINDINGS = bindings(EDITING)  # type: ignore[assignment] # Textual accepts a list of bindings
    AUTO_FOCUS = "SqlEditor"

    def __init__(
        self,
        migration: Migration,
        file: FileOnDisk | None,
        snapshot: Callable[[], Snapshot],
        use_pattern: Callable[[OfferedPattern, Callable[[str], None]], None],
        failures: tuple[FilePlace, ...] = (),
        start: FilePlace | FileLine | None = None,
        left: UnsavedText | None = None,
    ) -> None:
        """Create the editor of `migration`, whose file was read as `file`; None if there is no file.

        `use_pattern`: opens the form of the pattern that a problem offers, and tells what is still to do.
        `failures`: what failed with this text. `start`: where the cursor is first. `left`: the unsaved text
        of an earlier editor, to go on with.

        Raises:
            NotEditable: the editor could not save the file unchanged.
        """
        super().__init__()
        self._migration = migration
        self._snapshot = snapshot
        self._use_pattern = use_pattern
        self._start = start
        self._left = left
        news = FileNews(self._tell, self.say, self._show_place, self._loaded, self._kept)
        # Not asked for in the tree: a file can be read or written while the screen is closing.
        self._file = self._open_text(migration, file, news)
        self._heading = EditorTitle(self._file.area)
        self._problems = EditorProblems(
            self,
            self._file.area,
            self._present,
            self._known_problems,
            self._findings,
            self.say,
            failures,
        )
        self._draft = EditorDraft(self, migration.path, self._file.unsaved, self.say, left)

    def _open_text(self, migration: Migration, file: FileOnDisk | None, news: FileNews) -> EditorText:
        assert file is not None
        return EditorFile(self, migration, file, self._ran_on, news)

    def compose(self) -> ComposeResult:
        yield PlaceLine("Editor")
        yield self._heading
        yield TextLine(id="ran")
        yield self._file.area
        yield self._problems.listed
        yield SearchBar()
        yield BottomLine()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw_frames())
        folder = self._migration.shown_path.rpartition("/")[0]
        self.query_one(PlaceLine).details = ((folder, DIM),)
        names = self._ran_on()
        self.query_one("#ran", TextLine).parts = applied_warning(names)
        self.query_one("#ran").display = bool(names)
        self.search_hints()
        if self._start is not None:
            self.text.move_cursor(self.text.clamp_visitable(self._start.position))
        self._draw_frames()
        self.watch(self._problems.listed, "current", self.search_hints)
        self._problems.start()
        if self._left is not None:
            self._go_on_with(self._left)
        start_task(self, self._file.watch, "file")

    def _go_on_with(self, left: UnsavedText) -> None:
        opened = self._file.opened
        self.text.load(left.text.decode("utf-8").removeprefix(opened.bom), opened.newline)
        start_task(self, self._file.check, "left")
        self.say(
            f"This is the unsaved text of {to_the_second(left.at)}. It is not saved yet.", is_problem=False
        )

    def on_unmount(self) -> None:
        """Keep the text if koonj ends while it is unsaved."""
        self._draft.leave()

    @property
    def text(self) -> SqlEditor:
        return self._file.area

    @property
    def save_state(self) -> SaveState:
        """How the text differs from the file on disk."""
        return self._file.save_state

    @property
    def dirty(self) -> bool:
        """Whether the text has unsaved changes."""
        return self._file.dirty

    def _present(self) -> Migration:
        """Return the migration with the text as it is now."""
        return replace(self._migration, raw=self._file.opened.to_bytes(self.text.text))

    def _known_problems(self) -> tuple[Problem, ...]:
        """Return the problems that are not in the text."""
        return self._snapshot().problems_of(self._migration.name)

    async def _findings(self, present: Migration) -> tuple[Problem, ...]:
        """Return what the safety rules say about the text as it is now."""
        return await findings(present, self._snapshot())

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
        self._problems.changed()
        self._show_place()

    @on(TextArea.SelectionChanged)
    def _show_place(self) -> None:
        row, column = self.text.cursor_location
        line = self.text.document.get_line(row)
        is_framed = not self._heading.display
        path = self._migration.name if is_framed else self._migration.shown_path
        self._heading.place = EditorPlace(
            path, self.save_state, row + 1, column + 1, line[column : column + 1]
        )
        self._problems.mark(row)

    def on_resize(self) -> None:
        self._draw_frames()

    def _draw_frames(self) -> None:
        """Put borders around text and problems as the panes of the main screen have them, or remove them."""
        fills = cast("KeyedApp", self.app).has_fills
        framed = fills and has_frames(*self.app.size)
        self.query_one(PlaceLine).display = framed
        self._heading.frame(framed=framed)
        self._problems.listed.framed = framed
        self.text.fill(fills=fills)
        self._show_place()

    def on_descendant_focus(self) -> None:
        self._heading.show_focus()

    def on_descendant_blur(self) -> None:
        self._heading.show_focus()

    def take_failures(self, failures: tuple[FilePlace, ...]) -> None:
        """Take the result of a new rehearsal of the file."""
        self._problems.take(failures, dirty=self.dirty)

    def use_pattern(self) -> None:
        """Open the form of the pattern that the problem at the cursor offers."""
        place = self.offering
        if place is not None and place.pattern is not None:
            ran_on = self._ran_on()
            self._use_pattern(
                OfferedPattern(place.pattern, self._migration.name, place.line, ran_on=ran_on),
                self._tell,
            )
        else:
            row = self.text.cursor_location[0]
            is_here = bool(self.text.looks.problems_at(row))
            none = "No pattern is the answer to the problem at the cursor."
            self.say(none if is_here else "The line of the cursor has no problem.", is_problem=False)

    # The file

    def _tell(self, text: str) -> None:
        self.say(text, is_problem=False)

    def _loaded(self) -> None:
        self._show_place()
        self._problems.loaded()

    def _kept(self) -> None:
        """Handle that the text is saved."""
        self._problems.saved()
        self._draft.changed()
        self._show_place()

    def save(self, on_saved: Callable[[], Any] | None = None) -> None:
        """Save the file, after questions if needed; then call `on_saved`."""
        self._file.save(on_saved)

    def close(self) -> None:
        """Close the editor; ask first if there are unsaved changes."""
        if self.dirty or self._file.disk_state is SaveState.DELETED_ON_DISK:
            self.app.push_screen(ChoiceDialog(*self._close_question()), self._handle_close_answer)
        else:
            self._end()

    def _close_question(self) -> questions.Question:
        return questions.unsaved_question(self._migration.name)

    def next_file(self, step: int) -> None:
        """Say that no file follows: only the files of a form follow each other."""
        key = cast("KeyedApp", self.app).key_now("F5")
        self._tell(f"This file is on disk. {key} is for the files of a form that are not written yet.")

    @on(SqlEditor.EscapePressed)
    async def left(self) -> None:
        """Handle Esc: end the search, or close the editor. The next key waits for a save in progress too."""
        if self.text.is_searched:
            self.text.searcher.clear()
        elif await self._file.quiet():
            self.close()

    def _handle_close_answer(self, answer: str | None) -> None:
        if answer == "s":
            self.save(self._end)
        elif answer == "d":
            self._end()

    def _end(self) -> None:
        if self.is_active:
            self._draft.close()
            self.dismiss(self._file.was_saved)
