"""The last line: the keys that matter here, or what koonj has to say until the next key."""

from __future__ import annotations

from dataclasses import dataclass

from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.tui.paint import Part, strip
from koonj.tui.theme import BAD, DIM, PLAIN, STRONG

LAST = ("?", "q")
"""Keys that keep their place at the right end."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A key and what it does."""

    key: str
    label: str
    usable: bool = True


class BottomLine(Widget):
    """Keys in bold, those that cannot be used now dim."""

    ALLOW_SELECT = False

    hints: reactive[tuple[Hint, ...]] = reactive(())
    said: reactive[tuple[str, bool] | None] = reactive(None)
    """A text and whether it tells of a problem; shown instead of the keys."""

    def render_line(self, y: int) -> Strip:
        """What was said, else as many keys as fit."""
        width = self.size.width
        if self.said is not None:
            text, is_problem = self.said
            mark = " ! " if is_problem else " "
            line = strip([(mark, BAD), (text, STRONG if is_problem else PLAIN)], width)
            return line.apply_style(self.rich_style)
        return _keys(self.hints, width).apply_style(self.rich_style)


def _keys(hints: tuple[Hint, ...], width: int) -> Strip:
    """Those of `LAST` at the right, where they always are; of the others as many as fit."""
    last = [hint for hint in hints if hint.key in LAST]
    room = width - sum(_room(hint) for hint in last)
    parts: list[Part] = []
    for hint in (hint for hint in hints if hint.key not in LAST):
        if _room(hint) > room:
            break
        room -= _room(hint)
        parts += _one(hint)
    parts.append((" " * room, PLAIN))
    return strip(parts + [part for hint in last for part in _one(hint)], width)


def _room(hint: Hint) -> int:
    return len(hint.key) + len(hint.label) + 3


def _one(hint: Hint) -> list[Part]:
    looks = (STRONG, PLAIN) if hint.usable else (DIM, DIM)
    return [(f" {hint.key}", looks[0]), (f" {hint.label} ", looks[1])]
