"""Base class of dialogs that ask before a target is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.widget import Widget
from textual.widgets import Input

from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.widgets.answer_band import LINES, AnswerBand
from koonj.tui.widgets.footer import BottomLine, Hint

_YES, _NO = "y", "n"
_IGNORED = "Ignored: key pressed too early or held down. Press y again to confirm."  # fits in 80 columns


class Confirmation(Dialog[str | None]):
    """Show what will change and ask for confirmation.

    The result is the expected answer, or None. For an ordinary target only the key y confirms: not Enter, not
    a key that starts a change, and not a key that was pressed too early or is held down. For a protected
    target the user types its name.
    """

    VERB: ClassVar[str] = "confirm"
    """What the answer does."""
    WHAT: ClassVar[str] = "The name"
    """What the user types."""

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
        if self.typed:
            typed = self.query(Input)
            is_complete = bool(typed) and typed.first().value.strip() == self._expected
            enter = Hint("Enter", self.verb, usable=is_complete, decides=True)
            return (enter, Hint("Esc", "cancel", command=CLOSE), *self.scroll_hint())
        yes = Hint("y", self.verb, decides=True)
        return (yes, Hint("n/Esc", "cancel", command=CLOSE, decides=True), *self.scroll_hint())

    @property
    def verb(self) -> str:
        """What the answer does."""
        return self.VERB

    def answers(self) -> Sequence[Widget]:
        if not self.typed:
            return ()
        return (AnswerBand(self._expected, self.verb, danger=self.danger),)

    @property
    def answer_lines(self) -> int:
        return LINES if self.typed else 0

    def on_mount(self) -> None:
        super().on_mount()
        if not self.typed:
            self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        if event.key == _NO and not self.typed:
            event.stop()
            self.close()
        elif event.key == _YES and not self.typed:
            event.stop()
            self.decide(event, self._confirm, _IGNORED)

    def _confirm(self) -> None:
        self.dismiss(self._expected)

    @on(Input.Changed)
    def typed_more(self, event: Input.Changed) -> None:
        """Show whether it is complete."""
        event.stop()
        self.query_one(AnswerBand).show_typed(event.value.strip())
        self.query_one("#keys", BottomLine).hints = self.hints

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Confirm if the user typed what is expected."""
        event.stop()
        if event.value.strip() == self._expected:
            self.dismiss(self._expected)
        else:
            self.say(f"{self.WHAT} does not match. Type {self._expected}, or press Esc to cancel.")
