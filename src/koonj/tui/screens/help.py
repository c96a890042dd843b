"""The help: all keys and commands, one line each, and what states and verdicts mean.

A search shows the whole text about what it finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import cast

from rich.cells import cell_len
from textual import events, on
from textual.widget import Widget
from textual.widgets import Input

from koonj.tui.commands.application import HELP, QUIT
from koonj.tui.commands.availability import CommandEntry, matching
from koonj.tui.commands.command import Group
from koonj.tui.commands.full_screens import FILTER
from koonj.tui.commands.key_hints import key_hint, pair_hint
from koonj.tui.commands.navigation import DOWN, UP
from koonj.tui.commands.search import match_keys
from koonj.tui.render.legend import SIGNS, legend_lines, matching_signs
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.dialog import CLOSE, Dialog, DialogText
from koonj.tui.theme import ACCENT, DIM, PLAIN, STRONG
from koonj.tui.toolkit.keyed_app import HasKeys, KeyedApp
from koonj.tui.toolkit.strips import cut, wrap
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.search_input import SearchRow

_SEARCH = "/"
_NARROW = 60
"""Width in cells below which the help of a command is under its keys."""
_INDENT = 4
_WIDE = 200
"""Width of the screen from which the groups are in two columns."""
_MARGIN = 4
_TWO_COLUMNS = _WIDE - _MARGIN - 4
"""Cells of the text from which it has two columns."""
_GAP = 2
"""Cells between the columns."""
_NOT_NOW = "not now: "
_PART_ENDS = re.compile(r", |: |; | \(")
"""Where a sentence can end early."""
_MORE = " …"
"""Stands for the rest of a list."""


class HelpDialog(Dialog[None]):
    """Show all commands by group, the group of the current pane first."""

    def __init__(self, entries: Sequence[CommandEntry], first: str) -> None:
        super().__init__()
        self._entries = entries
        self._groups = sorted(Group, key=lambda group: not group.heading.startswith(first))
        self._typed = ""
        self._is_typing = False

    # Text

    def heading(self) -> str:
        """Return the title; during a search with the number of entries that match."""
        if not self._typed.strip():
            return "Help"
        count = len(self._entries) + len(SIGNS)
        found = len(matching(self._entries, self._typed)) + len(matching_signs(self._typed))
        return f"Help  {found} of {count} entries"

    def lines(self, width: int) -> Sequence[Line]:
        """Return the groups of commands, then states and verdicts."""
        return self._matching_lines(width, self._typed)

    def _matching_lines(self, width: int, typed: str) -> Sequence[Line]:
        found = matching(self._entries, typed)
        keys = 2 + max((len(_keys(entry)) for entry in self._entries), default=0)
        names = 2 + max((len(entry.name) for entry in self._entries), default=0)
        room = (width - _GAP) // 2 if width >= _TWO_COLUMNS else width
        blocks: list[list[Line]] = []
        for group in self._groups:
            members = [entry for entry in found if entry.group is group]
            lines: list[Line] = [[], [(f" {group.heading}", ACCENT)]]
            if typed.strip():
                for entry in members:
                    lines += _entry(entry, keys, names, room)
            else:
                lines += [_row(entry, keys, names, room) for entry in sorted(members, key=_is_unavailable)]
            blocks += [lines] if members else []
        blocks.append(list(legend_lines(matching_signs(typed), room)))
        columns = _columns(blocks) if room < width else [_joined(blocks)]
        shown = _side_by_side(columns, room + _GAP) if len(columns) > 1 else columns[0]
        return shown or [[(" no matches; press Esc to clear the search", DIM)]]

    @property
    def box_width(self) -> int:
        """Almost the whole screen if it has room for two columns."""
        width = self.app.size.width
        return width - _MARGIN if width >= _WIDE else self.WIDTH

    def answers(self) -> Sequence[Widget]:
        """Return the search line. It is invisible until the user searches."""
        row = SearchRow(_SEARCH, "key, name or words")
        row.visible = False
        return (row,)

    @property
    def answer_lines(self) -> int:
        return 1

    def on_mount(self) -> None:
        super().on_mount()
        self.pane.focus()

    def min_lines(self, width: int) -> int:
        """Return the height for all commands, states and verdicts."""
        return 1 + len(self._matching_lines(width, ""))

    # Keys and search

    @property
    def hints(self) -> tuple[Hint, ...]:
        if self._is_typing:
            scroll = pair_hint(self.keys_of, UP, DOWN, "scroll")
            return (Hint("Enter", "keep matches"), *scroll, Hint("Esc", "clear search", command=CLOSE))
        search = key_hint(self._keys_of, FILTER, "search, details", runs=_SEARCH)
        scroll = pair_hint(self._keys_of, DOWN, UP, "scroll")
        return (*search, *scroll, Hint("Esc", "close", command=CLOSE))

    def _keys_of(self, command: HasKeys) -> tuple[str, ...]:
        """Return the keys of a command while nothing is typed."""
        return cast("KeyedApp", self.app).keys_of(command)

    @property
    def _row(self) -> SearchRow:
        return self.query_one(SearchRow)

    def on_key(self, event: events.Key) -> None:
        typing = self._row.line.has_focus
        if not typing and event.key in {*self._keys_of(QUIT), *self._keys_of(HELP)}:
            event.stop()
            self.close()
        elif not typing and event.key in self._keys_of(FILTER):
            event.stop()
            self._search()
        elif not typing and self.pane.is_searched and (step := match_keys(self._keys_of).get(event.key)):
            event.stop()
            self.pane.searcher.step(step)

    def close(self) -> None:
        """End the search; without a search close the help."""
        if not self._row.visible:
            super().close()
            return
        self._row.line.value = ""
        self._read()
        self._row.visible = False

    @on(BottomLine.Clicked)
    def searched(self, event: BottomLine.Clicked) -> None:
        """Start the search when the user clicks its key."""
        if event.command == _SEARCH:
            self._search()

    def _search(self) -> None:
        self._row.visible = self._is_typing = True
        self._row.line.focus()
        self.query_one("#keys", BottomLine).hints = self.hints

    def _read(self) -> None:
        self._is_typing = False
        self.pane.focus()
        self.query_one("#keys", BottomLine).hints = self.hints

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Update the matches as the user types."""
        event.stop()
        self._typed = event.value
        self.query_one(DialogText).rebuild()
        self.pane.searcher.start(event.value.strip())

    @on(Input.Submitted)
    def keep_matches(self, event: Input.Submitted) -> None:
        """Keep the matches, and let the keys scroll them."""
        event.stop()
        self._read()


