"""The list of targets: whether each is reachable, its counts and its server."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.render.target_bar import summary_of_targets, target_rows
from koonj.tui.render.target_cards import CardLine, cards
from koonj.tui.render.target_facts import target_facts
from koonj.tui.render.target_lines import MOST, WIDE, detail_lines, problem_lines, short_line, target_lines
from koonj.tui.state.messages import TargetChosen
from koonj.tui.state.snapshot import Check, Snapshot
from koonj.tui.theme import MARKED, PLAIN, RULE
from koonj.tui.toolkit.strips import Part, strip
from koonj.tui.widgets.cursor_pane import CursorPane
from koonj.tui.widgets.cursor_row import cursor_row
from koonj.tui.widgets.pane import Copyable

_ZOOMED = 5
"""Maximum number of leftovers in a zoomed pane. Otherwise one is shown, so that all targets stay visible."""


_TITLE = 18
"""Cells of the line with all targets that its title and its ends take."""
_CARD = 45
"""Maximum cells in which a target is a card of several lines; in more cells it is one line."""
_AGEING = 20.0
"""Seconds between two looks at how long ago a target was asked, which is shown in minutes."""
_MOST_CARD_LINES = 26
"""Maximum lines of cards with their facts; more would take the room of preview and run."""


class TargetList(CursorPane):
    """Targets, one per line, and below them the problem of the current one.

    In a narrow column with a border each is a card: with its own facts if there is room for those of all.
    """

    NUMBER = "3"
    TITLE = "Targets"
    NOTHING_TO_COPY = "The target has not responded, so its connection string is not known yet."

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    _drawn: tuple[int, list[list[Part]]] | None = None
    _summary: tuple[int, Sequence[Part]] | None = None
    _dealt: tuple[tuple[int, int], Sequence[CardLine], bool] | None = None
    """The cards for a width and a height, and whether they have the facts of all targets."""

    def on_mount(self) -> None:
        self.set_interval(_AGEING, self._grow_older)

    def _grow_older(self) -> None:
        """Draw how long ago targets were asked that koonj does not ask by itself."""
        if any(check.is_read_on_request for check in self.checks):
            self._drawn = self._summary = self._dealt = None
            self.body_changed()

    @property
    def checks(self) -> tuple[Check, ...]:
        """The last status of each target."""
        return self.snapshot.checks if self.snapshot else ()

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        if new is not None and (old is None or old.chosen != new.chosen):
            self.cursor = [c.target.name for c in new.checks].index(new.chosen)
        self._drawn = self._summary = self._dealt = None
        self.body_changed()

    def _theme_changed(self) -> None:
        self._drawn = self._summary = self._dealt = None
        super()._theme_changed()

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self.body_changed()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked target; a double click chooses it."""
        line = self.line_at(event.y)
        index = self.stop_at(line) if line is not None else None
        if index is not None:
            self.cursor = index
            if event.chain == 2:
                self.choose()

    @property
    def current(self) -> Check:
        """The target at the cursor."""
        return self.checks[self.cursor]

    def copyable(self) -> Copyable | None:
        """Return the connection string of the target at the cursor, without secrets."""
        status = self.current.status
        if status is None:
            return None
        return Copyable(f"the connection string of {status.target}, without secrets", lambda: status.dsn)

    def choose(self) -> None:
        """Choose the target at the cursor."""
        self.post_message(TargetChosen(self.current.target.name))

    def foot(self, width: int) -> Sequence[Strip]:
        """Return the problem of the current target, and its server if its row does not have that."""
        if not self.checks or (self._has_cards(width) and self._cards()[1]):
            return ()
        most, more = 1, f"to see them, press {self.key_now('+')}"
        if self.has_class("-zoomed"):
            most, more = _ZOOMED, ""
        if self.framed or (self.has_fills and self.has_class("-zoomed")):
            facts = target_facts(self.current, width, leftovers=most, more_hint=more)
            rule: list[Part] = [(" " + "─" * (width - 2), RULE)]
            return [strip(line, width) for line in (rule, *facts)]
        if width >= WIDE and not self.has_fills:
            lines = problem_lines(self.current, width, leftovers=most, more_hint=more)
            return [strip([part], width) for part in lines]
        # At least the same number of lines for each target.
        found = detail_lines(self.current, max(20, width), leftovers=most, more_hint=more)
        return [strip([part], width) for part in found] + [strip((), width)] * (MOST - len(found))

    @property
    def page(self) -> int:
        """Number of lines that fit; the facts stand directly below them, not at the end of the pane."""
        return min(super().page, max(1, self.count())) if self.framed else super().page

    def count(self) -> int:
        return len(self._cards()[0]) if self._has_cards(self.size.width) else len(self.checks)

    def stops(self) -> int:
        return len(self.checks)

    def line_of(self, stop: int) -> int:
        if not self._has_cards(self.size.width):
            return stop
        return next((i for i, (target, _) in enumerate(self._cards()[0]) if target == stop), 0)

    def stop_at(self, line: int) -> int | None:
        return self._cards()[0][line][0] if self._has_cards(self.size.width) else line

    def _has_cards(self, width: int) -> bool:
        return self.framed and 0 < width <= _CARD

    def _cards(self) -> tuple[Sequence[CardLine], bool]:
        """Return the lines of all cards, and whether each card has its own facts."""
        size = self.size
        if self._dealt is None or self._dealt[0] != size:
            chosen = self.snapshot.chosen if self.snapshot else ""
            self._dealt = (size, *cards(self.checks, chosen, size.width - 1, size.height))
        return self._dealt[1:]

    def _fills(self, width: int) -> int:
        """Return the lines of the cards with all facts; if these are many, with those of one."""
        if not self._has_cards(width) or not self.checks:
            return super()._fills(width)
        chosen = self.snapshot.chosen if self.snapshot else ""
        lines, is_whole = cards(self.checks, chosen, width - 1, _MOST_CARD_LINES)
        return len(lines) if is_whole else len(lines) + 1 + len(target_facts(self.current, width))

    def summary(self) -> Sequence[Part]:
        """Return all targets in one line, with marks for the chosen one and for problems."""
        if self.snapshot is None:
            return ()
        chosen = self.snapshot.chosen
        width = max(1, self.size.width - _TITLE)
        if self._summary is None or self._summary[0] != width:
            line = summary_of_targets if self.has_fills else short_line
            self._summary = width, line(self.checks, chosen, width)
        return self._summary[1]

    def title(self) -> tuple[str, str]:
        return self.TITLE, "" if len(self.checks) < 2 else f"{self.cursor + 1} of {len(self.checks)}"

    def draw(self, index: int, width: int) -> Strip:
        assert self.snapshot is not None
        if self._has_cards(self.size.width):
            lines = self._cards()[0]
            is_first = index == self.line_of(self.cursor)
            focused = self.has_pseudo_class("focus")
            return cursor_row(lines[index][1], width, is_current=focused and is_first, focused=focused)
        if self.has_fills:
            row, focused = self._parts(width - 1)[index], self.has_pseudo_class("focus")
            return cursor_row(row, width, is_current=focused and index == self.cursor, focused=focused)
        is_current = index == self.cursor and self.has_pseudo_class("focus")
        parts: list[Part] = [("›" if is_current else " ", PLAIN), *self._parts(width - 1)[index]]
        if is_current:
            return strip([(text, MARKED) for text, _ in parts], width, MARKED)
        return strip(parts, width)

    def _parts(self, width: int) -> list[list[Part]]:
        """Return the lines of all targets, computed once per width."""
        assert self.snapshot is not None
        if self._drawn is None or self._drawn[0] != width:
            chosen = self.snapshot.chosen
            drawn = (
                target_rows(self.checks, chosen, width)
                if self.has_fills
                else target_lines(self.checks, chosen, width)
            )
            self._drawn = width, drawn
        return self._drawn[1]
