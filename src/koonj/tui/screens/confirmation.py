"""Base class of dialogs that ask before a target is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.widget import Widget
from textual.widgets import Input

from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.toolkit.key_presses import CANCEL_KEYS
from koonj.tui.widgets.footer import BottomLine, Hint

_YES, _NO = "y", "n"
_IGNORED = "Ignored: key pressed too early or held down. Press y again to confirm."  # fits in 80 columns


class Confirmation(Dialog[str | None]):
    """Show what will change and ask for confirmation.

    The result is the expected answer, or None. For an ordinary target only the key y confirms: not Enter, not
    a key that starts a change, and not a key that was pressed too early or is held down. For a protected
    target the user types its name.
    """

    HINTS: ClassVar[tuple[Hint, ...]] = (
        Hint("y", "confirm"),
        Hint("n/Esc", "cancel", command=CLOSE),
        Hint("j/k", "scroll"),
    )
    WHAT: ClassVar[str] = "The name"
    """What the user types."""
    _TYPED_HINTS = (
        Hint("Enter", "confirm"),
        Hint("Esc", "cancel", command=CLOSE),
        Hint("PgDn/PgUp", "scroll"),
    )

    def __init__(self, expected: str, *, typed: bool) -> None:
        """`expected`: the answer that confirms; `typed`: the user must type it."""
        super().__init__()
        self._expected = expected
        self.typed = typed

    @property
    def danger(self) -> bool:
        """Whether the target is protected, so that the user types its name."""
        return self.typed

    @property
    def hints(self) -> tuple[Hint, ...]:
        return self._TYPED_HINTS if self.typed else self.HINTS

    def answers(self) -> Sequence[Widget]:
        if not self.typed:
            return ()
        name = Input(placeholder=f"type {self._expected}, then press Enter", compact=True, id="typed")
        name.cursor_blink = False
        return (name,)

    def on_mount(self) -> None:
        super().on_mount()
        if self.typed:
            self.query_one(Input).focus()
        else:
            self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        if event.key in CANCEL_KEYS or (event.key == _NO and not self.typed):
            event.stop()
            self.close()
        elif event.key == _YES and not self.typed:
            event.stop()
            self.decide(event, self._confirm, _IGNORED)

    def _confirm(self) -> None:
        self.dismiss(self._expected)

    @on(Input.Changed)
    def typed_more(self, event: Input.Changed) -> None:
        """Remove the message about what was typed before: it is about another text."""
        event.stop()
        self.query_one("#keys", BottomLine).notice = None

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Confirm if the user typed what is expected."""
        event.stop()
        if event.value.strip() == self._expected:
            self.dismiss(self._expected)
        else:
            self.say(f"{self.WHAT} does not match. Type {self._expected}, or press Esc to cancel.")