def _joined(blocks: Sequence[Sequence[Line]]) -> list[Line]:
    """Return the lines of a column, without the empty line before its first block."""
    return [line for block in blocks for line in block][1:]


def _columns(blocks: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return blocks in two columns of about the same height, in their order; in one if there is only one."""
    cuts = [(_joined(blocks[:at]), _joined(blocks[at:])) for at in range(1, len(blocks))]
    if not cuts:
        return [_joined(blocks)]
    return [column for column in min(cuts, key=lambda pair: max(map(len, pair))) if column]


def _side_by_side(columns: Sequence[Sequence[Line]], width: int) -> list[Line]:
    """Return the lines of two columns, of which the left one has `width` cells."""
    return [
        [*left, (" " * (width - sum(cell_len(text) for text, _ in left)), PLAIN), *right] if right else left
        for left, right in zip_longest(*columns, fillvalue=[])
    ]


def _keys(entry: CommandEntry) -> str:
    return " ".join(entry.keys)


def _is_unavailable(entry: CommandEntry) -> bool:
    return entry.reason is not None


def _row(entry: CommandEntry, keys: int, names: int, width: int) -> Line:
    """Return the line of a command: keys, name, and the first sentence of its help or of the reason.

    All of a command that is not available is dim: the others are seen.
    """
    looks = (STRONG, PLAIN) if entry.reason is None else (DIM, DIM)
    lead, text = ("", entry.help) if entry.reason is None else (_NOT_NOW, entry.reason)
    room = max(1, width - 3 - keys - names - 1 - len(lead))
    return [
        ("   " + _keys(entry).ljust(keys), looks[0]),
        (entry.name.ljust(names), DIM),
        (lead + _brief(text, room), looks[1]),
    ]


def _brief(text: str, room: int) -> str:
    """Return the first sentence of a text in `room` cells, if it is longer only its first parts.

    A comma can stand in a list: what ends at one has an ellipsis.
    """
    sentence = text.split(". ", maxsplit=1)[0].rstrip(".")
    if cell_len(sentence) <= room:
        return sentence
    ends = [
        sentence[: found.start()] + (_MORE if found[0] == ", " else "")
        for found in _PART_ENDS.finditer(sentence)
    ]
    fitting = [end for end in ends if cell_len(end) <= room]
    return fitting[-1] if fitting else cut(sentence, room)


def _entry(entry: CommandEntry, keys: int, names: int, width: int) -> Iterator[Line]:
    """Yield keys, name and help of a command.

    All of a command that is not available is dim, with the reason after the help: the others are seen.
    """
    looks = (STRONG, PLAIN) if entry.reason is None else (DIM, DIM)
    words = entry.help if entry.reason is None else f"{entry.help} Not available: {entry.reason}"
    narrow = width < _NARROW
    lead: Line = [("   " + _keys(entry).ljust(keys), looks[0]), (entry.name.ljust(names), DIM)]
    left = _INDENT + 2 if narrow else 3 + keys + names
    texts: list[Line] = [[(text, looks[1])] for text in wrap(words, width - left - 1)]
    if narrow:
        yield lead
    else:
        yield [*lead, *texts.pop(0)]
    for text in texts:
        yield [(" " * left, PLAIN), *text]
