"""The question before a change: everything that will happen, and a yes that cannot slip out."""

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
from koonj.tui.toolkit.key_presses import BACK
from koonj.tui.widgets.footer import Hint

_YES, _NO = "y", "n"


class Confirm(Dialog[str | None]):
    """Gives the question's expected answer, or None for a no.

    An ordinary target takes the single key y: never Enter, never a key that starts a run, never a key typed
    ahead or held down. A protected one takes its name, typed.
    """

    HINTS = (Hint("y", "yes, do it"), Hint("n/Esc", "no", command=CLOSE), Hint("j/k", "scroll"))
    _TYPED_HINTS = (
        Hint("Enter", "yes, by the whole name"),
        Hint("Esc", "no", command=CLOSE),
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
        """Apply how many to which target?"""
        return heading(self._plan)

    @property
    def hints(self) -> tuple[Hint, ...]:
        """y and n are letters of a name, too."""
        return self._TYPED_HINTS if self.typed else self.HINTS

    def lines(self, width: int) -> Sequence[Line]:
        """Target, server, migrations with their statements, notes."""
        return plan_lines(self._plan, self._dsn, width)

    def answers(self) -> Sequence[Widget]:
        """Of a protected target: a line for its name."""
        if not self.typed:
            return ()
        name = Input(
            placeholder=f"type {self._question.expected}, then press Enter", compact=True, id="typed"
        )
        name.cursor_blink = False
        return (name,)

    def on_mount(self) -> None:
        """The keys lead to the text, or to the line for the name."""
        super().on_mount()
        if self.typed:
            self.query_one(Input).focus()
        else:
            self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        """Only y, n and Esc decide."""
        if event.key in BACK or (event.key == _NO and not self.typed):
            event.stop()
            self.close()
        elif event.key == _YES and not self.typed:
            event.stop()
            self.decide(
                event, self._yes, "That y came too soon, or was held down. Press y again for yes, n for no."
            )

    def _yes(self) -> None:
        self.dismiss(self._question.expected)

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Enter goes on only because the whole name was typed."""
        event.stop()
        if event.value.strip() == self._question.expected:
            self.dismiss(self._question.expected)
        else:
            self.say(f"That is not {self._question.expected}. Type the whole name; Esc: no.")
