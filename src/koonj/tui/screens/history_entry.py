"""The screen of one history entry: the text that it recorded, and the log of its run."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from koonj.config import Target
from koonj.humanize import span_words
from koonj.migrations.history_entry import HistoryEntry
from koonj.tui.commands import full_screens as commands
from koonj.tui.commands.navigation import DOWN, UP
from koonj.tui.documents.file_places import run_place
from koonj.tui.documents.sql_text import SqlText
from koonj.tui.screens.full_screen import CLOSE_HINT, NEXT_PANE_KEYS, FullScreen, Keys
from koonj.tui.state.file_place import FileLine
from koonj.tui.state.run_advice import view_in_keys
from koonj.tui.theme import STRONG
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.entry_panes import EntryLog, RecordedText
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.place_line import PlaceLine
from koonj.tui.widgets.run_pane import RunPane
from koonj.tui.widgets.search_bar import SearchBar
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.past_runs import journal_view

COPY, GO, WRAP = "copy", "go", "wrap"
TIMEOUT = 20.0
"""Seconds that the target has to send the text."""


class EntryScreen(FullScreen[FileLine]):
    """The recorded text and the log; each is read in the background."""

    KEYS: ClassVar[Keys] = {
        **NEXT_PANE_KEYS,
        commands.COPY: COPY,
        commands.WRAP: WRAP,
        commands.OPEN: GO,
    }
    WIDE = 120
    AUTO_FOCUS = "RecordedText"

    def __init__(self, backend: Backend, target: Target, entry: HistoryEntry) -> None:
        super().__init__()
        self._backend = backend
        self._target = target
        self._entry = entry

    def compose(self) -> ComposeResult:
        yield PlaceLine("History", self._target)
        with Container(id="panes"):
            yield RecordedText(self._entry)
            yield EntryLog()
        yield SearchBar()
        yield BottomLine()

    def on_mount(self) -> None:
        self.query_one(PlaceLine).details = ((self._entry.name, STRONG),)
        self.search_hints()
        start_task(self, self._bring_text, "text")
        start_task(self, self._bring_log, "log")

    @property
    def _text(self) -> RecordedText:
        return self.query_one(RecordedText)

    async def _bring_text(self) -> None:
        pane = self._text  # before the wait: the screen can be closed during it
        try:
            async with asyncio.timeout(TIMEOUT):
                text = await self._backend.recorded_text(self._target, self._entry.id)
        except TimeoutError:
            pane.note = f"No response within {span_words(TIMEOUT)}."
        except Exception as error:  # An error of a lost target must not end the screen.
            pane.note = f"koonj could not read the text: {error}"
        else:
            pane.note = "" if text else "This entry recorded no text."
            pane.sql = SqlText(text or "")

    async def _bring_log(self) -> None:
        pane = self.query_one(EntryLog)
        try:
            view = await asyncio.to_thread(partial(journal_view, self._entry.run_id))
        except OSError as error:
            pane.note = f"The journal of the run cannot be read: {error.strerror or error}"
            return
        pane.note = "" if view else f"This machine has no journal of the run. It ran on {self._entry.host}."
        pane.view = None if view is None else view_in_keys(view, pane.key_now)

    @on(RunPane.LineChosen)
    def line_chosen(self, message: RunPane.LineChosen) -> None:
        """Show the place of a line of the log that was clicked."""
        self.leave(message.place)

    @property
    def _place(self) -> FileLine:
        """The place of the line of the log with the cursor, or where the run failed, or the whole file."""
        log = self.query_one(EntryLog)
        here = log.place_here if log.has_focus else None
        failed = run_place(log.view)
        if here is None and failed is not None and failed.name == self._entry.name:
            here = FileLine(failed.name, failed.line, failed.column)
        return here or FileLine(self._entry.name, None)

    def hints(self) -> tuple[Hint, ...]:
        return (
            *self.pair(DOWN, UP, "scroll"),
            *self.hint(commands.NEXT_PANE, "next pane"),
            *self.hint(commands.FILTER, "search"),
            *self.hint(commands.WRAP, "wrap"),
            *self.hint(commands.COPY, "copy text"),
            *self.hint(commands.OPEN, "show file"),
            *CLOSE_HINT,
        )

    def obey(self, command: str) -> None:
        """Copy the recorded text, wrap it, or show in the file what the entry is about."""
        if command == GO:
            self.leave(self._place)
        elif command == WRAP:
            self._text.wraps = not self._text.wraps
        elif command == COPY and self._text.sql.text:
            self.copy_text(f"the recorded text of {self._entry.name}", self._text.sql.text)
