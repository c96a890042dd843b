"""The screen of one history entry: the text that it recorded, and the log of its run."""

from __future__ import annotations

import asyncio
from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen

from koonj.config import Target
from koonj.humanize import span_words
from koonj.migrations.history_entry import HistoryEntry
from koonj.tui.commands.clipboard import Clip, clean
from koonj.tui.commands.command import bindings, named
from koonj.tui.commands.navigation import OVERLAY
from koonj.tui.documents.sql_text import SqlText
from koonj.tui.screens.copy_dialog import CopyDialog
from koonj.tui.state.screen_advice import view_in_keys
from koonj.tui.theme import ACCENT, PLAIN, RAISED, STRONG
from koonj.tui.toolkit.key_presses import CANCEL_KEYS
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.entry_panes import EntryLog, RecordedText
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.text_line import TextLine
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.past_runs import journal_view

CLOSE, COPY, NEXT_PANE = "close", "copy", "next-pane"
WIDE = 120
"""Width in cells from which text and log are side by side."""
TIMEOUT = 20.0
"""Seconds that the target has to send the text."""
_HINTS = (
    Hint("j/k", "scroll"),
    Hint("Tab", "next pane", command=NEXT_PANE),
    Hint("y", "copy text", command=COPY),
    Hint("Esc", "close", command=CLOSE),
)


class EntryScreen(Screen[None]):
    """The recorded text and the log; each is read in the background."""

    BINDINGS = bindings(OVERLAY)  # type: ignore[assignment] # Textual accepts a list of bindings
    AUTO_FOCUS = "RecordedText"

    def __init__(self, backend: Backend, target: Target, entry: HistoryEntry) -> None:
        super().__init__()
        self._backend = backend
        self._target = target
        self._entry = entry

    def compose(self) -> ComposeResult:
        yield TextLine(id="place")
        with Container(id="entry"):
            yield RecordedText(self._entry)
            yield EntryLog()
        yield BottomLine()

    def on_mount(self) -> None:
        target = f" ► {self._target.name}{' PROTECTED' if self._target.protected else ''} "
        parts = ((" History  ", ACCENT), (target, RAISED), ("  ", PLAIN), (self._entry.name, STRONG))
        self.query_one("#place", TextLine).parts = parts
        self.query_one(BottomLine).hints = _HINTS
        start_task(self, self._bring_text, "text")
        start_task(self, self._bring_log, "log")

    @property
    def pane(self) -> Pane:
        """The pane with the focus."""
        return self.focused if isinstance(self.focused, Pane) else self._text

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

    # Commands

    def action_command(self, name: str) -> None:
        """Run a command: move in the pane, or redraw the screen."""
        named(OVERLAY, name).run(self)

    def on_key(self, event: events.Key) -> None:
        command = CLOSE if event.key in CANCEL_KEYS else _KEYS.get(event.key)
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
        elif command == NEXT_PANE:
            (self._text if self.pane is not self._text else self.query_one(EntryLog)).focus()
        elif command == COPY and self._text.sql.text:
            text = clean(self._text.sql.text)
            clip = Clip(f"the recorded text of {self._entry.name}", text, len(text.encode()))
            if clip.fits:
                self.app.copy_to_clipboard(clip.text)
            self.app.push_screen(CopyDialog(clip))

    def close(self) -> None:
        """Close the screen."""
        if self.is_current:
            self.dismiss(None)

    def on_resize(self, event: events.Resize) -> None:
        """Place the panes side by side if the screen is wide enough."""
        self.set_class(event.size.width >= WIDE, "-wide")


_KEYS = {"q": CLOSE, "y": COPY, "tab": NEXT_PANE, "shift+tab": NEXT_PANE}
