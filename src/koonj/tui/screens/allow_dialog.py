"""The dialog that shows conflicts, one at a time, and asks for a reason to allow each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import events
from textual.widgets import Input

from koonj.config import Target
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.sql.display import spaced
from koonj.tui.commands.dialogs import SAME_REASON
from koonj.tui.render.run_lines import Line, conflict_lines
from koonj.tui.render.unblock_lines import wrapped
from koonj.tui.screens.dialog import CLOSE, DialogText
from koonj.tui.screens.reason_dialog import HELD, ReasonDialog
from koonj.tui.theme import DIM
from koonj.tui.widgets.footer import BottomLine, Hint


class AllowDialog(ReasonDialog):
    """Ask for a reason to allow each conflict. `reasons` are complete if the result is not None.

    The run then shows its plan and asks for confirmation as usual.
    """

    def __init__(self, target: Target, conflicts: tuple[Conflict, ...], direction: Direction) -> None:
        super().__init__()
        self._target = target
        self._conflicts = conflicts
        self._direction = direction
        self.reasons: tuple[str, ...] = ()
        """The reasons given so far, in the order of the conflicts."""

    @property
    def hints(self) -> tuple[Hint, ...]:
        same = self.hint_of(SAME_REASON) if self.reasons else ()
        cancel = Hint("Esc", "cancel", command=CLOSE)
        return (Hint("Enter", "allow", decides=True), *same, cancel, *self.scroll_hint())

    @property
    def danger(self) -> bool:
        """Whether the target is protected."""
        return self._target.protected

    def heading(self) -> str:
        run = "apply to" if self._direction is Direction.APPLY else "rollback on"
        number = len(self.reasons) + 1
        which = "A conflict" if len(self._conflicts) == 1 else f"Conflict {number} of {len(self._conflicts)}"
        guard = "  PROTECTED" if self._target.protected else ""
        return f"{which} stops the {run} {self._target.name}{guard}"

    def lines(self, width: int) -> Sequence[Line]:
        return list(self._lines(width))

    def _lines(self, width: int) -> Iterator[Line]:
        at = len(self.reasons)
        conflict, rest = self._conflicts[at], self._conflicts[at + 1 :]
        yield from conflict_lines(conflict, width)
        yield []
        text = (
            f"To continue anyway, enter a reason for this one. "
            f"The decision ({spaced(conflict.state)}) and the reason are recorded in the history."
        )
        yield from wrapped(text, width, 1)
        if self.reasons and (keys := self.hint_of(SAME_REASON)):
            yield from wrapped(f"{keys[0].key} gives the same reason again: {self.reasons[-1]}", width, 1)
        if rest:
            yield []
            yield from wrapped("koonj asks about these after it:", width, 1, DIM)
            for other in rest:
                yield from wrapped(f"{other.name}: {spaced(other.state)}", width, 3, DIM)

    def on_key(self, event: events.Key) -> None:
        # Textual calls this method of the base class too.
        if event.key in self.keys_of(SAME_REASON) and self.reasons:
            event.stop()
            self.decide(event, lambda: SAME_REASON.run(self), HELD)

    def same_reason(self) -> None:
        """Give the last reason again."""
        self.given(self.reasons[-1])

    def given(self, reason: str) -> None:
        """Go on with the next conflict, or close after the last one."""
        self.reasons = (*self.reasons, reason)
        if len(self.reasons) == len(self._conflicts):
            self.dismiss(reason)
            return
        self.query_one(Input).value = ""
        self.query_one("#keys", BottomLine).hints = self.hints
        self.query_one(DialogText).rebuild()
        self.read_again()
