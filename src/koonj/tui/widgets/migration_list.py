"""The list of migrations: number, name, state, verdict. Drawn by line: ten thousand rows cost what ten do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.state.messages import MigrationSelected
from koonj.tui.state.rehearsals import WORD_WIDTH
from koonj.tui.state.snapshot import Row, Snapshot
from koonj.tui.theme import BAD, DIM, MARKED, PLAIN, STATES, STRONG, glyph
from koonj.tui.theme.verdicts import VERDICTS
from koonj.tui.toolkit.strips import Part, fit, strip, wrap
from koonj.tui.widgets.pane import Copyable, CursorPane

WORD = 11
"""Cells for the state's word where there is little room: ``interrupted``."""
_NUMBER, _NAME = 7, 20
"""Cells for number and name where there is little room: `20240131093000` is shortened before a name is."""
_READ = 18
"""Cells of a name, from which on the verdict may have its word."""
_SEEN = 12
"""The same, from which on it has at least its glyph; the preview has the word in any case."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of each column; others are a mark, two blanks, the state's glyph, and blanks beside the words."""

    number: int
    name: int
    word: int
    verdict: int = 0
    """Of the verdict with the blank before it: none, its glyph, or glyph and word."""


def columns(width: int, number: int, word: int, *, rehearsals: bool) -> Columns:
    """For a list of `width` cells; `number`, `word`: the widest ones; `rehearsals`: are there verdicts?"""
    word = min(word, max(WORD, width // 3))
    number = min(number, max(_NUMBER, width - word - _NAME - 5))
    name = width - number - word - 6
    whole, glyph = 3 + WORD_WIDTH, 2
    verdict = 0
    if rehearsals and name - glyph >= _SEEN:
        verdict = whole if name - whole >= _READ else glyph
    return Columns(number, name - verdict, word, verdict)


_WRONG = 4
"""Lines about the folder."""
_GLYPH = 2
"""Cells of a verdict that is its glyph only."""


class MigrationList(CursorPane):
    """Migrations of folder and target, filtered. The selection is a file name: it survives changes."""

    NUMBER = "1"
    TITLE = "Migrations"
    NOTHING_TO_COPY = "No migration is selected."

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    filter: reactive[str] = reactive("", repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[Row, ...] = ()
        self._selected: str | None = None
        self._number_width = 3
        self._word_width = WORD
        self._columns: tuple[int, Columns] | None = None

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    def copyable(self) -> Copyable | None:
        """Give the selected file's path; the name alone where there is no file."""
        row = self.selected
        if row is None:
            return None
        if row.migration is None:
            return Copyable(f"the name of {row.name}, which has no file", lambda: row.name)
        path = row.migration.shown_path
        return Copyable(f"the path of {row.name}", lambda: path)

    def select(self, name: str) -> None:
        """Put the cursor on a file name, now or when it appears."""
        self._selected = name
        self._find()

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        """Folder or target changed."""
        if new is None or old is None or new.rows is not old.rows:
            self._measure(new.rows if new else ())
            self._filter()
        elif new.rehearsals is not old.rehearsals:
            self._columns = None
            if self.filter:
                self._filter()
            self.refresh()
        if new is None or old is None or _about(new) != _about(old):
            self.body_changed()

    def watch_filter(self) -> None:
        """The person typed."""
        self._filter()

    def _measure(self, rows: Sequence[Row]) -> None:
        """The columns' widths: of all rows, so that they stay where they are while a filter is typed."""
        self._number_width = max((r.digits for r in rows), default=3)
        looks = {(r.state, r.status is not None and r.status.allowed): r for r in rows}
        self._word_width = max((len(r.word) for r in looks.values()), default=WORD)
        self._columns = None

    def _filter(self) -> None:
        self.rows = self.snapshot.rows if self.snapshot else ()
        for word in self.filter.lower().split():
            self.rows = tuple(
                [row for row in self.rows if row.matches(word) or word in self._verdict_word(row)]
            )
        self._find()
        self.body_changed()

    def _verdict_word(self, row: Row) -> str:
        return self.snapshot.rehearsals.word(row.name) if self.snapshot else ""

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

    def head(self, width: int) -> Sequence[Strip]:
        """What is wrong with the folder as a whole, and why there is nothing to see."""
        if self.snapshot is None:
            return ()
        wrong, nothing = _wrong(self.snapshot), "" if self.rows else self._nothing(self.snapshot)
        lines: list[list[Part]] = []
        for text in wrap(wrong, width - 4, _WRONG) if wrong else ():
            lines.append([("   " if lines else " ! ", BAD), (text, PLAIN)])
        lines += [[(" " + text, DIM)] for text in wrap(nothing, width - 2) if nothing]
        return [strip(line, width) for line in lines]

    def _nothing(self, snapshot: Snapshot) -> str:
        """Why no row is shown."""
        if snapshot.folder is None:
            return "" if snapshot.folder_error else "reading the folder"
        if snapshot.rows:
            count = len(snapshot.rows)
            return f"None of {count} has these words in number, name, state or verdict. Esc shows all."
        where = snapshot.folder.shown_path or snapshot.folder.path
        return f"No migrations in {where} yet. {self.key_now('n')} writes one."

    def draw(self, index: int, width: int) -> Strip:
        """Marker, number, name, glyph and word of the state, and of the verdict."""
        row, cells = self.rows[index], self._cells(width)
        here = index == self.cursor
        style, dim, state = PLAIN, DIM, STATES[row.state]
        if here:
            style = dim = state = MARKED if self.has_pseudo_class("focus") else STRONG
        digits, label = row.label
        number = cells.number
        parts: list[Part] = [
            ("›" if here else " ", style),
            (digits.rjust(number) if len(digits) <= number else "…" + digits[1 - number :], dim),
            (" " + fit(label, cells.name) + " ", style),
            (glyph(row.state) + " " + fit(row.word, cells.word), state),
            self._verdict(row, cells.verdict, style if here else None),
            (" ", style),
        ]
        return strip(parts, width, style if here else Style.null())

    def _verdict(self, row: Row, cells: int, style: Style | None) -> Part:
        """Glyph and word as far as there is room; `style` where the row has one look."""
        mark = self.snapshot.rehearsals.mark(row.name) if self.snapshot and cells else None
        if mark is None:
            return " " * cells, style or PLAIN
        sign, word, verdict = mark
        return f" {fit(f'{sign} {word}', cells - 1) if cells > _GLYPH else sign}", style or VERDICTS[verdict]

    def _cells(self, width: int) -> Columns:
        if self._columns is None or self._columns[0] != width:
            rehearsals = self.snapshot is not None and self.snapshot.rehearsals.has_any
            found = columns(width, self._number_width, self._word_width, rehearsals=rehearsals)
            self._columns = (width, found)
        return self._columns[1]


def _about(snapshot: Snapshot) -> tuple[object, ...]:
    """What the head is made of."""
    return snapshot.folder_error, snapshot.folder


def _wrong(snapshot: Snapshot) -> str:
    """What keeps the list from being the whole truth."""
    if snapshot.folder_error is not None:
        return ("Below is what the folder held before. " if snapshot.rows else "") + snapshot.folder_error
    left = snapshot.unlisted_files
    if not left:
        return ""
    name, problem = left[0]
    more = f" {len(left)} files are left out: koonj check lists them." if len(left) > 1 else ""
    return f"{name}: {problem.message}{more}"
