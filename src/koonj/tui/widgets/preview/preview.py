"""The preview: a migration's texts, its statements, what was changed since it ran, what was done to it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.documents.document import Document
from koonj.tui.documents.sql_text import SqlText
from koonj.tui.documents.statement_list import ScriptPart, StatementLine
from koonj.tui.state.rehearsals import Rehearsals
from koonj.tui.state.snapshot import Check, Row
from koonj.tui.theme import ACCENT, DIM
from koonj.tui.toolkit.strips import strip
from koonj.tui.widgets.pane import Copyable
from koonj.tui.widgets.preview.empty_tabs import nothing_in
from koonj.tui.widgets.preview.header import head_lines
from koonj.tui.widgets.preview.statements import StatementSheet
from koonj.tui.widgets.preview.tab_content import Sheet, TextSheet
from koonj.tui.widgets.preview.tabs import Tab, tab_at, tab_names
from koonj.tui.widgets.sql_pane import SqlPane

_COPIED = 5_000
"""Lines of a sheet that are copied at most."""


class Preview(SqlPane):
    """Shows the selected migration. The text is the file's, unless the person asked for it formatted."""

    NUMBER = "2"
    TITLE = "Preview"
    NOTHING_TO_COPY = "There is no text to copy."

    row: reactive[Row | None] = reactive(None)
    check: reactive[Check | None] = reactive(None, repaint=False)
    """The chosen target, and what it said."""
    rehearsals: reactive[Rehearsals] = reactive(Rehearsals, repaint=False)
    """What rehearsals told."""
    document: reactive[Document | None] = reactive(None, repaint=False)
    tab: reactive[Tab] = reactive(Tab.BODY, repaint=False)
    formatted: reactive[SqlText | None] = reactive(None, repaint=False)
    """The shown text as the formatter writes it; None: as it stands."""
    told: reactive[Sheet | None] = reactive(None, repaint=False)
    """What history and rehearsals tell in the tabs Changes, Rehearsal and History; None: it is being read."""
    _sheet: Sheet | None = None
    """What is shown instead of a text."""

    class TabShown(Message):
        """Another tab is shown."""

    def watch_row(self, old: Row | None, new: Row | None) -> None:
        """Another migration, or another state of it."""
        if new is None or (old is not None and old.name != new.name):
            self.document = None
        self._show_again()

    def watch_check(self, old: Check | None, new: Check | None) -> None:
        """The target said something, or is another one."""
        if old is None or new is None or (old.target, id(old.status)) != (new.target, id(new.status)):
            self._show_again()

    def watch_rehearsals(self, old: Rehearsals, new: Rehearsals) -> None:
        """Something was rehearsed: what is shown of this migration may be something else."""
        name = self.row.name if self.row else ""
        waits = self.tab is Tab.REHEARSAL and name not in new.results
        if waits or (old.mark(name), old.results.get(name)) != (new.mark(name), new.results.get(name)):
            self._show_again()

    def nothing_in(self, tab: Tab) -> str | None:
        """Why a tab has nothing to show; None where it has, or may have."""
        assert self.row is not None
        return nothing_in(tab, self.row, self.document, self.check, self.rehearsals, self.key_now("p"))

    def watch_document(self, old: Document | None, new: Document | None) -> None:
        """Show it from its top; the same migration, changed, from where it was."""
        self.formatted = None
        if old and new and old.name == new.name:
            self._show_again()
        else:
            self._show()

    def watch_tab(self) -> None:
        """Something else of the same migration."""
        self.formatted = None
        self._show()
        self.post_message(self.TabShown())

    def watch_formatted(self) -> None:
        """The same text, written otherwise."""
        self._show()

    def watch_told(self) -> None:
        """It was read, perhaps once more."""
        self._show_again()

    @property
    def shown(self) -> SqlText | None:
        """The text of the tab as it stands; None: the tab shows no text of the file."""
        if self.document is None or not self.tab.is_text:
            return None
        return self.document.body if self.tab is Tab.BODY else self.document.rollback

    def _show(self) -> None:
        self._sheet = self._sheet_of()
        self.sql = self.formatted or self.shown or SqlText("")
        self.left = self.top = 0
        self.body_changed()

    def _show_again(self) -> None:
        """The same thing, which may have changed: stay where the person reads."""
        top, left = self.top, self.left
        self._show()
        self.top, self.left = top, left

    def _sheet_of(self) -> Sheet | None:
        if self.row is None or self.tab.is_text or self.document is None:
            return None
        nothing = self.nothing_in(self.tab)
        if nothing is not None:
            return TextSheet(nothing)
        if self.tab is Tab.STATEMENTS:
            lines = self.document.statements
            return TextSheet(self.document.mode) if lines is None else StatementSheet(lines)
        return self.told or TextSheet("reading")

    # Drawing

    def title(self) -> tuple[str, str]:
        """The tabs, the shown one in brackets, and the visible lines: as much as there is room for."""
        room = self.size.width - 4 - len("  zoomed") * self.has_class("-zoomed")
        names, place = tab_names(self.tab, 999), self.place
        for left, right in ((f"{self.TITLE}  {names}", place), (names, place), (names, self._short_place)):
            if cell_len(left) + cell_len(right) + 4 <= room:
                return left, right
        taken = len(self._short_place) + 4 if self._short_place else 0
        return tab_names(self.tab, room - taken), self._short_place

    @property
    def _short_place(self) -> str:
        return f"{self.top + 1}/{self.count()}" if self.place else ""

    def _title(self, width: int) -> Strip:
        """Tabs that have nothing to show are dim."""
        title = super()._title(width)
        if self.row is None or self.collapsed:
            return title
        for tab in Tab:
            at = title.text.find(tab)
            if at >= 0 and self.nothing_in(tab) is not None:
                cut = [0, at, at + len(tab), width]
                before, name, after = (title.crop(*span) for span in pairwise(cut))
                title = Strip.join([before, name.apply_style(DIM), after])
        return title

    def head(self, width: int) -> Sequence[Strip]:
        """The file and its state, how it runs, its problems."""
        if self.row is None:
            return ()
        lines = head_lines(self.row, self.document, self.tab, self.rehearsals, width)
        if self.formatted is not None:
            lines.append([(" formatted for reading; the file is as it was", ACCENT)])
        return [strip(line, width) for line in lines] + [strip((), width)] * (self.document is not None)

    def count(self) -> int:
        """Lines of the text or the sheet."""
        return super().count() if self._sheet is None else self._sheet.count(self.size.width)

    def draw(self, index: int, width: int) -> Strip:
        """One of them."""
        if self._sheet is None:
            return super().draw(index, width)
        fixed, moving = self._sheet.line(index, width)
        taken = sum(cell_len(text) for text, _ in fixed)
        room = max(0, self.left + width - taken)
        return Strip.join([strip(fixed, taken), strip(moving, room, more=DIM).crop(self.left)])

    def validate_left(self, left: int) -> int:
        """Keep some of the widest line visible."""
        if self._sheet is None:
            return super().validate_left(left)
        return max(0, min(left, self._sheet.widest(self.size.width) - self.size.width))

    def _colour(self) -> None:
        """Only texts have colours of their own."""
        if self._sheet is None:
            super()._colour()

    # What is done with it

    def on_click(self, event: events.Click) -> None:
        """A tab that is clicked is shown; a statement that is clicked is shown where it stands."""
        if event.y == 0:
            found = tab_at(self.render_line(0).text, event.x)
            if found is not None:
                self.tab = self.tab.beside(found) if isinstance(found, int) else found
        elif isinstance(self._sheet, StatementSheet) and (index := self.line_at(event.y)) is not None:
            self._go_to_statement(self._sheet.at(index))

    def _go_to_statement(self, said: StatementLine) -> None:
        if said.line:
            self.tab = Tab.BODY if said.part is ScriptPart.BODY else Tab.ROLLBACK
            self.go_to(said.line - self.sql.first_line)

    def copyable(self) -> Copyable | None:
        """Give the text of the tab."""
        if self.row is None or not self.count():
            return None
        return Copyable(f"the {self.tab.lower()} of {self.row.name}", self._text)

    def _text(self) -> str:
        """All that the tab shows, as text; of a sheet its first lines."""
        if self._sheet is None:
            return self.sql.text
        width = max(self.size.width, 1)
        lines = (self._sheet.line(index, width) for index in range(min(self.count(), _COPIED)))
        texts = ("".join(text for text, _ in (*fixed, *moving)) for fixed, moving in lines)
        return "".join(text.rstrip() + "\n" for text in texts)
