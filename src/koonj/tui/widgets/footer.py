"""The last line: the keys that matter here, or what koonj has to say until the next key.

A key that is clicked is as good as pressed, as far as it names a command; one that decides in a dialog names
none: a click never confirms. The mouse resting on a key shows what it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.tui.theme import BAD, DIM, PLAIN, STRONG
from koonj.tui.toolkit.strips import Part, strip

LAST = ("help", "quit")
"""Commands whose keys keep their place at the right end."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A key and what it does."""

    key: str
    label: str
    usable: bool = True
    command: str = ""
    """What a click asks for; empty: it asks for nothing."""
    help: str = ""
    """A sentence or two, shown where the mouse rests on it."""

    @property
    def cells(self) -> int:
        """How wide it is drawn."""
        return cell_len(self.key) + cell_len(self.label) + 3


class BottomLine(Widget):
    """Keys in bold, those that cannot be used now dim."""

    ALLOW_SELECT = False

    class Clicked(Message):
        """A key was clicked that names a command."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command

    hints: reactive[tuple[Hint, ...]] = reactive(())
    said: reactive[tuple[str, bool] | None] = reactive(None)
    """A text and whether it tells of a problem; shown instead of the keys."""
    _under: Hint | None = None
    """The one under the mouse."""

    def render_line(self, y: int) -> Strip:
        """What was said, else as many keys as fit."""
        width = self.size.width
        if self.said is not None:
            text, is_problem = self.said
            mark = " ! " if is_problem else " "
            line = strip([(mark, BAD), (text, STRONG if is_problem else PLAIN)], width)
            return line.apply_style(self.rich_style)
        return strip(_drawn(self.hints, width), width).apply_style(self.rich_style)

    def hint_at(self, x: int) -> Hint | None:
        """The one that is drawn at column `x`."""
        if self.said is not None:
            return None
        places = _placed(self.hints, self.size.width)
        return next((hint for start, hint in places if start < x < start + hint.cells - 1), None)

    def on_click(self, event: events.Click) -> None:
        """As its key; what was said is put away first."""
        event.stop()
        hint = self.hint_at(event.x)
        if self.said is not None:
            self.said = None
        elif hint is not None and hint.command:
            self.post_message(self.Clicked(hint.command))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """What its help is, for when the mouse rests; nothing is drawn while it moves."""
        hint = self.hint_at(event.x)
        if hint != self._under:
            self._under = hint
            self.tooltip = Text(hint.help) if hint is not None and hint.help else None


def _placed(hints: tuple[Hint, ...], width: int) -> Iterator[tuple[int, Hint]]:
    """Where each is drawn: those of `LAST` at the right end, of the others as many as fit, from the left."""
    last = [hint for hint in hints if hint.command in LAST]
    room = width - sum(hint.cells for hint in last)
    at = 0
    for hint in (hint for hint in hints if hint.command not in LAST):
        if at + hint.cells > room:
            break
        yield at, hint
        at += hint.cells
    at = max(0, room)
    for hint in last:
        yield at, hint
        at += hint.cells


def _drawn(hints: tuple[Hint, ...], width: int) -> Iterator[Part]:
    reached = 0
    for start, hint in _placed(hints, width):
        yield " " * (start - reached), PLAIN
        looks = (STRONG, PLAIN) if hint.usable else (DIM, DIM)
        yield f" {hint.key}", looks[0]
        yield f" {hint.label} ", looks[1]
        reached = start + hint.cells
