"""The field of a dialog in which the user types a text."""

from __future__ import annotations

from typing import Protocol, cast

from textual import events
from textual.widgets import Input

from koonj.tui.toolkit.key_presses import CANCEL_KEYS

_EARLY = "Ignored: typed before this could be read. Type it now."


class ReadDialog(Protocol):
    """A dialog that knows since when it can be read."""

    def is_early(self, event: events.Key | events.Paste) -> bool:
        """Return whether the user typed this before the text could be read."""

    def say(self, text: str) -> None:
        """Show one line instead of the keys."""


class DialogField(Input):
    """A field that takes nothing that was typed before the dialog could be read.

    That was meant for something else. Only the keys that cancel always work.
    """

    def __init__(self, value: str = "", *, placeholder: str) -> None:
        super().__init__(
            value=value, placeholder=placeholder, compact=True, select_on_focus=False, id="typed"
        )
        self.cursor_blink = False

    def on_mount(self) -> None:
        self.focus()

    def on_key(self, event: events.Key) -> None:
        if event.key not in CANCEL_KEYS:
            self._drop_if_early(event)

    def on_paste(self, event: events.Paste) -> None:
        self._drop_if_early(event)

    def _drop_if_early(self, event: events.Key | events.Paste) -> None:
        dialog = cast("ReadDialog", self.screen)
        if dialog.is_early(event):
            event.stop()
            event.prevent_default()
            dialog.say(_EARLY)
