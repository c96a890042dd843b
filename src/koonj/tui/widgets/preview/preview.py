"""The Preview pane: shows a tab about the selected migration."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.documents.document import Document
from koonj.tui.documents.file_places import failure_places, of_file, problem_places, rehearsal_place
from koonj.tui.documents.sql_text import SqlText
from koonj.tui.documents.statement_list import ScriptPart, StatementLine
from koonj.tui.documents.statement_tones import statement_at, statement_tone
from koonj.tui.state.file_place import FileLine, FilePlace, PlaceSource, by_weight, first_with_line, neighbour
from koonj.tui.state.offered_pattern import OfferedPattern, offering
from koonj.tui.state.rehearsals import Rehearsals
from koonj.tui.state.run import RunView
from koonj.tui.state.screen_advice import in_keys
from koonj.tui.state.snapshot import Check, Row
from koonj.tui.theme import ACCENT, DIM, RULE
from koonj.tui.theme.fills import inked
from koonj.tui.toolkit.strips import Part, strip
from koonj.tui.widgets.pane import Copyable
from koonj.tui.widgets.preview.empty_tabs import empty_reason
from koonj.tui.widgets.preview.filled_head import FilledLook
from koonj.tui.widgets.preview.header import HeadFacts, PlainLook, head_lines
from koonj.tui.widgets.preview.line_marks import line_marks, running_mark
from koonj.tui.widgets.preview.sheet_pane import SheetPane
from koonj.tui.widgets.preview.statements_tab import StatementSheet
from koonj.tui.widgets.preview.tab_content import Sheet, TextSheet
from koonj.tui.widgets.preview.tabs import Tab, number_parts, tab_at, tab_names, tab_parts
from koonj.tui.widgets.sql_pane import LineMark


class Preview(SheetPane):
    """Preview of the selected migration, as written in the file or formatted."""

    NUMBER = "2"
    TITLE = "Preview"
    NOTHING_TO_COPY = "No text to copy."

    row: reactive[Row | None] = reactive(None)
    check: reactive[Check | None] = reactive(None, repaint=False)
    """The last status of the chosen target."""
    rehearsals: reactive[Rehearsals] = reactive(Rehearsals, repaint=False)
    """The verdicts of rehearsals."""
    document: reactive[Document | None] = reactive(None, repaint=False)
    tab: reactive[Tab] = reactive(Tab.BODY, repaint=False)
    formatted: reactive[SqlText | None] = reactive(None, repaint=False)
    """The shown text, formatted; None: as written in the file."""
    record_sheet: reactive[Sheet | None] = reactive(None, repaint=False)
    """Content of the tabs Changes, Rehearsal and History; None while it is being read."""
    run: reactive[RunView | None] = reactive(None, repaint=False)
    """The last run that has ended."""
    live: reactive[RunView | None] = reactive(None, repaint=False)
    """The run in progress on the chosen target."""
    visited: FilePlace | None = None
    """The place to which a key has led last."""
    _kept_line: int | None = None
    """Line of the file that stays visible until the user scrolls; None for none."""
    _led_to: int | None = None
    """Line of the file to which a key has led, and that is marked; None for none."""
    _pending: FilePlace | FileLine | None = None
    """A place to show when the document of its migration is there."""

    class TabShown(Message):
        """Posted when another tab is shown."""

    def watch_row(self, old: Row | None, new: Row | None) -> None:
        """Forget the document of another migration, and update the view."""
        if new is None or (old is not None and old.name != new.name):
            self.document = self.visited = self._kept_line = self._led_to = None
        self._update()

    def watch_check(self, old: Check | None, new: Check | None) -> None:
        """Update the view if target or status changed."""
        if old is None or new is None or (old.target, id(old.status)) != (new.target, id(new.status)):
            self._update()

    def watch_run(self) -> None:
        self._update()

    def watch_live(self, old: RunView | None, new: RunView | None) -> None:
        """Draw again if another statement of this migration runs, or if it waits."""
        if _live_state(old) != _live_state(new):
            self.refresh()

    def watch_rehearsals(self, old: Rehearsals, new: Rehearsals) -> None:
        """Update the view if the rehearsal of this migration changed."""
        name = self.row.name if self.row else ""
        waits = self.tab is Tab.REHEARSAL and name not in new.results
        if waits or (old.mark(name), old.results.get(name)) != (new.mark(name), new.results.get(name)):
            self._update()

    def empty_reason(self, tab: Tab) -> str | None:
        """Return why a tab is empty; None if it is not, or not known to be."""
        assert self.row is not None
        return empty_reason(tab, self.row, self.document, self.check, self.rehearsals, self.key_now("p"))

    def watch_document(self, old: Document | None, new: Document | None) -> None:
        """Show the document; keep the scroll position if only its text changed."""
        self.formatted = None
        if old and new and old.name == new.name:
            self._update()
        else:
            self._show()
            if self.is_searched:
                self.search_from_start(self.searcher.text)
        if new and self._pending and new.name == self._pending.name:
            self.show_place(self._pending)

    def watch_tab(self) -> None:
        self.formatted = None
        self._show()
        self.post_message(self.TabShown())

    def watch_formatted(self) -> None:
        self._show()

    def watch_record_sheet(self) -> None:
        self._update()

    @property
    def shown(self) -> SqlText | None:
        """Text of the tab as written in the file; None if the tab does not show file text."""
        if self.document is None or not self.tab.is_text:
            return None
        return self.document.body if self.tab is Tab.BODY else self.document.rollback

    def _show(self) -> None:
        self._sheet = self._make_sheet()
        self.sql = self.formatted or self.shown or SqlText("")
        self._mark()
        self.left = self.top = 0
        first = 1 if self.document is None else self.document.first_line
        if first > 1 and self.tab is Tab.BODY and self.formatted is None:
            self.top = self.row_of_line(first - 1)
        self.body_changed()

    def _mark(self) -> None:
        """Mark the lines with something wrong, and the one to which a key has led."""
        is_marked = self._sheet is None and self.formatted is None and self.row is not None
        is_rollback = self.tab is Tab.ROLLBACK
        places = of_file(self.places, self.document, is_rollback=is_rollback)
        self.marked = (
            line_marks(places, self.sql, is_rollback=is_rollback, shown=self._led_to) if is_marked else {}
        )

    def _update(self) -> None:
        """Show the current content and keep the scroll position."""
        top, left = self.top, self.left
        self._show()
        self.top, self.left = top, left
        self._keep_line()

    def _make_sheet(self) -> Sheet | None:
        if self.row is None or self.tab.is_text or self.document is None:
            return None
        reason = self.empty_reason(self.tab)
        if reason is not None:
            return TextSheet(reason)
        if self.tab is Tab.STATEMENTS:
            lines = self.document.statements
            return TextSheet(self.document.mode) if lines is None else StatementSheet(lines, self.places)
        return self.record_sheet or TextSheet("reading")

    # Places

    @property
    def failures(self) -> tuple[FilePlace, ...]:
        """Places of what failed: the last run of the migration on the chosen target, and its rehearsal."""
        if self.row is None or self.check is None:
            return ()
        target = self.check.target.name
        return failure_places(self.row, self.document, target, self.run, self.rehearsals)

    @property
    def places(self) -> tuple[FilePlace, ...]:
        """Places of everything that is wrong with the migration."""
        name = self.row.name if self.row else ""
        problems = self.document.problems if self.document else ()
        return (*self.failures, *problem_places(name, problems))

    @property
    def first_place(self) -> FilePlace | FileLine | None:
        """The place where an editor opens the file: the last one visited, or that of most weight."""
        if self.visited is None and self._led_to is not None and self.row is not None:
            return FileLine(self.row.name, self._led_to)
        return self.visited if self.visited in self.places else first_with_line(self.places)

    @property
    def offered(self) -> OfferedPattern | None:
        """The pattern that the problem visited last offers, or the first one that does; None if none does."""
        if self.document is None or not any(problem.pattern for problem in self.document.problems):
            return None
        place, lines = offering(self.places, self.visited), self.document.statements
        if place is None or place.pattern is None:
            return None
        found = statement_at(lines, place.line) if lines is not None and place.line is not None else None
        number = found.number if found is not None else None
        return OfferedPattern(place.pattern, place.name, place.line, number)

    @property
    def place_of_tab(self) -> FilePlace | None:
        """The place of the rehearsal or the history in their tabs; in the others that of most weight."""
        if self.tab is Tab.REHEARSAL and self.row is not None:
            return rehearsal_place(self.rehearsals.results.get(self.row.name))
        wanted = {PlaceSource.LAST_APPLY, PlaceSource.LAST_ROLLBACK} if self.tab is Tab.HISTORY else None
        return first_with_line(p for p in self.places if wanted is None or p.source in wanted)

    def show_place(self, place: FilePlace | FileLine) -> None:
        """Show the line of a place, now or when the document of its migration is there."""
        self._pending = None
        if self.document is None or self.document.name != place.name:
            self._pending = place
        elif place.line is not None:
            self.visited = place if isinstance(place, FilePlace) else None
            self.show_line(place.line, in_rollback=isinstance(place, FilePlace) and place.in_rollback)

    def show_line(self, line: int, *, in_rollback: bool = False) -> None:
        """Show a line, in the tab that has it (`in_rollback`: in the own file of the rollback)."""
        rollback = self.document.rollback if self.document else None
        if self.document is None or not self.document.has_rollback_file:
            in_rollback = rollback is not None and line >= rollback.first_line
        self.tab = Tab.ROLLBACK if in_rollback and rollback is not None else Tab.BODY
        self.formatted = None
        self._kept_line = self._led_to = line
        self._mark()
        self._keep_line()

    def _keep_line(self) -> None:
        """Scroll to the line that a key has shown, if it is not visible."""
        if self._kept_line is None or self._sheet is not None:
            return
        index = self.row_of_line(self._kept_line - self.sql.first_line)
        if not self.top <= index < self.top + self.page:
            self.top = index - self.page // 3

    def on_resize(self) -> None:
        super().on_resize()
        self._keep_line()

    def go(self, lines: int) -> None:
        self._kept_line = None
        super().go(lines)

    def go_to(self, index: int) -> None:
        super().go_to(index)
        at_end = self.shown is not None and self.formatted is None and self.top == self.last_top > 0
        self._kept_line = self.sql.first_line + len(self.sql) - 1 if at_end else None

    def jump(self, number: int) -> None:
        """Show a line of the file; in a tab without file text a line of the tab."""
        if self.tab.is_text:
            self.visited = None
            self.show_line(number, in_rollback=self.tab is Tab.ROLLBACK)
        else:
            super().jump(number)

    def next_problem(self, step: int) -> str:
        """Show the next place (`step` 1) or the previous one (-1). Return what is wrong there, in words."""
        places = {place.position: place for place in reversed(by_weight(self.places)) if place.line}
        here = (-1 if self._led_to is None else self._led_to - 1, 0)
        here = self.visited.position if self.visited in self.places and self.visited else here
        found = neighbour(list(places), here, step)
        if found is None:
            return "No problem of this migration has a line number."
        place = places[found]
        self.show_place(place)
        hint = in_keys(place.hint, self.key_now)
        return f"{place.where} {place.label}: {place.message} {hint}".rstrip()

    # Drawing

    def title(self) -> tuple[str, str]:
        """Return the tab names and the visible lines, shortened to fit."""
        room = self.size.width - 4 - len("  zoomed") * self.has_class("-zoomed")
        names, place = tab_names(self.tab, 999), self.place
        for left, right in ((f"{self.TITLE}  {names}", place), (names, place), (names, self._short_place)):
            if cell_len(left) + cell_len(right) + 4 <= room:
                return left, right
        taken = len(self._short_place) + 4 if self._short_place else 0
        return tab_names(self.tab, room - taken), self._short_place

    def title_left(self, width: int) -> Sequence[Part]:
        """Return the tabs as the title; as many as fit."""
        focused = self.has_pseudo_class("focus")
        if self.collapsed:
            return super().title_left(width)
        mark = "zoomed " if self.has_class("-zoomed") else ""
        room = width - 9 - len(mark)
        empty = {t for t in Tab if self.row is not None and self.empty_reason(t) is not None}
        return [*number_parts(self.NUMBER, focused=focused), *tab_parts(self.tab, empty, room), (mark, DIM)]

    def title_right(self, width: int) -> Sequence[Part]:
        """Return the visible lines, if there is room next to all tabs."""
        return [(f" {self.place} ", DIM)] if self.place else []

    @property
    def _short_place(self) -> str:
        return f"{self.top + 1}/{self.count()}" if self.place else ""

    def _title(self, width: int) -> Strip:
        """Return the title with the names of empty tabs dimmed."""
        title = super()._title(width)
        if self.row is None or self.collapsed or self.has_fills:
            return title
        for tab in Tab:
            start = title.text.find(tab)
            if start >= 0 and self.empty_reason(tab) is not None:
                cuts = [0, start, start + len(tab), width]
                before, name, after = (title.crop(*span) for span in pairwise(cuts))
                title = Strip.join([before, name.apply_style(DIM), after])
        return title

    def gutter_look(self, index: int) -> Style:
        """Return the tone of the statement of a line: the accent, or how far it is in the run."""
        tone = self._tone(index)
        return inked(tone) if tone is not None else super().gutter_look(index)

    def mark_of(self, index: int) -> LineMark | None:
        mark = super().mark_of(index)
        return mark if self.live is None else running_mark(mark, self._tone(index))

    def _tone(self, index: int) -> str | None:
        lines = self.document.statements if self.document is not None else None
        if lines is None or self.row is None or self.formatted is not None:
            return None
        statement = statement_at(lines, self.sql.first_line + index)
        run = self.live or (self.run if self.run is not None and self.run.target == self._target else None)
        return statement_tone(statement, self.row.name, run) if statement is not None else None

    @property
    def _is_told(self) -> bool:
        """Whether the Run pane beside it says why the last run of the migration failed."""
        run = self.run
        if run is None or run.closed or run.failure is None or self.has_class("-zoomed"):
            return False
        return self.row is not None and (run.target, run.failure.name) == (self._target, self.row.name)

    @property
    def _target(self) -> str:
        return self.check.target.name if self.check is not None else ""

    def head(self, width: int) -> Sequence[Strip]:
        if self.row is None:
            return ()
        filled = self.has_fills
        facts = HeadFacts(self.row, self.document, self.tab, self.rehearsals, self._is_told, self.key_now)
        lines = head_lines(facts, FilledLook() if filled else PlainLook(), width)
        if self.formatted is not None:
            lines.append([(" formatted; the file is unchanged", ACCENT)])
        below: list[Part] = [(" " + "─" * (width - 2), RULE)] if filled else []
        return [strip(line, width) for line in [*lines, *([below] if self.document is not None else [])]]

    # Search

    def search_from_start(self, text: str) -> None:
        """Mark a text, and show its first match; an empty text ends the search."""
        self.searcher.clear()
        if text:
            self.go_to(0)
            self.searcher.start(text)

    # Mouse and copy

    def on_click(self, event: events.Click) -> None:
        """Show the clicked tab, or the clicked statement in the file."""
        if event.y == 0:
            width = self.outer_size.width
            title = self.frame_edge(width, is_top=True) if self.framed else self._title(width)
            clicked = tab_at(title.text, event.x)
            if clicked is not None:
                self.tab = self.tab.neighbour(clicked) if isinstance(clicked, int) else clicked
        elif isinstance(self._sheet, StatementSheet) and (index := self.line_at(event.y)) is not None:
            self._go_to_statement(self._sheet.at(index))

    def _go_to_statement(self, statement: StatementLine) -> None:
        if statement.line:
            self.tab = Tab.BODY if statement.part is ScriptPart.BODY else Tab.ROLLBACK
            self.go_to(self.row_of_line(statement.line - self.sql.first_line))

    def copyable(self) -> Copyable | None:
        """Return the text of the tab."""
        if self.row is None or not self.count():
            return None
        return Copyable(f"the {self.tab.lower()} of {self.row.name}", self.whole_text)


def _live_state(view: RunView | None) -> tuple[object, ...]:
    """Return what the tones of the statements depend on."""
    return () if view is None else (view.statement, view.waits)
