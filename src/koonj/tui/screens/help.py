"""The help: every key, from the commands themselves."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from koonj.tui.commands.command import Command, Group, shown_key
from koonj.tui.keys import BACK
from koonj.tui.paint import wrap
from koonj.tui.run_lines import Line
from koonj.tui.screens.dialog import Dialog
from koonj.tui.theme import ACCENT, PLAIN, STRONG
from koonj.tui.widgets.bottom_line import Hint

_KEYS = 18


class Help(Dialog[None]):
    """All commands by group, those of the pane that had the keys first."""

    HINTS = (Hint("Esc", "close"), Hint("j/k", "scroll"))
    WIDTH = 84

    def __init__(self, commands: Sequence[Command], first: str) -> None:
        super().__init__()
        self._commands = commands
        self._first = first

    def heading(self) -> str:
        """What it is."""
        return "Keys"

    def lines(self, width: int) -> Sequence[Line]:
        """Group by group."""
        groups = sorted(Group, key=lambda group: not group.value.startswith(self._first))
        lines: list[Line] = []
        for group in groups:
            lines += [[], [(f" {group.value}", ACCENT)]]
            for command in (c for c in self._commands if c.group is group):
                keys = " ".join(shown_key(key) for key in command.all_keys())
                texts = wrap(command.help(), width - _KEYS - 3)
                lines.append([(f"   {keys.ljust(_KEYS - 1)} ", STRONG), (texts[0], PLAIN)])
                lines += [[(" " * (_KEYS + 3) + text, PLAIN)] for text in texts[1:]]
        return lines[1:]

    def on_mount(self) -> None:
        """The keys lead here."""
        super().on_mount()
        self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        """The keys that close."""
        if event.key in {*BACK, "q", "question_mark"}:
            event.stop()
            self.dismiss(None)
