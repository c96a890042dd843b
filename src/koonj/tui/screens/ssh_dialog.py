"""The dialog that asks what ssh asks: a passphrase, a code, or whether a host key is right.

It also shows that a security key waits for a touch. Then it has no field, and closes after the touch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
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


class SshDialog(Dialog[str | None]):
    """Show a question of ssh. The result is the answer, or None."""

    HINTS = (Hint("Enter", "answer"), Hint("Esc", "cancel", command=CLOSE))

    def __init__(self, question: SshQuestion) -> None:
        super().__init__()
        self.question = question

    @property
    def hints(self) -> tuple[Hint, ...]:
        """No key answers a notice."""
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
        if self.question.is_notice:
            return ()
        field = DialogField(placeholder="" if self.question.is_secret else "yes or no")
        field.password = self.question.is_secret
        return (field,)

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Close with the answer, exactly as it was typed."""
        event.stop()
        self.dismiss(event.value)
