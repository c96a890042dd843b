"""A screen with the list of migrations and the line that filters it."""

from __future__ import annotations

from textual import on
from textual.screen import Screen
from textual.widgets import Input

from koonj.tui.widgets.filter_input import FilterLine, FilterRow
from koonj.tui.widgets.migration_list import MigrationList


class FilteredList(Screen[None]):
    """The part of the main screen that filters the list."""

    @property
    def migrations(self) -> MigrationList:
        """Pane 1."""
        return self.query_one(MigrationList)

    @property
    def filter_line(self) -> FilterLine:
        """The input line of the filter."""
        return self.query_one(FilterLine)

    def open_filter(self) -> None:
        """Open the line for the filter."""
        self.query_one(FilterRow).display = True
        self.filter_line.focus()

    @on(Input.Changed, "#filter")
    def filter_changed(self, event: Input.Changed) -> None:
        """Apply the filter as the user types."""
        self.migrations.filter = event.value

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
