"""The dialog that asks what ssh asks: a passphrase, a code, whether a host key is right, or yes or no.

It also shows that a security key waits for a touch. Then it has no field, and closes after the touch.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import events, on
from textual.widget import Widget
from textual.widgets import Input

from koonj.sql.display import visible
from koonj.tui.render.run_lines import Line
from koonj.tui.render.unblock_lines import wrapped
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.widgets.dialog_field import DialogField
from koonj.tui.widgets.footer import Hint

if TYPE_CHECKING:
    from koonj.postgres.tunnel.questions import SshQuestion


_YES, _NO = "y", "n"
_IGNORED = "Ignored: key pressed too early or held down. Press y again to answer yes."


class SshDialog(Dialog[str | None]):
    """Show a question of ssh. The result is the answer, or None."""

    HINTS = (Hint("Enter", "answer"), Hint("Esc", "cancel", command=CLOSE))
    CHOICES = (Hint("y", "yes", decides=True), Hint("n", "no", decides=True), HINTS[1])

    def __init__(self, question: SshQuestion) -> None:
        super().__init__()
        self.question = question

    @property
    def hints(self) -> tuple[Hint, ...]:
        """No key answers a notice; y and n answer yes and no."""
        if self.question.is_confirmation:
            return self.CHOICES
        return self.HINTS[1:] if self.question.is_notice else self.HINTS

    def heading(self) -> str:
        verb = "waits for you" if self.question.is_notice else "asks"
        return f"ssh to {visible(self.question.host)} {verb}"

    def lines(self, width: int) -> Sequence[Line]:
        """Return the words of ssh. They can be those of the other host."""
        texts = self.question.text.strip().splitlines()
        texts += ["Touch your security key."] if self.question.is_notice else []
        return [line for text in texts for line in wrapped(visible(text), width, 1)]

    def answers(self) -> Sequence[Widget]:
        if self.question.is_notice or self.question.is_confirmation:
            return ()
        field = DialogField(placeholder="" if self.question.is_secret else "yes or no")
        field.password = self.question.is_secret
        return (field,)

    def on_mount(self) -> None:
        super().on_mount()
        if self.question.is_confirmation:
            self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        if not self.question.is_confirmation:
            return
        if event.key == _NO:
            event.stop()
            self._answer("no")
        elif event.key == _YES:
            event.stop()
            self.decide(event, partial(self._answer, "yes"), _IGNORED)

    def _answer(self, answer: str) -> None:
        """Close with what ssh reads as an answer to a confirmation, once."""
        if self.is_active:
            self.dismiss(answer)

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Close with the answer, exactly as it was typed."""
        event.stop()
        self.dismiss(event.value)
