"""The SQL that the palette would write."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.paint import strip, wrap
from koonj.tui.theme import DIM
from koonj.tui.widgets.sql_pane import SqlPane


class SqlPreview(SqlPane):
    """Changes as the person types, and says whether it is finished."""

    TITLE = "SQL"

    finished: reactive[bool] = reactive(default=False)
    about: reactive[str] = reactive("")

    def title(self) -> tuple[str, str]:
        """Finished or not."""
        count, last = self.count(), min(self.count(), self.top + self.page)
        place = f"{self.top + 1}-{last} of {count}" if count > self.page else ""
        return f"{self.TITLE}  {'finished' if self.finished else 'examples stand for what is missing'}", place

    def head(self, width: int) -> Sequence[Strip]:
        """What the pattern is for."""
        about = wrap(self.about, width - 2)[:2] if self.about else []
        return [strip([(" " + line, DIM)], width) for line in about]

    def watch_sql(self) -> None:
        """The same text, a little different: stay where the person reads."""
        self.body_changed()
