"""The list of migrations: number, name, state. Drawn by line: ten thousand rows cost what ten do."""

from __future__ import annotations

from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.messages import MigrationSelected
from koonj.tui.model import Row, Snapshot
from koonj.tui.paint import Part, fit, strip
from koonj.tui.theme import DIM, MARKED, PLAIN, STATES, STRONG, glyph
from koonj.tui.widgets.pane import CursorPane

_WORD = 9
"""Cells for the state's word where there is little room: ``duplicate``."""


class MigrationList(CursorPane):
    """Migrations of folder and target, filtered. The selection is a file name: it survives changes."""

    NUMBER = "1"
    TITLE = "Migrations"

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    filter: reactive[str] = reactive("", repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[Row, ...] = ()
        self._selected: str | None = None
        self._number_width = 3
        self._word_width = _WORD

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    def select(self, name: str) -> None:
        """Put the cursor on a file name, now or when it appears."""
        self._selected = name
        self._find()

    def watch_snapshot(self) -> None:
        """Folder or target changed."""
        self._filter()

    def watch_filter(self) -> None:
        """The person typed."""
        self._filter()

    def _filter(self) -> None:
        rows = self.snapshot.rows if self.snapshot else ()
        words = self.filter.lower().split()
        self.rows = tuple(r for r in rows if r.matches(words)) if words else rows
        self._number_width = max((len(r.label[0]) for r in self.rows), default=3)
        self._word_width = max((len(r.word) for r in self.rows), default=_WORD)
        self._find()
        self.body_changed()

    def _find(self) -> None:
        """Put the cursor back on the selected name; where it is gone, stay near."""
        found = next((i for i, r in enumerate(self.rows) if r.name == self._selected), None)
        if found is None:
            found = min(self.cursor, max(0, len(self.rows) - 1))
        self.cursor = found
        self._tell()

    def watch_cursor(self, old: int, new: int) -> None:
        """The person moved."""
        super().watch_cursor(old, new)
        if self.selected is not None and self.is_attached:
            self._selected = self.selected.name
            self._tell()

    def _tell(self) -> None:
        if self.selected is not None and self._selected is None:
            self._selected = self.selected.name
        self.post_message(MigrationSelected(self.selected.name if self.selected else None))

    def count(self) -> int:
        """Rows that pass the filter."""
        return len(self.rows)

    def title(self) -> tuple[str, str]:
        """With the filter, and how many of how many."""
        total = len(self.snapshot.rows) if self.snapshot else 0
        place = f"{self.cursor + 1} of {len(self.rows)}" if self.rows else "0"
        if not self.filter:
            return self.TITLE, place
        return f"{self.TITLE}  /{self.filter}", f"{len(self.rows)} of {total}"

    def draw(self, index: int, width: int) -> Strip:
        """Marker, number, name, glyph and word."""
        row = self.rows[index]
        here = index == self.cursor
        style, dim, state = PLAIN, DIM, STATES[row.state]
        if here:
            style = dim = state = MARKED if self.has_pseudo_class("focus") else STRONG
        digits, label = row.label
        word = min(self._word_width, max(_WORD, width // 3))
        room = width - 1 - self._number_width - 1 - 1 - 2 - word - 1
        parts: list[Part] = [
            ("›" if here else " ", style),
            (digits.rjust(self._number_width), dim),
            (" " + fit(label, room) + " ", style),
            (glyph(row.state) + " " + fit(row.word, word), state),
            (" ", style),
        ]
        return strip(parts, width, style if here else Style.null())
