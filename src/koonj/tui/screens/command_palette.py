"""The command palette: a list of all commands with a search line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events, on
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from koonj.tui.commands.availability import CommandEntry, best_matches
from koonj.tui.commands.command import Group
from koonj.tui.commands.key_hints import pair_hint
from koonj.tui.commands.navigation import DOWN, UP
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.theme import DIM, MARKED, PLAIN, STRONG
from koonj.tui.toolkit.strips import Part, cut, strip, wrap
from koonj.tui.widgets.cursor_pane import CursorPane
from koonj.tui.widgets.footer import Hint
from koonj.tui.widgets.search_input import SearchRow

_FOOT = 2
"""Lines for the help of the current command."""
_LOW = 16
"""Terminal height below which the help of the current command is omitted."""
_KEYS = 8
"""Cells for the key of a command at the right."""


class FoundCommands(CursorPane):
    """The matching commands, one per line, and below them the help of the current one."""

    TITLE = "Commands"

    found: reactive[tuple[CommandEntry, ...]] = reactive((), repaint=False)

    def __init__(self, entries: Sequence[CommandEntry]) -> None:
        super().__init__()
        self.entries = entries
        self.set_reactive(FoundCommands.found, tuple(entries))
        self._names = 2 + max((len(entry.name) for entry in entries), default=0)

    @property
    def current(self) -> CommandEntry | None:
        """The command under the cursor."""
        return self.found[self.cursor] if self.found else None

    def watch_found(self) -> None:
        self.top = 0
        self.cursor = 0
        self.body_changed()

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self.refresh()

    def count(self) -> int:
        return len(self.found)

    def title(self) -> tuple[str, str]:
        return self.TITLE, f"{min(len(self.found), len(self.entries))} of {len(self.entries)}"

    def head(self, width: int) -> Sequence[Strip]:
        if self.found:
            return ()
        return (strip([(" no command matches", DIM)], width),)

    def draw(self, index: int, width: int) -> Strip:
        entry, here = self.found[index], index == self.cursor
        key = entry.keys[0] if entry.keys else ""
        room = width - 1 - self._names - max(_KEYS, cell_len(key) + 2)
        says = entry.help if entry.reason is None else f"not available: {entry.reason}"
        texts = ["›" if here else " ", entry.name.ljust(self._names), cut(says, room)]
        gap = width - sum(map(cell_len, texts)) - cell_len(key) - 1
        looks = (STRONG, PLAIN) if entry.reason is None else (DIM, DIM)
        parts: list[Part] = [(texts[0], PLAIN), (texts[1], looks[0]), (texts[2], looks[1])]
        parts += [(" " * gap, PLAIN), (key, looks[0])]
        if here:
            return strip([(text, MARKED) for text, _ in parts], width, MARKED)
        return strip(parts, width)

    def foot(self, width: int) -> Sequence[Strip]:
        if self.app.size.height < _LOW:
            return ()
        entry = self.current
        lines: list[list[Part]] = [[]]
        if entry is not None:
            lines += [[(f" {text}", PLAIN)] for text in wrap(entry.help, width - 2)]
            reason = entry.reason and f"not available: {entry.reason}"
            lines += [[(f" {text}", DIM)] for text in wrap(reason, width - 2)] if reason else []
        lines += [[]] * _FOOT
        return [strip(line, width) for line in lines[: _FOOT + 1]]


class CommandPaletteDialog(Dialog[str | None]):
    """Let the user find a command. The result is its name, or None.

    Enter runs the command once; koonj ignores repeats of a held key.
    """

    def __init__(self, entries: Sequence[CommandEntry]) -> None:
        super().__init__()
        self._entries = entries

    @property
    def hints(self) -> tuple[Hint, ...]:
        select = pair_hint(self.keys_of, UP, DOWN, "select")
        return (Hint("Enter", "run command"), *select, Hint("Esc", "close", command=CLOSE))

    def body(self) -> Sequence[Widget]:
        return SearchRow(":", "name, key or words; or the number of a line"), FoundCommands(self._entries)

    @property
    def answer_lines(self) -> int:
        return 1

    @property
    def _found(self) -> FoundCommands:
        return self.query_one(FoundCommands)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(SearchRow).line.focus()

    def min_lines(self, width: int) -> int:
        return 1 + len(self._entries) + len(self._found.foot(width))

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Update the matches as the user types."""
        event.stop()
        number = event.value.strip()
        jump = (_jump(number),) if number.isdecimal() else ()
        self._found.found = (*jump, *best_matches(self._entries, event.value))

    def on_key(self, event: events.Key) -> None:
        if event.key in {"ctrl+n", "ctrl+p"}:
            event.stop()
            self._found.go(1 if event.key == "ctrl+n" else -1)
        elif event.key == "enter":
            event.stop()
            self._enter(event)

    def _enter(self, event: events.Key) -> None:
        entry = self._found.current
        if self._keys.is_held(event):
            return
        if entry is None:
            self.say("No command matches. Press Esc to close.")
        elif entry.reason is not None:
            self.say(entry.reason)
        else:
            self._keys.ignore_repeats(event)
            self.dismiss(entry.name)


def _jump(number: str) -> CommandEntry:
    """Return the entry that goes to a line; its name is the number."""
    text = "Go to this line of the current pane; in the list, to the migration of this number."
    return CommandEntry(number, Group.MOVING, (), text, None)
