"""Glyphs of the states, in Unicode or ASCII."""

from collections.abc import Mapping

from koonj.migrations.states import ASCII_GLYPHS, GLYPHS, State


class StateMarks:
    """The glyphs that are printed before the words of the states."""

    def __init__(self, *, ascii_only: bool) -> None:
        self._glyphs: Mapping[State, str] = ASCII_GLYPHS if ascii_only else GLYPHS

    def for_state(self, state: State | None) -> str:
        """Return the glyph of a state, one cell wide; `?` for an unknown state."""
        return "?" if state is None else self._glyphs[state]
