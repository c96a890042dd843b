"""The definition of an object on both sides of a drift report, as a diff."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.render.diff_lines import tinted_changes
from koonj.tui.render.drift_lines import DifferenceGroup, definition_lines, difference_text
from koonj.tui.theme import DIM, STRONG
from koonj.tui.toolkit.strips import Part, strip, wrap
from koonj.tui.widgets.pane import Pane


class Definition(Pane):
    """A sentence about the difference, then the diff: - applied migrations, + target."""

    TITLE = "Definition"

    differing: reactive[DifferenceGroup | None] = reactive(None, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._wrapped: tuple[int, Sequence[list[Part]]] = (0, ())

    @property
    def object_name(self) -> str:
        """Kind and name of the object; empty if there is none."""
        return f"{self.differing.whole.kind} {self.differing.whole.identity}" if self.differing else ""

    @property
    def text(self) -> str:
        """All text of the pane, for copying."""
        if self.differing is None:
            return ""
        lines = (f"{sign} {text}".rstrip() for sign, text in self.differing.definition())
        return "".join(line + "\n" for line in (difference_text(self.differing.whole), *lines))

    def body_changed(self) -> None:
        """Make the lines again, too: the theme can have tints, or not."""
        self._wrapped = (0, ())
        super().body_changed()

    def watch_differing(self) -> None:
        self.top = 0
        self.body_changed()

    def count(self) -> int:
        return len(self._lines(self.size.width))

    def _lines(self, width: int) -> Sequence[list[Part]]:
        if self.differing is None or not width:
            return ()
        if self._wrapped[0] != width:
            lines = definition_lines(self.differing, width)
            self._wrapped = (width, list(tinted_changes(lines, width) if self.has_fills else lines))
        return self._wrapped[1]

    def title(self) -> tuple[str, str]:
        return self.TITLE, self.place

    def head(self, width: int) -> Sequence[Strip]:
        if self.differing is None:
            return ()
        words = [
            strip([(" " + line, STRONG)], width)
            for line in wrap(difference_text(self.differing.whole), width - 2)
        ]
        legend = strip([(" - applied migrations, + target", DIM)], width)
        return [*words, legend, strip((), width)]

    def draw(self, index: int, width: int) -> Strip:
        return strip(self._lines(width)[index], width)
