"""The confirmation of a change of a migration file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from koonj.tui.render.diff_lines import tinted_changes
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.confirmation import Confirmation

_YES = "yes"


class FileConfirmation(Confirmation):
    """Show what changes in the folder, and ask for confirmation.

    The result is not None if the user confirms.
    """

    WHAT = "The text"

    def __init__(self, heading: str, make: Callable[[int], Sequence[Line]], typed: str = "") -> None:
        """`make` returns the text for a width; `typed`: what the user must type, empty for the key y."""
        super().__init__(typed or _YES, typed=bool(typed))
        self._heading = heading
        self._make = make

    def heading(self) -> str:
        return self._heading

    def lines(self, width: int) -> Sequence[Line]:
        lines = self._make(width)
        return list(tinted_changes(lines, width)) if self.has_fills else lines
