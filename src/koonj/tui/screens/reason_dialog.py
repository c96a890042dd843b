"""A dialog that asks for a reason, which is recorded in the history."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.widget import Widget
from textual.widgets import Input

from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.widgets.dialog_field import DialogField
from koonj.tui.widgets.footer import Hint

HELD = "Ignored: the key was pressed too early or held down. Press it again."


class ReasonDialog(Dialog[str | None]):
    """Ask for a reason. The result is the reason, or None.

    It changes nothing: the user confirms the change itself in another dialog.
    """

    @property
    def hints(self) -> tuple[Hint, ...]:
        return (Hint("Enter", "continue"), Hint("Esc", "cancel", command=CLOSE), *self.scroll_hint())

    def answers(self) -> Sequence[Widget]:
        return (DialogField(placeholder="reason"),)

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
