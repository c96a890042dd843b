"""Screens whose panes can be searched: the line for the text, and the keys that go on."""

from __future__ import annotations

from typing import Generic, TypeVar, cast

from textual import events, on
from textual.screen import Screen

from koonj.tui.commands.search import letter_steps, match_keys
from koonj.tui.toolkit.key_names import display_key
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.search_bar import SearchBar
from koonj.tui.widgets.sql_editor import SqlEditor
from koonj.tui.widgets.text_searcher import SearchChanged

Result = TypeVar("Result")

_LABELS = {1: "next match", -1: "previous match"}


def search_keys(pane: Pane) -> tuple[Hint, ...]:
    """Return the keys of a pane with a search; `n` creates no migration then."""
    steps: dict[int, str] = {}
    if pane.searcher.has_matches:
        for key, step in match_keys(cast("KeyedApp", pane.app).keys_of).items():
            steps.setdefault(step, display_key(key))
    shown = (Hint(steps[step], label) for step, label in _LABELS.items() if step in steps)
    return (*shown, Hint("Esc", "end search"))


class TextSearchScreen(Screen[Result], Generic[Result]):
    """A screen with a `SearchBar`."""

    _searched: Pane | SqlEditor | None = None
    """The widget whose text is searched while the user types."""

    @property
    def search_bar(self) -> SearchBar:
        """The line for the text."""
        return self.query_one(SearchBar)

    @property
    def _bottom_line(self) -> BottomLine:
        return self.query_one(BottomLine)

    def search_in(self, pane: Pane | SqlEditor) -> None:
        """Open the line for a search in `pane`."""
        self._searched = pane
        self._bottom_line.display = False
        self.search_bar.show_count(pane.searcher.count)
        self.search_bar.open(pane.searcher.text)

    def ask_line(self, pane: Pane | SqlEditor) -> None:
        """Open the line for the number of a line of `pane`."""
        self._searched = pane
        self._bottom_line.display = False
        self.search_bar.ask_number()

    @on(SearchBar.Typed)
    def _search_typed(self, message: SearchBar.Typed) -> None:
        self.search_typed(message.text)

    def search_typed(self, text: str) -> None:
        """Search for what the user has typed so far."""
        if self._searched is not None:
            self._searched.searcher.start(text)

    @on(SearchBar.Stepped)
    def _search_stepped(self, message: SearchBar.Stepped) -> None:
        self.search_stepped(message.step)

    def search_stepped(self, step: int) -> None:
        """Handle Up (-1) and Down (1) in the line."""
        if self._searched is not None:
            self._searched.searcher.step(step)

    @on(SearchBar.Kept)
    def _search_kept(self) -> None:
        self.search_bar.close()
        self._bottom_line.display = True
        if self._searched is not None:
            self._searched.focus()

    @on(SearchBar.Ended)
    def _search_ended(self) -> None:
        if self._searched is not None:
            self.end_search(self._searched)
        self._search_kept()

    def end_search(self, pane: Pane | SqlEditor) -> None:
        """End the search in `pane`."""
        pane.searcher.clear()

    @on(SearchChanged)
    def _search_changed(self, message: SearchChanged) -> None:
        message.stop()
        if self.search_bar.is_open and self._searched and message.searcher is self._searched.searcher:
            self.search_bar.show_count(self.search_count)
        self.search_hints()

    @property
    def search_count(self) -> str:
        """What the line says about the matches."""
        return self._searched.searcher.count if self._searched is not None else ""

    def search_hints(self) -> None:
        """Show the keys again, because a search has begun or ended. Subclasses implement this."""

    def search_key(self, event: events.Key, pane: Pane) -> bool:
        """Handle a key that goes on in the search of `pane`; return whether it is one."""
        step = letter_steps(cast("KeyedApp", self.app).keys_of).get(event.key)
        if step is None or not pane.is_searched or self.search_bar.is_open:
            return False
        event.stop()
        pane.searcher.step(step)
        return True
