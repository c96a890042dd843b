"""One object's definition on both sides, as a diff."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.render.drift_lines import DifferenceGroup, definition_lines, difference_text
from koonj.tui.theme import DIM, STRONG
from koonj.tui.toolkit.strips import Part, strip, wrap
from koonj.tui.widgets.pane import Pane


class Definition(Pane):
    """What it is in words, and then line by line: - what the files produce, + what the target has."""

    TITLE = "Definition"

    differing: reactive[DifferenceGroup | None] = reactive(None, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._made: tuple[int, Sequence[list[Part]]] = (0, ())

    @property
    def name_shown(self) -> str:
        """Kind and name."""
        return f"{self.differing.whole.kind} {self.differing.whole.identity}" if self.differing else ""

    @property
    def text(self) -> str:
        """All of it."""
        if self.differing is None:
            return ""
        lines = (f"{sign} {text}".rstrip() for sign, text in self.differing.definition())
        return "".join(line + "\n" for line in (difference_text(self.differing.whole), *lines))

    def watch_differing(self) -> None:
        """Another object: from its first line."""
        self._made = (0, ())
        self.top = 0
        self.body_changed()

    def count(self) -> int:
        """Lines of both sides, wrapped."""
        return len(self._lines(self.size.width))

    def _lines(self, width: int) -> Sequence[list[Part]]:
        if self.differing is None or not width:
            return ()
        if self._made[0] != width:
            self._made = (width, list(definition_lines(self.differing, width)))
        return self._made[1]

    def title(self) -> tuple[str, str]:
        """Which lines are visible."""
        return self.TITLE, self.place

    def head(self, width: int) -> Sequence[Strip]:
        """The difference in words, and what the signs mean."""
        if self.differing is None:
            return ()
        words = [
            strip([(" " + line, STRONG)], width)
            for line in wrap(difference_text(self.differing.whole), width - 2)
        ]
        legend = strip([(" - what its files produce, + what the target has", DIM)], width)
        return [*words, legend, strip((), width)]

    def draw(self, index: int, width: int) -> Strip:
        """One line with its sign."""
        return strip(self._lines(width)[index], width)
