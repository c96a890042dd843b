"""The targets: where each one leads, whether it answers, and what it holds."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.render.target_lines import MOST, WIDE, about, brief, details, lines
from koonj.tui.state.messages import TargetChosen
from koonj.tui.state.snapshot import Check, Snapshot
from koonj.tui.theme import MARKED, PLAIN
from koonj.tui.toolkit.strips import Part, strip
from koonj.tui.widgets.pane import Copyable, CursorPane


class TargetList(CursorPane):
    """One line a target, the chosen one with mark and word; what is wrong with the current one beneath."""

    NUMBER = "3"
    TITLE = "Targets"
    NOTHING_TO_COPY = "The target has not answered; its dsn is not known yet."

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    _made: tuple[int, list[list[Part]]] | None = None

    @property
    def checks(self) -> tuple[Check, ...]:
        """What is known of each target."""
        return self.snapshot.checks if self.snapshot else ()

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        """Something answered."""
        if new is not None and (old is None or old.chosen != new.chosen):
            self.cursor = [c.target.name for c in new.checks].index(new.chosen)
        self._made = None
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

    @property
    def current(self) -> Check:
        """The target under the cursor."""
        return self.checks[self.cursor]

    def copyable(self) -> Copyable | None:
        """Give the current target's dsn, without secrets."""
        status = self.current.status
        if status is None:
            return None
        return Copyable(f"the dsn of {status.target}, without secrets", lambda: status.dsn)

    def choose(self) -> None:
        """Choose the target under the cursor."""
        self.post_message(TargetChosen(self.current.target.name))

    def foot(self, width: int) -> Sequence[Strip]:
        """What is wrong with the current one; where lines are short, where it leads as well."""
        if not self.checks:
            return ()
        if width >= WIDE:
            return [strip([part], width) for part in details(self.current, width)]
        found = about(self.current, max(20, width))  # as many lines for each: nothing else moves
        return [strip([part], width) for part in found] + [strip((), width)] * (MOST - len(found))

    def count(self) -> int:
        """The targets."""
        return len(self.checks)

    def summary(self) -> Sequence[Part]:
        """All of them in a line: which is the chosen one, which has something to see."""
        if self.snapshot is None:
            return ()
        chosen = self.snapshot.chosen
        return [part for c in self.checks for part in brief(c, chosen=c.target.name == chosen)][:-1]

    def title(self) -> tuple[str, str]:
        """How many there are."""
        return self.TITLE, "" if len(self.checks) < 2 else f"{self.cursor + 1} of {len(self.checks)}"

    def draw(self, index: int, width: int) -> Strip:
        """Mark, name, whether it is the chosen one, and what it answered."""
        assert self.snapshot is not None
        here = index == self.cursor and self.has_pseudo_class("focus")
        parts: list[Part] = [("›" if here else " ", PLAIN), *self._parts(width - 1)[index]]
        if here:
            return strip([(text, MARKED) for text, _ in parts], width, MARKED)
        return strip(parts, width)

    def _parts(self, width: int) -> list[list[Part]]:
        """All of them, made once: columns are as wide as the widest of all."""
        assert self.snapshot is not None
        if self._made is None or self._made[0] != width:
            self._made = width, lines(self.checks, self.snapshot.chosen, width)
        return self._made[1]
