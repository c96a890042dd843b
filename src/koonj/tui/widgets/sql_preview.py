"""The SQL that the palette would write."""

from __future__ import annotations

from textual.reactive import reactive

from koonj.tui.widgets.sql_pane import SqlPane


class SqlPreview(SqlPane):
    """Changes as the person types, and says whether it is finished."""

    TITLE = "SQL"

    finished: reactive[bool] = reactive(default=False)

    def title(self) -> tuple[str, str]:
        """Finished or not."""
        standing = "finished" if self.finished else "examples stand for what is missing"
        return f"{self.TITLE}  {standing}", self.place

    def watch_sql(self) -> None:
        """The same text, a little different: stay where the person reads."""
        self.body_changed()
