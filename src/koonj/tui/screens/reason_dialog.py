"""A dialog that asks for a reason, which is recorded in the history."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.widget import Widget
from textual.widgets import Input

from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.toolkit.key_presses import CANCEL_KEYS
from koonj.tui.widgets.footer import Hint

_EARLY = "Ignored: typed before this could be read. Type the reason now."
HELD = "Ignored: the key was pressed too early or held down. Press it again."


class ReasonField(Input):
    """Takes no key that was pressed before the dialog could be read: it was meant for something else."""

    def on_key(self, event: events.Key) -> None:
        dialog = self.screen
        if isinstance(dialog, ReasonDialog) and event.key not in CANCEL_KEYS and dialog.is_early(event):
            event.stop()
            event.prevent_default()
            dialog.say(_EARLY)


class ReasonDialog(Dialog[str | None]):
    """Ask for a reason. The result is the reason, or None.

    It changes nothing: the user confirms the change itself in another dialog.
    """

    HINTS = (
        Hint("Enter", "continue"),
        Hint("Esc", "cancel", command=CLOSE),
        Hint("PgDn/PgUp", "scroll"),
    )

    def answers(self) -> Sequence[Widget]:
        reason = ReasonField(placeholder="reason", compact=True, id="typed")
        reason.cursor_blink = False
        return (reason,)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Input).focus()

    def on_key(self, event: events.Key) -> None:
        if event.key in CANCEL_KEYS:
            event.stop()
            self.close()

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Close with the reason; an empty reason is not accepted."""
        event.stop()
        if event.value.strip():
            self.given(event.value.strip())
        else:
            self.say("Enter a reason, or press Esc to cancel.")

    def given(self, reason: str) -> None:
        """Handle a reason: close with it."""
        self.dismiss(reason)
