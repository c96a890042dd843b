"""The command palette: every command by its name, found as it is typed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events, on
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from koonj.tui.commands.availability import Offer, nearest
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.theme import DIM, MARKED, PLAIN, STRONG
from koonj.tui.toolkit.key_presses import BACK
from koonj.tui.toolkit.strips import Part, cut, strip, wrap
from koonj.tui.widgets.footer import Hint
from koonj.tui.widgets.pane import CursorPane
from koonj.tui.widgets.search_input import SearchRow

_FOOT = 2
"""Lines with the whole help of the current command."""
_LOW = 16
"""Lines of a terminal that has no room for them."""
_KEYS = 8
"""Cells for the keys of a command at the right."""


class FoundCommands(CursorPane):
    """The commands that were found, one a line, and the whole help of the current one beneath."""

    TITLE = "Commands"

    found: reactive[tuple[Offer, ...]] = reactive((), repaint=False)

    def __init__(self, offers: Sequence[Offer]) -> None:
        super().__init__()
        self.offers = offers
        self.set_reactive(FoundCommands.found, tuple(offers))
        self._names = 2 + max((len(offer.name) for offer in offers), default=0)

    @property
    def current(self) -> Offer | None:
        """The one under the cursor."""
        return self.found[self.cursor] if self.found else None

    def watch_found(self) -> None:
        """The best is current."""
        self.top = 0
        self.cursor = 0
        self.body_changed()

    def watch_cursor(self, old: int, new: int) -> None:
        """Other lines beneath."""
        super().watch_cursor(old, new)
        self.refresh()

    def count(self) -> int:
        """Those that were found."""
        return len(self.found)

    def title(self) -> tuple[str, str]:
        """How many of how many."""
        return self.TITLE, f"{len(self.found)} of {len(self.offers)}"

    def head(self, width: int) -> Sequence[Strip]:
        """That nothing was found."""
        if self.found:
            return ()
        return (strip([(" no command has these words or letters", DIM)], width),)

    def draw(self, index: int, width: int) -> Strip:
        """Name, what it does or why it cannot be used now, first key."""
        offer, here = self.found[index], index == self.cursor
        key = offer.keys[0] if offer.keys else ""
        room = width - 1 - self._names - max(_KEYS, cell_len(key) + 2)
        says = offer.help if offer.reason is None else f"not now: {offer.reason}"
        texts = ["›" if here else " ", offer.name.ljust(self._names), cut(says, room)]
        gap = width - sum(map(cell_len, texts)) - cell_len(key) - 1
        looks = (STRONG, PLAIN) if offer.reason is None else (DIM, DIM)
        parts: list[Part] = [(texts[0], PLAIN), (texts[1], looks[0]), (texts[2], looks[1])]
        parts += [(" " * gap, PLAIN), (key, looks[0])]
        if here:
            return strip([(text, MARKED) for text, _ in parts], width, MARKED)
        return strip(parts, width)

    def foot(self, width: int) -> Sequence[Strip]:
        """All of what the current one does, and why it cannot be used now."""
        if self.app.size.height < _LOW:
            return ()
        offer = self.current
        lines: list[list[Part]] = [[]]
        if offer is not None:
            lines += [[(f" {text}", PLAIN)] for text in wrap(offer.help, width - 2)]
            reason = offer.reason and f"not now: {offer.reason}"
            lines += [[(f" {text}", DIM)] for text in wrap(reason, width - 2)] if reason else []
        lines += [[]] * _FOOT
        return [strip(line, width) for line in lines[: _FOOT + 1]]


class Commands(Dialog[str | None]):
    """Gives the name of the command to run, or None.

    Enter runs it once: a key that is still held down from before, or goes on being held, means nothing.
    """

    HINTS = (Hint("Enter", "run it"), Hint("Up/Down", "choose"), Hint("Esc", "close", command=CLOSE))

    def __init__(self, offers: Sequence[Offer]) -> None:
        super().__init__()
        self._offers = offers

    def body(self) -> Sequence[Widget]:
        """The line to type in, and what it finds."""
        return SearchRow(":", "name, key or words"), FoundCommands(self._offers)

    @property
    def asked(self) -> int:
        """The line to type in."""
        return 1

    @property
    def _found(self) -> FoundCommands:
        return self.query_one(FoundCommands)

    def on_mount(self) -> None:
        """Type at once."""
        super().on_mount()
        self.query_one(SearchRow).line.focus()

    def fewest(self, width: int) -> int:
        """As many as all commands take."""
        return 1 + len(self._offers) + len(self._found.foot(width))

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Live."""
        event.stop()
        self._found.found = nearest(self._offers, event.value)

    def on_key(self, event: events.Key) -> None:
        """Moving while it is typed, Enter, and back."""
        if event.key in BACK:
            event.stop()
            self.close()
        elif event.key in {"ctrl+n", "ctrl+p"}:
            event.stop()
            self._found.go(1 if event.key == "ctrl+n" else -1)
        elif event.key == "enter":
            event.stop()
            self._enter(event)

    def _enter(self, event: events.Key) -> None:
        offer = self._found.current
        if self._keys.is_repeat(event):
            return  # held down
        if offer is None:
            self.say("No command has these words. Esc closes.")
        elif offer.reason is not None:
            self.say(offer.reason)
        else:
            self._keys.swallow(event)
            self.dismiss(offer.name)
