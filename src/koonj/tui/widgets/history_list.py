"""The list of the history entries of a target, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from koonj.humanize import to_the_second
from koonj.migrations.history_entry import HistoryEntry
from koonj.migrations.history_wording import action_words, entry_state, own_history, took_words
from koonj.migrations.states import State
from koonj.tui.state.target_history import TargetHistory
from koonj.tui.theme import DIM, MARKED, PLAIN, STATES, STRONG, glyph
from koonj.tui.theme.fills import quiet
from koonj.tui.toolkit.strips import Part, fit, strip, wrap
from koonj.tui.widgets.cursor_pane import CursorPane
from koonj.tui.widgets.cursor_row import cursor_row, rule
from koonj.tui.widgets.preview.history_tab import entry_lines

_WHEN = 19
"""Cells of the time."""
_WIDE, _NARROW = 110, 100
"""Cells of a pane from which the role is shown, and below which only the glyph shows how an entry ended, and
names are shown without `.sql`."""
_IN_ORDER = frozenset({State.APPLIED, State.PENDING, State.ADOPTED})
"""States of entries that are done."""
FOOT = 5
"""Lines about the current entry."""


class HistoryList(CursorPane):
    """Entries, one per line: when, what and how it ended, which migration, how long, who."""

    TITLE = "History"

    history: reactive[TargetHistory] = reactive(TargetHistory(), repaint=False)
    problem: reactive[str] = reactive("", repaint=False)
    """Why the history is not shown: it is being read, or cannot be read."""

    def __init__(self, tool: str = "") -> None:
        """`tool`: the other tool that keeps a history of its own; empty if there is none."""
        super().__init__()
        self._tool = tool

    class EndSeen(Message):
        """Posted when the end of the entries that were read is near the visible part."""

    @property
    def current(self) -> HistoryEntry | None:
        """The entry at the cursor; None if the list is empty."""
        shown = self.history.shown
        return shown[self.cursor] if self.cursor < len(shown) else None

    def watch_history(self, old: TargetHistory, new: TargetHistory) -> None:
        """Keep the cursor on its entry, if that is still shown; the newest one stays the newest one."""
        at = self.cursor
        was = old.shown[at] if 0 < at < len(old.shown) else None
        if was is None or at >= len(new.shown) or new.shown[at].id != was.id:
            ids = [entry.id for entry in new.shown] if was is not None else []
            self.cursor = ids.index(was.id) if was is not None and was.id in ids else 0
        self.body_changed()
        self._look_for_end()

    def watch_top(self) -> None:
        self._look_for_end()

    def _look_for_end(self) -> None:
        """Ask for older entries before the user reaches the last one that was read."""
        if self.history.has_more and self.top + 2 * self.page >= self.count():
            self.post_message(self.EndSeen())

    def watch_problem(self) -> None:
        self.body_changed()

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        width, height = self.size
        lines = len(self.foot(width))
        self.refresh(Region(0, max(0, height - lines), width, lines))

    def count(self) -> int:
        return len(self.history.shown)

    def title(self) -> tuple[str, str]:
        return self.TITLE, f"{self.cursor + 1} of {len(self.history.shown)}" if self.history.shown else ""

    def head(self, width: int) -> Sequence[Strip]:
        """Return the headings, or why there is no entry."""
        if self.problem:
            return [strip([(" " + line, PLAIN)], width) for line in wrap(self.problem, width - 2)]
        if not self.history.is_read:
            return ()
        if not self.history.total:
            where = f" {own_history(self._tool)}" if self._tool else ""
            lines = wrap(f"koonj has recorded nothing on this target.{where}", width - 2)
            return [strip([(f" {line}", DIM)], width) for line in lines]
        if not self.history.shown:
            text = f" None of {self.history.total} entries matches the filter. Press Esc to clear it."
            return [strip([(text, DIM)], width)]
        return [
            strip(
                [(text, DIM) for text in self._texts("  when", "what", "migration", "took", "by", width)],
                width,
            )
        ]

    def foot(self, width: int) -> Sequence[Strip]:
        """Return what is known of the entry at the cursor."""
        entry = self.current
        lines = [] if entry is None else list(islice(entry_lines(entry, width), FOOT))
        shown = [strip(line, width) for line in [*lines, *([[]] * (FOOT - len(lines)))]]
        return [rule(width), *shown] if self.has_fills else shown

    def draw(self, index: int, width: int) -> Strip:
        entry, is_current = self.history.shown[index], index == self.cursor
        state = entry_state(entry)
        style, dim, look = PLAIN, DIM, STATES[state]
        if is_current:
            mark = MARKED if self.has_pseudo_class("focus") else STRONG
            style, dim, look = mark, mark, look + mark
        narrow = width < _NARROW
        who = entry.os_user if narrow else f"{entry.os_user}@{entry.host}"
        if width >= _WIDE:
            who += f" as {entry.database_role}"
        lead = f"{'›' if is_current else ' '}{glyph(state)}"
        when, what, name, took, by = self._texts(
            f"{lead} {to_the_second(entry.started)}",
            entry.action if narrow else action_words(entry),
            entry.name.removesuffix(".sql") if narrow else entry.name,
            took_words(entry),
            who,
            width,
        )
        if self.has_fills:
            sign, word = quiet(STATES[state])
            loud = is_current or state not in _IN_ORDER
            quiet_parts = [
                (when[1:2], sign),
                (when[2:], DIM),
                (what, word),
                (name, STRONG if loud else PLAIN),
                (took, PLAIN),
                (by, DIM),
            ]
            return cursor_row(
                quiet_parts, width, is_current=is_current, focused=self.has_pseudo_class("focus")
            )
        parts: list[Part] = [
            (when[:2], look),
            (when[2:], dim),
            (what, look),
            (name, style),
            (took, style),
            (by, dim),
        ]
        return strip(parts, width, style if is_current else Style.null())

    def _texts(
        self, when: str, what: str, name: str, took: str, who: str, width: int
    ) -> tuple[str, str, str, str, str]:
        """Return the texts of a line, each as wide as its column.

        A long name gets some cells of the person, whom the lines below show in full.
        """
        narrow = width < _NARROW
        done, duration, by = (8, 9, 10) if narrow else (15, 10, 28 if width >= _WIDE else 13)
        spare = by - (8 if narrow else 13 if width < _WIDE else 20)
        room = max(8, width - _WHEN - 4 - done - 1 - duration - 1 - by - 2)
        missing = self.history.name_cells - (len(".sql") if narrow else 0) - room
        moved = max(0, min(spare, missing))
        room, by = room + moved, by - moved
        return (
            fit(when, _WHEN + 3) + " ",
            fit(what, done) + " ",
            fit(name, room) + " ",
            fit(took.rjust(duration), duration) + "  ",
            fit(who, by),
        )
