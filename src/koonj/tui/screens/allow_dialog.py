"""The dialog that shows conflicts and asks for a reason to allow them."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.widget import Widget
from textual.widgets import Input

from koonj.runner.run.conflict import Conflict
from koonj.runner.run.events import Direction
from koonj.sql.display import spaced
from koonj.tui.render.run_lines import Line, conflict_lines
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.key_presses import CANCEL_KEYS
from koonj.tui.toolkit.strips import wrap
from koonj.tui.widgets.footer import Hint


class AllowDialog(Dialog[str | None]):
    """Ask for a reason to allow conflicts. The result is the reason, or None.

    The run then shows its plan and asks for confirmation as usual.
    """

    HINTS = (
        Hint("Enter", "allow"),
        Hint("Esc", "cancel", command=CLOSE),
        Hint("PgDn/PgUp", "scroll"),
    )

    def __init__(self, conflicts: tuple[Conflict, ...], direction: Direction) -> None:
        super().__init__()
        self._conflicts = conflicts
        self._direction = direction

    def heading(self) -> str:
        return (
            "Conflicts stop the apply"
            if self._direction is Direction.APPLY
            else "Conflicts stop the rollback"
        )

    def lines(self, width: int) -> Sequence[Line]:
        lines = [line for conflict in self._conflicts for line in conflict_lines(conflict, width)]
        states = ", ".join(sorted({spaced(o.state) for o in self._conflicts}))
        text = (
            f"To continue anyway, enter a reason. "
            f"The decision ({states}) and the reason are recorded in the history."
        )
        return [*lines, [], *[[(" " + one, PLAIN)] for one in wrap(text, width - 2)]]

    def answers(self) -> Sequence[Widget]:
        reason = Input(placeholder="reason", compact=True, id="typed")
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
            self.dismiss(event.value.strip())
        else:
            self.say("Enter a reason, or press Esc to cancel.")
