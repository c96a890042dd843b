"""The search in one pane or in the editor: its matches, the current one, and where they are marked.

It works in slices of time, so that a long text holds no key back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Protocol

from textual.message import Message
from textual.timer import Timer

from koonj.humanize import number_words
from koonj.tui.documents.text_search import TextMatch, TextQuery

SLICE = 0.004
"""Seconds of a slice."""
MAX_MATCHES = 10_000
"""Number of matches that are kept."""


class Searchable(Protocol):
    """A widget whose text can be searched."""

    def search_matches(self, query: TextQuery) -> Iterator[TextMatch | None]:
        """Yield the matches in order, and None now and then."""

    def search_origin(self) -> tuple[int, int]:
        """Return line and column from which on the first match is sought."""

    def show_match(self, match: TextMatch) -> None:
        """Make a match visible."""

    def search_changed(self) -> None:
        """Redraw the marks and the count."""

    def set_timer(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call back after a delay; Textual's widgets have it."""


class TextSearcher:
    """The search in one widget."""

    def __init__(self, widget: Searchable) -> None:
        self._widget = widget
        self._query = TextQuery("")
        self._matches: list[TextMatch] = []
        self._by_line: dict[int, list[TextMatch]] = {}
        self._current: int | None = None
        self._origin = (0, 0)
        self._found: Iterator[TextMatch | None] = iter(())
        self._timer: Timer | None = None
        self.is_complete = True
        """Whether the whole text was searched."""

    @property
    def text(self) -> str:
        """The text that is searched for; empty for no search."""
        return self._query.text

    @property
    def current(self) -> TextMatch | None:
        """The match that is shown; None if there is none."""
        return None if self._current is None else self._matches[self._current]

    def start(self, text: str) -> None:
        """Search for `text`, and show the first match from where the user is.

        An empty text ends the search.
        """
        here = self.current
        self._origin = (here.line, here.start) if here is not None else self._widget.search_origin()
        self._begin(TextQuery(text), is_shown=True)

    def restart(self) -> None:
        """Search again because the text has changed; nothing scrolls."""
        if self.text:
            here = self.current
            self._origin = (here.line, here.start) if here is not None else self._widget.search_origin()
            self._begin(self._query, is_shown=False)

    def _begin(self, query: TextQuery, *, is_shown: bool) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._query, self._matches, self._by_line, self._current = query, [], {}, None
        self._is_shown = is_shown
        self.is_complete = not query.text
        self._found = self._widget.search_matches(query) if query.text else iter(())
        self._work()

    def _work(self) -> None:
        """Search for one slice of time."""
        self._timer = None
        end = monotonic() + SLICE
        while not self.is_complete:
            match = next(self._found, _END)
            if isinstance(match, TextMatch):
                self._add(match)
            elif match is _END:
                self.is_complete = True
            elif monotonic() >= end:
                self._timer = self._widget.set_timer(SLICE * 2, self._work)
                break
            if len(self._matches) >= MAX_MATCHES:
                self.is_complete = True
        if self.is_complete and self._current is None and self._matches:
            self._choose(0)
        self._widget.search_changed()

    def _add(self, match: TextMatch) -> None:
        self._matches.append(match)
        self._by_line.setdefault(match.line, []).append(match)
        if self._current is None and (match.line, match.start) >= self._origin:
            self._choose(len(self._matches) - 1)

    def _choose(self, index: int) -> None:
        self._current = index
        if self._is_shown:
            self._widget.show_match(self._matches[index])

    def step(self, step: int) -> None:
        """Show the next match (1) or the previous one (-1); wrap around at the ends."""
        if self._matches:
            self._is_shown = True
            self._choose(((self._current or 0) + step) % len(self._matches))
            self._widget.search_changed()

    def clear(self) -> None:
        """End the search."""
        self._current = None
        self._begin(TextQuery(""), is_shown=False)

    def in_line(self, line: int) -> Sequence[TextMatch]:
        """Return the matches of a line."""
        return self._by_line.get(line, ())

    @property
    def has_matches(self) -> bool:
        """Whether at least one match is known."""
        return bool(self._matches)

    @property
    def count(self) -> str:
        """The number of the current match and of all: ``3 of 17``."""
        if not self.text:
            return ""
        total = number_words(len(self._matches)) + ("" if self._is_whole else "+")
        if not self._matches:
            return "no match" if self.is_complete else "searching"
        return f"{number_words((self._current or 0) + 1)} of {total}"

    @property
    def _is_whole(self) -> bool:
        return self.is_complete and len(self._matches) < MAX_MATCHES

    _is_shown = False
    """Whether the current match is made visible."""


class SearchChanged(Message):
    """Posted by a widget when the matches of the search in it have changed."""

    def __init__(self, searcher: TextSearcher) -> None:
        super().__init__()
        self.searcher = searcher


class _End:
    """Mark of the end of a search."""


_END = _End()
