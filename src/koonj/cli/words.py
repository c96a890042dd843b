"""Small pieces of text that several reports share."""

from collections.abc import Mapping
from datetime import datetime

from koonj.migrations.glyphs import ASCII_GLYPHS, GLYPHS, State


class StateMarks:
    """The mark before a state's word."""

    def __init__(self, *, ascii_only: bool) -> None:
        self._glyphs: Mapping[State, str] = ASCII_GLYPHS if ascii_only else GLYPHS

    def of(self, state: State | None) -> str:
        """One cell; of a state that is not known, a question mark."""
        return "?" if state is None else self._glyphs[state]


def count(number: int, thing: str) -> str:
    """``1 migration``, ``2 migrations``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def seconds(duration: float) -> str:
    """``0.01 s``, ``12 s``, ``3 min 5 s``."""
    if duration < 10:
        return f"{duration:.2f} s"
    if duration < 60:
        return f"{duration:.0f} s"
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes} min {rest} s"


def moment(when: datetime) -> str:
    """``2026-08-01 14:03:59+02:00``, in the time zone of this machine."""
    return when.astimezone().isoformat(sep=" ", timespec="seconds")
