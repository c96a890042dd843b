"""What stops a run, and the offer to pass it for a reason."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.widget import Widget
from textual.widgets import Input

from koonj.runner.run.events import Conflict, Direction
from koonj.sql.display import spaced
from koonj.tui.render.run_lines import Line, conflict_lines
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.key_presses import BACK
from koonj.tui.toolkit.strips import wrap
from koonj.tui.widgets.footer import Hint


class Allow(Dialog[str | None]):
    """Gives the person's reason, or None. The plan is shown and asked for afterwards as ever."""

    HINTS = (
        Hint("Enter", "allow, with this reason"),
        Hint("Esc", "leave it", command=CLOSE),
        Hint("PgDn/PgUp", "scroll"),
    )

    def __init__(self, conflicts: tuple[Conflict, ...], direction: Direction) -> None:
        super().__init__()
        self._conflicts = conflicts
        self._direction = direction

    def heading(self) -> str:
        """What was stopped."""
        return "The apply is stopped" if self._direction is Direction.APPLY else "The rollback is stopped"

    def lines(self, width: int) -> Sequence[Line]:
        """Each conflict, and what a reason does."""
        lines = [line for conflict in self._conflicts for line in conflict_lines(conflict, width)]
        states = ", ".join(sorted({spaced(o.state) for o in self._conflicts}))
        text = f"To go on all the same, say why: history keeps the decision ({states}) and the reason."
        return [*lines, [], *[[(" " + one, PLAIN)] for one in wrap(text, width - 2)]]

    def answers(self) -> Sequence[Widget]:
        """A line for the reason."""
        reason = Input(placeholder="reason", compact=True, id="typed")
        reason.cursor_blink = False
        return (reason,)

    def on_mount(self) -> None:
        """Type at once."""
        super().on_mount()
        self.query_one(Input).focus()

    def on_key(self, event: events.Key) -> None:
        """Esc leaves everything as it is."""
        if event.key in BACK:
            event.stop()
            self.close()

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """A reason must have been typed."""
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())
        else:
            self.say("History needs a reason. Esc leaves it.")
