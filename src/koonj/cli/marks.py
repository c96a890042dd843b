"""The mark before a state's word."""

from collections.abc import Mapping

from koonj.migrations.states import ASCII_GLYPHS, GLYPHS, State


class StateMarks:
    """The mark before a state's word."""

    def __init__(self, *, ascii_only: bool) -> None:
        self._glyphs: Mapping[State, str] = ASCII_GLYPHS if ascii_only else GLYPHS

    def of(self, state: State | None) -> str:
        """One cell; of a state that is not known, a question mark."""
        return "?" if state is None else self._glyphs[state]
