"""The preview: a migration's body or rollback, how it runs, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from textual import events
from textual.reactive import reactive
from textual.strip import Strip

from koonj.sql.problem import Problem, Severity
from koonj.tui.document import Document
from koonj.tui.model import Row
from koonj.tui.paint import Part, cut, strip, wrap
from koonj.tui.sql_text import SqlText
from koonj.tui.standing import standing
from koonj.tui.theme import ACCENT, BAD, DIM, PLAIN, STATES, STRONG, WARNING, glyph
from koonj.tui.widgets.sql_pane import SqlPane

_PROBLEMS = 3
"""Problems that the head shows; the rest are counted."""


_STANDING = 4
"""Lines about what the target says of it."""


class Tab(StrEnum):
    """Which text is shown."""

    BODY = "Body"
    ROLLBACK = "Rollback"

    @property
    def other(self) -> Tab:
        """The one that is not shown."""
        return Tab.ROLLBACK if self is Tab.BODY else Tab.BODY


class Preview(SqlPane):
    """Shows the selected migration. The text is the file's, unless the person asked for it formatted."""

    NUMBER = "2"
    TITLE = "Preview"

    row: reactive[Row | None] = reactive(None)
    document: reactive[Document | None] = reactive(None, repaint=False)
    tab: reactive[Tab] = reactive(Tab.BODY, repaint=False)
    formatted: reactive[SqlText | None] = reactive(None, repaint=False)
    """The shown text as the formatter writes it; None: as it stands."""

    def watch_row(self, old: Row | None, new: Row | None) -> None:
        """Another migration, or another state of it."""
        if new is None or (old is not None and old.name != new.name):
            self.document = None
        self.body_changed()

    def watch_document(self, old: Document | None, new: Document | None) -> None:
        """Show it from its top; the same migration, changed, from where it was."""
        top, left = self.top, self.left
        self.formatted = None
        self._show()
        if old and new and old.name == new.name:
            self.top, self.left = top, left

    def watch_tab(self) -> None:
        """The other text."""
        self.formatted = None
        self._show()

    def watch_formatted(self) -> None:
        """The same text, written otherwise."""
        self._show()

    @property
    def shown(self) -> SqlText | None:
        """The text of the tab as it stands."""
        if self.document is None:
            return None
        return self.document.body if self.tab is Tab.BODY else self.document.rollback

    def _show(self) -> None:
        self.sql = self.formatted or self.shown or SqlText("")
        self.body_changed()

    def title(self) -> tuple[str, str]:
        """The tabs, the shown one in brackets, and the visible lines."""
        tabs = " ".join(f"[{tab}]" if tab is self.tab else f" {tab} " for tab in Tab)
        return f"{self.TITLE} {tabs}", self.place

    def on_click(self, event: events.Click) -> None:
        """A tab that is clicked is shown."""
        if event.y == 0:
            title = self.render_line(0).text
            places = {tab: title.find(f" {tab} ") for tab in Tab if tab is not self.tab}
            for tab, at in places.items():
                if at >= 0 and at <= event.x < at + len(tab) + 2:
                    self.tab = tab

    def head(self, width: int) -> Sequence[Strip]:
        """The file and its state, how it runs, its problems."""
        if self.row is None:
            return ()
        lines: list[list[Part]] = [self._identity(width)]
        if self.document is None:
            return [strip(line, width) for line in [*lines, [(" reading", DIM)]]]
        if self.row.migration is None:
            lines.append([(" the file is gone; this is the text that ran", WARNING)])
        lines += [[(" " + text, PLAIN)] for text in wrap(standing(self.row), width - 2)[:_STANDING] if text]
        mode = self.document.mode if self.tab is Tab.BODY else self.document.rollback_mode
        lines += [[(" " + text, DIM)] for text in wrap(mode, width - 2)[:2]]
        if self.formatted is not None:
            lines.append([(" formatted for reading; the file is as it was", ACCENT)])
        lines += self._problems(width)
        return [strip(line, width) for line in lines] + [strip((), width)]

    def _identity(self, width: int) -> list[Part]:
        assert self.row is not None
        state = f"{glyph(self.row.state)} {self.row.word}"
        path = self.document.path if self.document else self.row.name
        room = width - len(state) - 4
        path = path if len(path) <= room else self.row.name
        return [(" " + cut(path, room), STRONG), ("  " + state, STATES[self.row.state])]

    def _problems(self, width: int) -> list[list[Part]]:
        assert self.document is not None
        problems = self.document.problems
        lines: list[list[Part]] = []
        for problem in problems[:_PROBLEMS]:
            style = BAD if problem.severity is Severity.ERROR else WARNING
            texts = wrap(_words(problem), width - 4)[:2]
            lines += [[(" ! " if not i else "   ", style), (text, PLAIN)] for i, text in enumerate(texts)]
        if len(problems) > _PROBLEMS:
            lines.append([(f"   and {len(problems) - _PROBLEMS} more: koonj check", DIM)])
        return lines


def _words(problem: Problem) -> str:
    where = f", line {problem.line}" if problem.line else ""
    return f"{problem.severity.value}{where}: {problem.message} {problem.hint}"
