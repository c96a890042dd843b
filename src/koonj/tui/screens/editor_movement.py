"""The part of the editor that moves the cursor: to problems, matches and lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on

from koonj.tui.screens.text_search import TextSearchScreen
from koonj.tui.state.file_place import FilePlace, neighbour
from koonj.tui.state.offered_pattern import offering
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.problem_list import ProblemList
from koonj.tui.widgets.search_bar import SearchBar
from koonj.tui.widgets.sql_editor import SqlEditor

if TYPE_CHECKING:
    from koonj.tui.toolkit.keyed_app import KeyedApp

HINTS = (
    ("Ctrl+S", "save"),
    ("Esc", "close"),
    ("F8", "next problem"),
    ("Ctrl+F", "find"),
    ("F9", "wrap"),
    ("Ctrl+Z", "undo"),
    ("Ctrl+Y", "redo"),
)
"""Default keys of the last line, with their labels."""
_SEARCH_HINTS = (
    ("F3", "next match"),
    ("Shift+F3", "previous match"),
    ("Esc", "end search"),
    *(pair for pair in HINTS if pair[0] != "Esc"),
)
"""Those while a search is kept: Esc ends it first."""


_OFFER = (("Ctrl+O", "safe pattern"),)


class EditorMovement(TextSearchScreen[bool]):
    """A screen with a text area, its list of problems and its line for a search."""

    @property
    def text(self) -> SqlEditor:
        """The text area."""
        raise NotImplementedError

    def say(self, text: str, *, is_problem: bool = True) -> None:
        """Show a message until the next key."""
        for line in self.query(BottomLine):  # none while the screen is closing
            line.notice = (text, is_problem)

    def search_hints(self) -> None:
        """Show the keys of the text, or those of its search."""
        key_now = cast("KeyedApp", self.app).key_now
        hints = _SEARCH_HINTS if self.text.is_searched else HINTS
        hints = (*hints[:2], *self._more_hints(), *hints[2:])
        for line in self.query(BottomLine):
            line.hints = tuple(Hint(key_now(key), label) for key, label in hints)

    def _more_hints(self) -> tuple[tuple[str, str], ...]:
        """Return keys, with their labels, that are of use only now."""
        return _OFFER if self.offering else ()

    @property
    def offering(self) -> FilePlace | None:
        """The problem at the cursor, or another one of its line, that offers a pattern; None if none does."""
        listed = self.query(ProblemList)
        current = listed.first().current if listed else None
        return offering(listed.first().problems, current) if current is not None else None

    @on(SqlEditor.KeyPressed)
    def clear_message(self) -> None:
        """Show the keys in the bottom line again."""
        for line in self.query(BottomLine):
            line.notice = None

    def next_problem(self, step: int) -> None:
        """Move the cursor to the next problem (`step` 1) or the previous one (-1)."""
        positions = [
            (row, (problem.column or 1) - 1)
            for problem in self.query_one(ProblemList).problems
            if problem.line and (row := self.text.looks.row_of(problem.line - 1)) is not None
        ]
        found = neighbour(positions, self.text.cursor_location, step)
        if found is None:
            self.say("No problem has a line number.", is_problem=False)
        else:
            self.text.go_to(*found)

    def list_problems(self) -> None:
        """Focus the list of problems."""
        self.query_one(ProblemList).focus()

    @on(ProblemList.Chosen)
    def _problem_chosen(self, message: ProblemList.Chosen) -> None:
        place = message.problem
        row = self.text.looks.row_of(place.line - 1) if place is not None and place.line else None
        self.text.focus()
        if place is not None and row is not None:
            self.text.go_to(row, place.position[1])

    def find(self) -> None:
        """Open the line for a search."""
        self.search_in(self.text)

    def go_to_line(self) -> None:
        """Open the line for the number of a line."""
        self.ask_line(self.text)

    @on(SearchBar.NumberTyped)
    def _number_typed(self, message: SearchBar.NumberTyped) -> None:
        self.text.go_to(message.number - 1, 0)

    def toggle_wrap(self) -> None:
        """Wrap long lines, or scroll them sideways."""
        if not self.text.toggle_wrap():
            self.say("The text is too long to be wrapped.", is_problem=False)

    def next_match(self, step: int) -> None:
        """Go to the next match of the search."""
        if self.text.is_searched:
            self.text.searcher.step(step)
        else:
            self.find()
