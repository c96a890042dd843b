"""A screen with the list of migrations and the line that filters it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.widgets import Input

from koonj.migrations.migration import Migration
from koonj.tui.screens.text_search import TextSearchScreen
from koonj.tui.state.messages import FilesSearched
from koonj.tui.widgets.filter_input import SQL, FilterLine, FilterRow, sql_text
from koonj.tui.widgets.migration_list import MigrationList
from koonj.tui.widgets.preview import Preview
from koonj.tui.workers.file_search import FileSearch


class FilteredList(TextSearchScreen[None]):
    """The part of the main screen that filters the list."""

    def __init__(self) -> None:
        super().__init__()
        self._files = FileSearch(self)
        self._marks_sql = False
        """Whether the preview marks the text of the filter."""

    @property
    def migrations(self) -> MigrationList:
        """Pane 1."""
        return self.query_one(MigrationList)

    @property
    def filter_line(self) -> FilterLine:
        """The input line of the filter."""
        return self.query_one(FilterLine)

    def open_filter(self, text: str | None = None) -> None:
        """Open the line for the filter, with `text` if it is given."""
        self.query_one(FilterRow).display = True
        if text is not None:
            self.filter_line.value = text
            self.filter_line.cursor_position = len(text)
        self.filter_line.focus()

    def search_files(self) -> None:
        """Open the line for a filter by the SQL of the files."""
        known = self.migrations.filter
        self.open_filter(known if known.startswith(SQL) else SQL)

    @on(Input.Changed, "#filter")
    def filter_changed(self, event: Input.Changed) -> None:
        """Apply the filter as the user types."""
        self.migrations.filter = event.value
        self._search_sql()

    def _search_sql(self) -> None:
        """Search the SQL of the files if the filter says so."""
        text = sql_text(self.migrations.filter)
        if text:
            self._files.start(text, self.searched_files())
        else:
            self._files.cancel()
            self.migrations.found = None
        if text or self._marks_sql:
            self._marks_sql = bool(text)
            self.query_one(Preview).search_from_start(text)

    @on(FilesSearched)
    def files_searched(self, message: FilesSearched) -> None:
        """Show the files that were found so far."""
        if message.text == sql_text(self.migrations.filter):
            self.migrations.found = (message.names, message.searched)

    def searched_files(self) -> Sequence[Migration]:
        """Return the files of the list."""
        raise NotImplementedError

    def search_again(self) -> None:
        """Search the SQL again if the filter says so, because files have changed."""
        if text := sql_text(self.migrations.filter):
            self._files.start(text, self.searched_files())

    @on(FilterLine.Kept)
    def filter_kept(self) -> None:
        """Keep the filter and focus the list."""
        self.query_one(FilterRow).display = False
        self.migrations.focus()

    @on(FilterLine.Cleared)
    def clear_filter(self) -> None:
        """Show all migrations again."""
        self.filter_line.value = ""
        self.migrations.filter = ""
        self.filter_kept()

    @on(FilterLine.Moved)
    def filter_moved(self, message: FilterLine.Moved) -> None:
        """Move in the list while the user types the filter."""
        self.migrations.go(message.lines)
