"""The screen with the history of a target: who did what, when, how long it took and how it ended."""

from __future__ import annotations

import asyncio

from textual import events, on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input

from koonj.config import Target
from koonj.humanize import count, local_time, now, span_words
from koonj.migrations.history_entry import HistoryEntry
from koonj.tui.commands.command import bindings, named
from koonj.tui.commands.navigation import OVERLAY
from koonj.tui.screens.history_entry import EntryScreen
from koonj.tui.state.target_history import TargetHistory
from koonj.tui.theme import ACCENT, DIM, PLAIN, RAISED
from koonj.tui.toolkit.key_presses import CANCEL_KEYS
from koonj.tui.toolkit.strips import Part
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.history_list import HistoryList
from koonj.tui.widgets.search_input import SearchRow
from koonj.tui.widgets.text_line import TextLine
from koonj.tui.workers.backend import Backend

CLOSE, OPEN, FILTER, AGAIN = "close", "open", "filter", "again"
TIMEOUT = 60.0
"""Seconds that the target has to send its history."""
_HINTS = (
    Hint("Enter", "text and log", command=OPEN),
    Hint("/", "filter", command=FILTER),
    Hint("R", "read again", command=AGAIN),
    Hint("Esc", "close", command=CLOSE),
)
_TYPING = (
    Hint("Enter", "keep filter"),
    Hint("Up/Down", "scroll"),
    Hint("Esc", "clear filter", command=CLOSE),
)
_EXAMPLES = "migration, person or result; @person, 2026-08-01, 2026-08, today, 7d"


class HistoryScreen(Screen[None]):
    """All history entries of one target, newest first."""

    BINDINGS = bindings(OVERLAY)  # type: ignore[assignment] # Textual accepts a list of bindings
    AUTO_FOCUS = "HistoryList"

    def __init__(self, backend: Backend, target: Target) -> None:
        super().__init__()
        self._backend = backend
        self._target = target
        self._entries: tuple[HistoryEntry, ...] = ()

    def compose(self) -> ComposeResult:
        yield TextLine(id="place")
        yield HistoryList()
        yield SearchRow("/", _EXAMPLES)
        yield BottomLine()

    def on_mount(self) -> None:
        self._row.display = False
        self.query_one(BottomLine).hints = _HINTS
        self._read()

    @property
    def pane(self) -> HistoryList:
        """The list of the entries."""
        return self.query_one(HistoryList)

    @property
    def _row(self) -> SearchRow:
        return self.query_one(SearchRow)

    # Reading

    def _read(self) -> None:
        self.pane.problem = "" if self.pane.history.is_read else "reading the history"
        self._show_title()
        start_task(self, self._bring, "history", exclusive=True)

    async def _bring(self) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                self._entries = await self._backend.history(self._target)
        except TimeoutError:
            self.pane.problem = f"No response within {span_words(TIMEOUT)}. To retry, press R."
        except Exception as error:  # An error of a lost target must not end the screen.
            hint = getattr(error, "hint", None) or ""
            self.pane.problem = f"koonj could not read the history: {error} {hint}".rstrip()
        else:
            self.pane.problem = ""
            await self._filter()

    async def _filter(self) -> None:
        """Show the entries that match the filter. Thousands are compared in a thread."""
        today = local_time(now()).date()
        self.pane.history = await asyncio.to_thread(
            TargetHistory.of, self._entries, self._row.line.value, today
        )
        self._show_title()

    def _show_title(self) -> None:
        guard = " PROTECTED" if self._target.protected else ""
        parts: list[Part] = [
            (" History  ", ACCENT),
            (f" ► {self._target.name}{guard} ", RAISED),
            ("  ", PLAIN),
        ]
        history, typed = self.pane.history, self._row.line.value.strip()
        if history.is_read and typed:
            parts.append((f"/{typed}  {len(history.shown)} of {history.total}", PLAIN))
        elif history.is_read:
            parts.append((f"{count(history.total, 'entry', 'entries')}, newest first", DIM))
        self.query_one("#place", TextLine).parts = tuple(parts)

    # Commands

    def action_command(self, name: str) -> None:
        """Run a command: move in the list, or redraw the screen."""
        named(OVERLAY, name).run(self)

    def on_key(self, event: events.Key) -> None:
        typing = self._row.line.has_focus
        command = CLOSE if event.key in CANCEL_KEYS else None if typing else _KEYS.get(event.key)
        if command is not None:
            event.stop()
            self._do(command)

    @on(BottomLine.Clicked)
    def hint_clicked(self, event: BottomLine.Clicked) -> None:
        """Handle a click on a key like the key."""
        self._do(event.command)

    def _do(self, command: str) -> None:
        if command == CLOSE:
            self.close()
        elif command == FILTER:
            self._row.display = True
            self._row.line.focus()
            self.query_one(BottomLine).hints = _TYPING
        elif command == AGAIN:
            self._read()
        elif command == OPEN and self.pane.current is not None:
            self.app.push_screen(EntryScreen(self._backend, self._target, self.pane.current))

    def close(self) -> None:
        """Clear the filter; without one close the screen."""
        if self._row.display:
            self._row.line.value = ""
            self._keep()
            self._row.display = False
        elif self.is_current:
            self.dismiss(None)

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Filter as the user types."""
        event.stop()
        if self.pane.history.is_read:
            start_task(self, self._filter, "filter", exclusive=True)

    @on(Input.Submitted)
    def keep_filter(self, event: Input.Submitted) -> None:
        """Keep the filter, and let the keys move in the list."""
        event.stop()
        self._keep()
        self._row.display = bool(self._row.line.value)

    def _keep(self) -> None:
        self.pane.focus()
        self.query_one(BottomLine).hints = _HINTS


_KEYS = {"q": CLOSE, "H": CLOSE, "enter": OPEN, "slash": FILTER, "R": AGAIN}
