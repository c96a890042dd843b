"""The confirmation of a change: shows the plan, and prevents accidental keys."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.widget import Widget
from textual.widgets import Input

from koonj.config import Target
from koonj.runner.run.events import Plan, Question, QuestionKind
from koonj.tui.render.plan_lines import heading, plan_lines
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.toolkit.key_presses import CANCEL_KEYS
from koonj.tui.widgets.footer import Hint

_YES, _NO = "y", "n"
_IGNORED = "Ignored: key pressed too early or held down. Press y again to confirm."  # fits in 80 columns


class ConfirmDialog(Dialog[str | None]):
    """Show the plan and ask for confirmation.

    The result is the expected answer of the question, or None. For an ordinary target only the key y
    confirms: not Enter, not a key that starts a run, and not a key that was pressed too early or is held
    down. For a protected target the user types its name.
    """

    HINTS = (Hint("y", "confirm"), Hint("n/Esc", "cancel", command=CLOSE), Hint("j/k", "scroll"))
    _TYPED_HINTS = (
        Hint("Enter", "confirm"),
        Hint("Esc", "cancel", command=CLOSE),
        Hint("PgDn/PgUp", "scroll"),
    )

    def __init__(self, plan: Plan, question: Question, target: Target, dsn: str) -> None:
        super().__init__()
        self._plan = plan
        self._question = question
        self._target = target
        self._dsn = dsn
        self.typed = question.kind is QuestionKind.TYPED

    def heading(self) -> str:
        return heading(self._plan)

    @property
    def hints(self) -> tuple[Hint, ...]:
        return self._TYPED_HINTS if self.typed else self.HINTS

    def lines(self, width: int) -> Sequence[Line]:
        return plan_lines(self._plan, self._dsn, width)

    def answers(self) -> Sequence[Widget]:
        if not self.typed:
            return ()
        name = Input(
            placeholder=f"type {self._question.expected}, then press Enter", compact=True, id="typed"
        )
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
        self.dismiss(self._question.expected)

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Confirm if the user typed the target's name."""
        event.stop()
        if event.value.strip() == self._question.expected:
            self.dismiss(self._question.expected)
        else:
            self.say(f"The name does not match. Type {self._question.expected}, or press Esc to cancel.")
