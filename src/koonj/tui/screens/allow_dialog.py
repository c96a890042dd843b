"""The dialog that shows conflicts and asks for a reason to allow them."""

from __future__ import annotations

from collections.abc import Sequence

from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.sql.display import spaced
from koonj.tui.render.run_lines import Line, conflict_lines
from koonj.tui.screens.dialog import CLOSE
from koonj.tui.screens.reason_dialog import ReasonDialog
from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.strips import wrap
from koonj.tui.widgets.footer import Hint


class AllowDialog(ReasonDialog):
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
