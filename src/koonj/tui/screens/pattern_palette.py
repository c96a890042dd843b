"""The pattern palette: choose a pattern, fill in its fields, and write the file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Input

from koonj.config import Settings
from koonj.migrations.names import digits_of
from koonj.migrations.new import SlugError, create, next_number
from koonj.patterns.pattern import load
from koonj.tui.commands.application import HELP
from koonj.tui.commands.command import bindings, named
from koonj.tui.commands.forms import (
    COMPLETE_NAME,
    EDIT_FILES,
    FILTER_PATTERNS,
    NEXT_NAME,
    PREVIOUS_NAME,
    TAKE_PATTERN_TEXT,
)
from koonj.tui.commands.navigation import (
    MOVING,
    OVERLAY,
    ScrollLeft,
    ScrollRight,
)
from koonj.tui.documents.draft_listing import DraftListing
from koonj.tui.documents.drafts import (
    BlankSource,
    DraftSource,
    PatternSource,
    file_names,
)
from koonj.tui.documents.sql_text import SqlText
from koonj.tui.screens.editor_dialogs import ChoiceDialog, unwritten_question
from koonj.tui.screens.pattern_keys import FILTER_HINTS, form_hints, list_hints
from koonj.tui.screens.unwritten_files import Places, UnwrittenFiles
from koonj.tui.state.offered_pattern import OfferedPattern
from koonj.tui.state.snapshot import Snapshot
from koonj.tui.theme import DIM, RAISED, STRONG
from koonj.tui.toolkit.key_names import display_key, is_text
from koonj.tui.toolkit.key_presses import CANCEL_KEYS
from koonj.tui.toolkit.keyed_app import HasKeys, KeyedApp
from koonj.tui.toolkit.strips import Part, fit
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.footer import BottomLine
from koonj.tui.widgets.form_field import FieldKeys, FieldRow
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.pane_layout import has_frames
from koonj.tui.widgets.pattern_form import TALL, PatternForm
from koonj.tui.widgets.pattern_list import PatternList
from koonj.tui.widgets.search_input import SearchRow
from koonj.tui.widgets.sql_pane import SqlPreview
from koonj.tui.widgets.submit_line import WriteLine
from koonj.tui.widgets.text_line import TextLine
from koonj.tui.widgets.unwritten_marks import listing_marks
from koonj.tui.workers.catalog_names import FormNames

Reading = Callable[[FormNames], Awaitable[FormNames]]

_WIDTH = 3
"""Digits of a number if the folder is empty."""
_HIGH = 45
"""Lines of a screen with room for more patterns."""


class PatternPalette(Screen[tuple[Path, ...] | None]):
    """Create migrations from a pattern. The result is the new paths, or None."""

    BINDINGS = bindings(OVERLAY)  # type: ignore[assignment] # Textual accepts a list of bindings
    AUTO_FOCUS = "PatternList"

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        names: FormNames,
        reading: Reading | None,
        show_help: Callable[[], None],
        offered: OfferedPattern | None = None,
    ) -> None:
        """`snapshot` returns what is known of the folder, which has been read.

        `reading` reads the names for the form; None if koonj reads nothing on the target.

        `show_help`: opens the help over it. `offered`: the pattern whose form is opened at once, filled in
        for a finding.
        """
        super().__init__()
        self._snapshot = snapshot
        folder = snapshot().folder
        assert folder is not None
        self._reading = reading
        self._show_help = show_help
        self._offered = offered
        self._is_opened = offered is None
        self._number = next_number(folder)
        self._digits = max((digits_of(m.name) for m in folder.migrations), default=_WIDTH)
        self.form = PatternForm(names, reads=reading is not None)
        self.files = UnwrittenFiles(self, self.form, snapshot, self._say, self._show_places)
        """The files that the form would write."""
        self.written_later = ""
        """Title of the pattern for the step that must wait after what was written; empty if there is none."""

    def compose(self) -> ComposeResult:
        yield TextLine(id="top")
        with Horizontal(id="upper"):
            with Vertical(id="patterns"):
                yield PatternList()
                yield SearchRow("/", "title, key or words")
            yield self.form
        yield SqlPreview()
        yield BottomLine()

    def on_mount(self) -> None:
        self.query_one(SearchRow).display = False
        keys_of = cast("KeyedApp", self.app).keys_of
        moving = (move for move in MOVING if not isinstance(move, (ScrollLeft, ScrollRight)))
        listed = self.query_one(PatternList)
        listed.moving = frozenset(key for move in moving for key in keys_of(move)) | set(keys_of(HELP))
        listed.filtering = frozenset(keys_of(FILTER_PATTERNS))
        self.form.keys = FieldKeys(
            *(frozenset(keys_of(one)) for one in (COMPLETE_NAME, NEXT_NAME, PREVIOUS_NAME))
        )
        start_task(self, self._load, "patterns")
        if self._reading is not None:
            start_task(self, self._read_names, "names")

    @property
    def _settings(self) -> Settings:
        return self._snapshot().settings

    async def _read_names(self) -> None:
        assert self._reading is not None
        names = await self._reading(self.form.names)
        if self.is_active:
            self.form.take_names(names)

    async def _load(self) -> None:
        patterns, problems = await asyncio.to_thread(load, self._settings.patterns)
        if not self.is_active:
            return  # The user closed the palette in the meantime.
        listed = self.query_one(PatternList)
        listed.sources = (*map(PatternSource, patterns), BlankSource())
        if self._offered is not None:
            keys = [source.key for source in listed.found]
            if self._offered.offer.key in keys:
                listed.cursor = keys.index(self._offered.offer.key)
            else:
                self._say(f"There is no pattern {self._offered.offer.key}.")
        if problems:
            self._say(str(replace(problems[0], path=self._relative_path(problems[0].path))))

    def _relative_path(self, path: Path) -> Path:
        """Return the path relative to the project, if it is inside."""
        root = self._settings.root
        return path.relative_to(root) if path.is_relative_to(root) else path

    @property
    def pane(self) -> Pane:
        """The pane that keys move: the list, or the SQL while a field has the focus."""
        if isinstance(self.focused, Pane):
            return self.focused
        return self.query_one(PatternList) if self._is_filtering else self.query_one(SqlPreview)

    @property
    def _is_filtering(self) -> bool:
        return self.focused is self.query_one(SearchRow).line

    @on(PatternList.Typed)
    def open_filter(self, event: PatternList.Typed) -> None:
        """Open the line of the filter, and put the letter into it."""
        row = self.query_one(SearchRow)
        row.display = True
        row.line.focus()
        row.line.insert_text_at_cursor(event.letter)

    @on(Input.Changed, "SearchRow Input")
    def filter_changed(self, event: Input.Changed) -> None:
        """Filter the list as the user types."""
        event.stop()
        self.query_one(PatternList).typed = event.value.strip()

    def _close_filter(self) -> None:
        """Show all patterns again."""
        row = self.query_one(SearchRow)
        row.display, row.line.value = False, ""
        self.query_one(PatternList).focus()

    def close(self) -> None:
        """Close without writing a file; ask first if one was edited by hand."""
        if not self.is_active:
            return  # A second click can be on its way.
        edited = self.files.edited_names()
        if edited:
            self.app.push_screen(ChoiceDialog(*unwritten_question(edited)), self._handle_close_answer)
        else:
            self.dismiss(None)

    def _handle_close_answer(self, answer: str | None) -> None:
        if answer == "d" and self.is_active:
            self.dismiss(None)

    @on(BottomLine.Clicked)
    def hint_clicked(self, event: BottomLine.Clicked) -> None:
        """Close, or open the help: these are the only keys with a click."""
        (self._show_help if event.command == HELP.label else self.close)()

    @property
    def is_blank(self) -> bool:
        """Whether the form is that of a migration without statements."""
        return isinstance(self.form.source, BlankSource)

    @property
    def answers_finding(self) -> bool:
        """Whether the form is that of the pattern that a finding offers."""
        return self._offered is not None and self.form.source.key == self._offered.offer.key

    def _later(self, source: DraftSource) -> str:
        """Return the title of the pattern for the step that must wait; empty if there is none."""
        sources = self.query_one(PatternList).sources
        return next((one.title for one in sources if one.key and one.key == source.later), "")

    @property
    def rows(self) -> list[FieldRow]:
        """The rows of the form."""
        return self.form.rows

    def action_command(self, name: str) -> None:
        """Run a command: move, or redraw the screen."""
        named(OVERLAY, name).run(self)

    @on(PatternList.Chosen)
    async def chosen(self, event: PatternList.Chosen) -> None:
        """Show the form of the chosen pattern."""
        offered = self._offered if self._offered and self._offered.offer.key == event.source.key else None
        values = offered.offer.values if offered else {}
        await self.files.change_pattern(event.source, dict(values))
        if offered is not None and not self._is_opened and self.rows:
            self._is_opened = True
            self.rows[0].focus_entry()

    @on(PatternForm.Drafted)
    def drafted(self, event: PatternForm.Drafted) -> None:
        """Show the files that the fields make."""
        made = event.result
        origin = self._offered.origin if self._offered and self.answers_finding else ""
        self.form.show_head(self._later(self.form.source), origin)
        preview = self.query_one(SqlPreview)
        preview.finished = made.is_complete
        names = file_names(made.drafts, self._number, self._digits)
        listing = DraftListing.of(made.drafts, names)
        preview.edited = sum(draft.is_edited for draft in made.drafts)
        preview.sql = SqlText(listing.text)
        self.files.take(listing)
        key = next((display_key(one) for one in self._keys_in_text(TAKE_PATTERN_TEXT)), "")
        self.form.show_edited({file.draft.part: file.name for file in listing.files}, key)
        files = names if made.is_complete else []
        self.query_one(WriteLine).files = tuple(files)
        self.query_one("#top", TextLine).parts = self._top(tuple(files))

    def _show_places(self, places: Places) -> None:
        """Show what is wrong with the files that were edited by hand."""
        self.form.show_found(place for some in places.values() for place in some)
        self.query_one(SqlPreview).marked = listing_marks(self.files.listing, places)

    def _edit_files(self) -> None:
        """Open the editor over the file that the preview shows; if a field is not valid, focus it."""
        if self.form.result.is_complete:
            self.files.edit(self.query_one(SqlPreview).top)
        else:
            self._insist()
            self._say("Fill in the required fields first: a file that is edited does not follow them.")

    def _top(self, files: tuple[str, ...]) -> tuple[Part, ...]:
        """Return the first line: what is made here, and where."""
        width, where = self.size.width, str(self._relative_path(self._settings.migrations)) + " "
        left: list[Part] = [(" koonj  ", STRONG), (" New migration ", RAISED)]
        room = width - sum(cell_len(text) for text, _ in left) - cell_len(where) - 2
        names = ", ".join(files)
        return (*left, (f" {fit(names, max(0, room))} ", STRONG), (where, DIM))

    def on_resize(self, event: events.Resize) -> None:
        """Draw borders if theme and size have room for them, as in the main screen."""
        has_fills = cast("KeyedApp", self.app).has_fills
        framed = has_fills and has_frames(event.size.width, event.size.height)
        self.query_one("#top").display = framed
        self.set_class(framed, "-framed")
        self.set_class(event.size.height >= TALL, "-tall")
        self.set_class(event.size.height >= _HIGH, "-high")
        self.form.framed = framed
        for pane in self.query(Pane):
            pane.framed = framed

    @on(WriteLine.Pressed)
    def write(self) -> None:
        """Write the file; if a field is not valid, focus it."""
        if self.form.result.is_complete:
            start_task(self, self._write, "write", exclusive=True)
        else:
            self._insist()

    def _insist(self) -> None:
        first = self.form.insist()
        first.focus_entry()
        # The errors of all fields take lines, which move the first one out of the visible part.
        self.call_after_refresh(first.scroll_visible, animate=False)

    async def _write(self) -> None:
        try:
            paths = await asyncio.to_thread(create, self._settings.migrations, self.form.result.drafts)
        except (OSError, SlugError) as error:
            self._say(f"No file was written: {error}")
        else:
            self.written_later = self._later(self.form.source)
            self.dismiss(paths)

    def _say(self, text: str) -> None:
        self.query_one(BottomLine).notice = (text, True)

    def on_descendant_focus(self) -> None:
        """Update the footer, and show the help of the focused field."""
        keys_of = cast("KeyedApp", self.app).keys_of
        if isinstance(self.focused, PatternList):
            hints = list_hints(keys_of)
        else:
            hints = FILTER_HINTS if self._is_filtering else form_hints(keys_of, self._keys_in_text)
        self.query_one(BottomLine).hints = hints
        self.form.raised = not (self._is_filtering or isinstance(self.focused, Pane))
        if self.form.is_ready:
            self.form.show_fields()

    def _keys_in_text(self, command: HasKeys) -> tuple[str, ...]:
        """Return the keys of a command that type no text."""
        return tuple(key for key in cast("KeyedApp", self.app).keys_of(command) if not is_text(key))

    def on_key(self, event: events.Key) -> None:
        """Handle Enter (go to the form) and Esc (go back to the list, close its filter, then the palette)."""
        self.query_one(BottomLine).notice = None
        patterns = self.query_one(PatternList)
        in_list = patterns.has_focus or self._is_filtering
        keys_of = (
            self._keys_in_text if isinstance(self.focused, Input) else cast("KeyedApp", self.app).keys_of
        )
        if event.key in keys_of(HELP):
            event.stop()
            self._show_help()
            return
        commands = {EDIT_FILES: self._edit_files, TAKE_PATTERN_TEXT: self.files.take_pattern_text}
        for command, run in commands.items():
            if event.key in self._keys_in_text(command):
                event.stop()
                run()
                return
        if event.key in CANCEL_KEYS:
            event.stop()
            if in_list and self.query_one(SearchRow).display:
                self._close_filter()
            elif in_list:
                self.close()
            else:
                patterns.focus()
        elif event.key == "enter" and in_list:
            event.stop()
            self._enter_form()

    def _enter_form(self) -> None:
        if not self.query_one(PatternList).found:
            self._say("No pattern matches. Press Esc to show all.")
        elif self.rows:
            self.rows[0].focus_entry()
