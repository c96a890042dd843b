"""The last line of the screen: key hints, or a message until the next key.

A message that does not fit takes more lines, so that all of it can be read.

A click on a key runs its command. Keys that answer a dialog have no command, so a click never confirms.
The tooltip of a key shows its help.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.tui.theme import ACCENT, BAD, DIM, PLAIN, RULE, STRONG
from koonj.tui.theme.fills import SURFACE, filled
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.toolkit.strips import Part, strip, wrap

MOST = 3
"""Lines of a message."""
LAST = ("help", "quit")
"""Commands whose keys stay at the right end."""
LEAVE = "close"
"""The command that closes a screen or a dialog: its key is shown also where the others have no room."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A key and its label."""

    key: str
    label: str
    usable: bool = True
    command: str = ""
    """Name of the command that a click runs; empty for none."""
    help: str = ""
    """Help text, shown as a tooltip."""
    changes_target: bool = False
    """Whether the command changes the target."""
    decides: bool = False
    """Whether the key answers a dialog: in themes with fills it is a chip."""

    def cells(self, *, fills: bool) -> int:
        """Return the width in cells. With `fills`, a key that decides is a chip."""
        return cell_len(self.key) + cell_len(self.label) + (4 if self.decides and fills else 3)


class BottomLine(Widget):
    """Key hints; keys that are not available are dim."""

    ALLOW_SELECT = False

    class Clicked(Message):
        """Posted when the user clicks a key that has a command."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command

    hints: reactive[tuple[Hint, ...]] = reactive(())
    ground: reactive[Style] = reactive(SURFACE)
    """Background, if the theme has fills."""
    notice: reactive[tuple[str, bool] | None] = reactive(None)
    """A message and whether it reports a problem; shown instead of the keys."""
    danger: reactive[bool] = reactive(default=False)
    """Whether the target is protected, so that the keys that change it are marked."""
    _under: Hint | None = None
    """The hint under the mouse."""

    def watch_notice(self) -> None:
        """Take the lines that the message needs."""
        if self.size.width and self.size.height != len(self._said(self.size.width)):
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._said(width))

    def _said(self, width: int) -> list[str]:
        """Return the message in lines; one empty line if there is none."""
        if self.notice is None:
            return [""]
        text, is_problem = self.notice
        return wrap(text, width - len(_mark(is_problem)), MOST)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self.notice is not None:
            lines, is_problem = self._said(width), self.notice[1]
            text = lines[y] if y < len(lines) else ""
            mark = _mark(is_problem) if not y else " " * len(_mark(is_problem))
            line = strip([(mark, BAD), (text, STRONG if is_problem else PLAIN)], width)
        elif y:
            line = strip([], width)
        else:
            line = strip(_drawn(self.hints, width, self._looks()), width)
        return (line.apply_style(self.ground) if self._has_fills else line).apply_style(self.rich_style)

    @property
    def _has_fills(self) -> bool:
        return cast("KeyedApp", self.app).has_fills

    def _looks(self) -> _KeyLooks:
        """Return the styles of the keys, and whether groups are parted."""
        if not self._has_fills:
            return _KeyLooks(STRONG, STRONG, STRONG, parted=False)
        return _KeyLooks(ACCENT, BAD if self.danger else ACCENT, filled("accent"), parted=True)

    def hint_at(self, x: int) -> Hint | None:
        """Return the hint that is drawn at column `x`, or None."""
        if self.notice is not None:
            return None
        places = _placed(self.hints, self.size.width, parted=self._has_fills)
        fills = self._has_fills
        return next((hint for start, hint in places if start < x < start + hint.cells(fills=fills) - 1), None)

    def on_click(self, event: events.Click) -> None:
        """Run the command of the clicked key; if a message is shown, only close it."""
        event.stop()
        hint = self.hint_at(event.x)
        if self.notice is not None:
            self.notice = None
        elif hint is not None and hint.command:
            self.post_message(self.Clicked(hint.command))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Set the tooltip to the help of the key under the mouse. Nothing is drawn."""
        hint = self.hint_at(event.x)
        if hint != self._under:
            self._under = hint
            self.tooltip = Text(hint.help) if hint is not None and hint.help else None


def _mark(is_problem: bool) -> str:  # noqa: FBT001 - the second value of a notice
    return " ! " if is_problem else " "


def _placed(hints: tuple[Hint, ...], width: int, *, parted: bool) -> Iterator[tuple[int, Hint]]:
    """Yield each hint that fits, with its column; those of `LAST` at the right end.

    The way out of a screen or dialog always has its place. With `parted`, there is room for a line after the
    keys that change the target.
    """
    last = [hint for hint in hints if hint.command in LAST]
    room = width - sum(hint.cells(fills=parted) for hint in last)
    column, before = 0, False
    kept = sum(hint.cells(fills=parted) for hint in hints if hint.command == LEAVE)
    is_full = False
    for hint in (hint for hint in hints if hint.command not in LAST):
        column += len(_PART) if parted and before and not hint.changes_target else 0
        before = hint.changes_target
        kept -= hint.cells(fills=parted) if hint.command == LEAVE else 0
        is_full = is_full or column + hint.cells(fills=parted) + kept > room
        if is_full and hint.command != LEAVE:
            continue
        yield column, hint
        column += hint.cells(fills=parted)
    column = max(0, room)
    for hint in last:
        yield column, hint
        column += hint.cells(fills=parted)


_PART = " │"


@dataclass(frozen=True, slots=True)
class _KeyLooks:
    """Styles of keys that can be pressed."""

    key: Style
    changing: Style
    """Of keys that change the target."""
    deciding: Style
    """Of keys that answer a dialog."""
    parted: bool
    """Whether a line parts the keys that change the target from the others."""


def _drawn(hints: tuple[Hint, ...], width: int, looks_of_keys: _KeyLooks) -> Iterator[Part]:
    reached, before = 0, False
    for start, hint in _placed(hints, width, parted=looks_of_keys.parted):
        if looks_of_keys.parted and before and not hint.changes_target:
            yield _PART, RULE
            reached += len(_PART)
        before = hint.changes_target
        yield " " * (start - reached), PLAIN
        key = looks_of_keys.changing if hint.changes_target else looks_of_keys.key
        key = looks_of_keys.deciding if hint.decides else key
        looks = (key, PLAIN) if hint.usable else (DIM, DIM)
        room = " " if hint.decides and looks_of_keys.parted else ""
        yield f" {hint.key}{room}", looks[0]
        yield f" {hint.label} ", looks[1]
        reached = start + hint.cells(fills=looks_of_keys.parted)
