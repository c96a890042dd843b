"""The targets: where each one leads, whether it answers, and what it holds."""

from __future__ import annotations

from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.messages import TargetChosen
from koonj.tui.model import Check, Snapshot
from koonj.tui.paint import Part, cut, fit, strip
from koonj.tui.theme import BAD, DIM, GOOD, MARKED, PLAIN, STRONG, WAITING
from koonj.tui.widgets.pane import CursorPane


class Targets(CursorPane):
    """One line a target. The chosen one carries a mark and the word."""

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

    def choose(self) -> None:
        """Choose the target under the cursor."""
        self.post_message(TargetChosen(self.checks[self.cursor].target.name))

    def count(self) -> int:
        """Lines."""
        return len(self.checks)

    def title(self) -> tuple[str, str]:
        """How many there are."""
        return self.TITLE, "" if self.count() < 2 else f"{self.cursor + 1} of {self.count()}"

    def draw(self, index: int, width: int) -> Strip:
        """Mark, name, whether it is the chosen one, and what it answered."""
        assert self.snapshot is not None
        check = self.checks[index]
        chosen = check.target.name == self.snapshot.chosen
        focused = self.has_pseudo_class("focus")
        names = min(24, max(len(c.target.name) for c in self.checks))
        lead: list[Part] = [
            ("›" if index == self.cursor and focused else " ", PLAIN),
            ("► " if chosen else "  ", STRONG),
            (fit(check.target.name, names), STRONG if chosen else PLAIN),
            (" chosen " if chosen else "        ", STRONG if chosen else PLAIN),
        ]
        parts = lead + answer(check, width - names - 11)
        if index == self.cursor and focused:
            return strip([(text, MARKED) for text, _ in parts], width, MARKED)
        return strip(parts, width)


def answer(check: Check, room: int) -> list[Part]:
    """What a target said, in `room` cells."""
    guard = " protected" if check.target.protected else ""
    status = check.status
    if status is None:
        word = "connecting" if check.since is not None else "not asked yet"
        return [(cut(f" … {word}{guard}", room), WAITING)]
    if status.server is None:
        return [(cut(f" × unreachable{guard}: {status.error}", room), BAD)]
    server = status.server
    facts = f" {server.version}  {server.database}  {server.user}  {server.round_trip * 1000:.1f} ms"
    if status.error is not None:
        return [(cut(f" ×{facts}: {status.error}", room), BAD)]
    counts = f"  {status.applied} applied  {status.pending} pending"
    trouble = f"  {len(status.problems)} to decide" if status.problems else ""
    again = "  asking again" if check.since is not None else ""
    return [
        (" ● ok", GOOD),
        (facts, PLAIN),
        (counts, STRONG if status.pending else PLAIN),
        (trouble, BAD),
        (guard, STRONG),
        (again, DIM),
    ]
