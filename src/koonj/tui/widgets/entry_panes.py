"""The text that a history entry recorded, and the log of its run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from textual.reactive import reactive
from textual.strip import Strip

from koonj.migrations.history_entry import HistoryEntry
from koonj.tui.theme import DIM
from koonj.tui.toolkit.strips import strip, wrap
from koonj.tui.widgets.preview.history_tab import entry_lines
from koonj.tui.widgets.run_pane import RunPane
from koonj.tui.widgets.sql_pane import SqlPane


class RecordedText(SqlPane):
    """What is known of an entry, and below it the text that ran."""

    TITLE = "Recorded text"

    note: reactive[str] = reactive("reading", repaint=False)
    """Why there is no text; empty if there is one."""

    def __init__(self, entry: HistoryEntry) -> None:
        super().__init__()
        self._entry = entry

    def title(self) -> tuple[str, str]:
        return self.TITLE, self.place

    def watch_note(self) -> None:
        self.body_changed()

    def head(self, width: int) -> Sequence[Strip]:
        """Return what is known of the entry."""
        notes = [[(" " + text, DIM)] for text in wrap(self.note, width - 2) if text]
        return [*(strip(line, width) for line in (*entry_lines(self._entry, width), [], *notes))]


class EntryLog(RunPane):
    """The log of the run that made an entry. Its keys are those of the screen, not of a run."""

    NUMBER = ""
    TITLE = "Log of the run"

    note: reactive[str] = reactive("reading", repaint=False)
    """Why there is no log; empty if there is one."""

    def watch_note(self) -> None:
        self.body_changed()

    def title(self) -> tuple[str, str]:
        return self.TITLE, self.place

    @property
    def room(self) -> int:
        """All lines: the log is the place where everything of an old run is read."""
        return sys.maxsize

    def foot(self, width: int) -> Sequence[Strip]:
        """Return nothing: the keys for what to do next belong to the main screen."""
        return ()

    def head(self, width: int) -> Sequence[Strip]:
        """Return why there is no log, or the result of the run."""
        if self.view is not None:
            return super().head(width)
        return [strip([(" " + text, DIM)], width) for text in wrap(self.note, width - 2) if text]

    def count(self) -> int:
        return super().count() if self.view is not None else 0
