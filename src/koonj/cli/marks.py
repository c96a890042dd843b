"""Glyphs of the states, in Unicode or ASCII."""

from collections.abc import Mapping

from koonj.migrations.states import ASCII_GLYPHS, GLYPHS, State


class StateMarks:
    """The glyphs that are printed before the words of the states."""

    def __init__(self, *, ascii_only: bool) -> None:
        self._glyphs: Mapping[State, str] = ASCII_GLYPHS if ascii_only else GLYPHS
        self._full, self._empty = ("#", "-") if ascii_only else ("▮", "▯")

    def for_state(self, state: State | None) -> str:
        """Return the glyph of a state, one cell wide; `?` for an unknown state."""
        return "?" if state is None else self._glyphs[state]

    def for_lock(self, level: int) -> str:
        """Return how much a lock stops, as a meter: 1 for ``▮▯▯``, 3 for a lock that stops reads too."""
        return self._full * level + self._empty * (3 - level)
