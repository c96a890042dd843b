"""The screen with the history of a target: who did what, when, how long it took and how it ended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult

from koonj.config import Target
from koonj.humanize import local_time, now, number_words, plural, span_words
from koonj.migrations.history_entry import HistoryEntry
from koonj.migrations.history_filter import HistoryFilter
from koonj.tui.commands import full_screens as commands
from koonj.tui.screens.full_screen import CLOSE, CLOSE_HINT, FullScreen, Keys
from koonj.tui.screens.history_entry import EntryScreen
from koonj.tui.state.file_place import FileLine
from koonj.tui.state.target_history import TargetHistory
from koonj.tui.theme import DIM, PLAIN
from koonj.tui.toolkit.strips import Part
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.history_list import HistoryList
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.place_line import PlaceLine
from koonj.tui.widgets.search_bar import SearchBar
from koonj.tui.widgets.sql_editor import SqlEditor
from koonj.tui.workers.backend import Backend

if TYPE_CHECKING:
    from koonj.postgres.history_page import HistoryPage  # imports psycopg

OPEN, AGAIN = "open", "again"
TIMEOUT = 60.0
"""Seconds that the target has to send its history."""
PAGE = 1000
"""Entries that are read at once, newest first."""
_EXAMPLES = "words, @person, today, 7d, 2026-08, since:2026-08-01, until:…, ended:failed"


class HistoryScreen(FullScreen[FileLine]):
    """The history entries of one target, newest first, read page by page."""

    KEYS: ClassVar[Keys] = {
        commands.TARGET_HISTORY: CLOSE,
        commands.OPEN: OPEN,
        commands.REFRESH: AGAIN,
    }
    AUTO_FOCUS = "HistoryList"

    def __init__(self, backend: Backend, target: Target, tool: str = "") -> None:
        """`tool`: the other migration tool that the folder belongs to; empty if it is koonj's own."""
        super().__init__()
        self._tool = tool
        self._backend = backend
        self._target = target
        self._entries: tuple[HistoryEntry, ...] = ()
        """The entries that were read, newest first."""
        self._total = 0
        self._is_reading = False
        """Whether the target is being read."""
        self._typed = ""
        """The filter as it was typed."""

    def compose(self) -> ComposeResult:
        yield PlaceLine("History", self._target)
        yield HistoryList(self._tool)
        yield SearchBar(_EXAMPLES)
        yield BottomLine()

    def on_mount(self) -> None:
        self.search_hints()
        self._read()

    @property
    def pane(self) -> HistoryList:
        """The list of the entries."""
        return self.query_one(HistoryList)

    # Reading

    def _read(self) -> None:
        """Read again as many entries as were read."""
        self.pane.problem = "" if self.pane.history.is_read else "reading the history"
        self._show_title()
        self._is_reading = True
        start_task(self, self._bring, "history", exclusive=True)

    async def _bring(self) -> None:
        page = await self._page(max(PAGE, len(self._entries)), None)
        if page is not None:
            self._entries, self._total = page.entries, page.total
            await self._filter()

    @on(HistoryList.EndSeen)
    def _bring_older(self) -> None:
        """Read the next page, if there is one. The list asks again as long as its end is visible."""
        if self.pane.history.has_more and not self._is_reading:
            self._is_reading = True
            start_task(self, self._older, "history", exclusive=True)

    async def _older(self) -> None:
        page = await self._page(PAGE, self._entries[-1].id if self._entries else None)
        if page is None:
            return
        known = self.pane.history
        self._entries += page.entries
        self._total = self._total if page.entries else len(self._entries)  # some were deleted meanwhile
        longer = await asyncio.to_thread(known.with_older, page.entries, self._total)
        if known is self.pane.history and longer.loaded == len(self._entries):
            self._show(longer)
        else:  # the user has typed meanwhile
            await self._filter()

    async def _page(self, limit: int, below: int | None) -> HistoryPage | None:
        """Return a page; None if it cannot be read, which the list says then."""
        try:
            async with asyncio.timeout(TIMEOUT):
                page = await self._backend.history_page(self._target, limit, below)
        except TimeoutError:
            self.pane.problem = (
                f"No response within {span_words(TIMEOUT)}. To retry, press {self.pane.key_now('R')}."
            )
        except Exception as error:  # An error of a lost target must not end the screen.
            hint = getattr(error, "hint", None) or ""
            self.pane.problem = f"koonj could not read the history: {error} {hint}".rstrip()
        else:
            self.pane.problem = ""
            return page
        finally:
            self._is_reading = False
        return None

    # The filter

    @property
    def _wanted(self) -> HistoryFilter:
        return HistoryFilter.parse(self._typed, local_time(now()).date())

    async def _filter(self) -> None:
        """Show the entries that match the filter. Thousands are compared in a thread."""
        history = TargetHistory()
        while not (
            history.loaded == len(self._entries) and history.is_read and history.wanted == self._wanted
        ):
            wanted = self._wanted
            history = await asyncio.to_thread(TargetHistory.of, self._entries, self._total, wanted)
        self._show(history)

    def _show(self, history: TargetHistory) -> None:
        self.pane.history = history
        self._mark(history.wanted)
        self._show_title()

    def _mark(self, wanted: HistoryFilter) -> None:
        """Mark the last word of the filter in the entries; n and N go from one to the next."""
        text = next(reversed((*wanted.people, *wanted.words)), "")
        if text != self.pane.searcher.text:
            self.pane.searcher.start(text)

    def search_in(self, pane: Pane | SqlEditor) -> None:
        """Open the line for the filter."""
        super().search_in(pane)
        self.search_bar.open(self._typed)
        self.search_bar.show_count(self.search_count)

    def search_typed(self, text: str) -> None:
        """Filter as the user types."""
        self._typed = text.strip()
        if self.pane.history.is_read:
            start_task(self, self._filter, "filter", exclusive=True)

    def search_stepped(self, step: int) -> None:
        """Move in the list while the user types."""
        self.pane.go(step)

    @property
    def is_searched(self) -> bool:
        return bool(self._typed)

    def end_search(self, pane: Pane | SqlEditor) -> None:
        """Show all entries."""
        super().end_search(pane)
        self.search_typed("")

    @property
    def search_count(self) -> str:
        history = self.pane.history
        return f"{number_words(len(history.shown))} of {number_words(history.total)}" if self._typed else ""

    def _show_title(self) -> None:
        history = self.pane.history
        parts: list[Part] = []
        read = f", the newest {number_words(history.loaded)} read" if history.has_more else ""
        if history.is_read and self._typed:
            parts = [(f"/{self._typed}  {self.search_count}", PLAIN), (read, DIM)]
        elif history.is_read:
            number = f"{number_words(history.total)} {plural(history.total, 'entry', 'entries')}"
            parts = [(f"{number}, newest first{read}", DIM)]
        self.query_one(PlaceLine).details = tuple(parts)
        if self.search_bar.is_open:
            self.search_bar.show_count(self.search_count)

    # Commands

    def hints(self) -> tuple[Hint, ...]:
        return (
            *self.hint(commands.OPEN, "text and log"),
            *self.hint(commands.FILTER, "filter"),
            *self.hint(commands.REFRESH, "read again"),
            *CLOSE_HINT,
        )

    def obey(self, command: str) -> None:
        """Read again, or show the entry at the cursor."""
        if command == AGAIN:
            self._read()
        elif command == OPEN and self.pane.current is not None:
            entry = EntryScreen(self._backend, self._target, self.pane.current)
            self.app.push_screen(entry, self._leave_to)

    def _leave_to(self, place: FileLine | None) -> None:
        """Close this screen too if a place was chosen on that of the entry."""
        if place is not None:
            self.dismiss(place)
