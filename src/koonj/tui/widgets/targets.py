"""The targets: where each one leads, whether it answers, and what it holds."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.messages import TargetChosen
from koonj.tui.model import Check, Snapshot
from koonj.tui.paint import Part, fit, strip
from koonj.tui.target_lines import brief, columns, details, lead
from koonj.tui.theme import MARKED, PLAIN
from koonj.tui.widgets.pane import CursorPane


class Targets(CursorPane):
    """One line a target, the chosen one with mark and word; what is wrong with the current one beneath."""

    NUMBER = "3"
    TITLE = "Targets"

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)

    @property
    def checks(self) -> tuple[Check, ...]:
        """What is known of each target."""
        return self.snapshot.checks if self.snapshot else ()

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        """Something answered."""
        if new is not None and (old is None or old.chosen != new.chosen):
            self.cursor = [c.target.name for c in new.checks].index(new.chosen)
        self.body_changed()

    def watch_cursor(self, old: int, new: int) -> None:
        """Another target's details."""
        super().watch_cursor(old, new)
        self.body_changed()

    def on_click(self, event: events.Click) -> None:
        """One click puts the cursor on a target, two choose it; the lines about it are no target."""
        index = self.line_at(event.y)
        if index is not None:
            self.cursor = index
            if event.chain == 2:
                self.choose()

    def choose(self) -> None:
        """Choose the target under the cursor."""
        self.post_message(TargetChosen(self.checks[self.cursor].target.name))

    def foot(self, width: int) -> Sequence[Strip]:
        """What is wrong with the current one."""
        width = max(20, width)
        found = details(self.checks[self.cursor], width) if self.checks else []
        return [strip([part], width) for part in found]

    def count(self) -> int:
        """The targets."""
        return len(self.checks)

    def summary(self) -> Sequence[Part]:
        """All of them in a line: which is the chosen one, which has something to see."""
        if self.snapshot is None:
            return ()
        chosen = self.snapshot.chosen
        return [part for c in self.checks for part in brief(c, chosen=c.target.name == chosen)]

    def title(self) -> tuple[str, str]:
        """How many there are."""
        return self.TITLE, "" if len(self.checks) < 2 else f"{self.cursor + 1} of {len(self.checks)}"

    def draw(self, index: int, width: int) -> Strip:
        """Mark, name, whether it is the chosen one, and what it answered."""
        assert self.snapshot is not None
        here = index == self.cursor and self.has_pseudo_class("focus")
        check = self.checks[index]
        parts: list[Part] = [("›" if here else " ", PLAIN)]
        parts += lead(check, chosen=check.target.name == self.snapshot.chosen, width=self._names())
        parts += columns(check, self.checks)
        if here:
            return strip([(text, MARKED) for text, _ in parts], width, MARKED)
        return strip(parts, width)

    def _names(self) -> int:
        return min(24, max(len(fit(c.target.name, 24).rstrip()) for c in self.checks))
