"""A dialog with numbered choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual import events

from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.widgets.footer import Hint

Choice = TypeVar("Choice")


class NumberedDialog(Dialog[Choice | None], Generic[Choice]):
    """Show facts and numbered choices. The result is a choice, or None.

    A choice changes nothing yet: what opens the dialog asks for confirmation. There are fewer than ten.
    """

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__()
        self.choices = tuple(choices)

    @property
    def hints(self) -> tuple[Hint, ...]:
        most = len(self.choices)
        choose = (Hint("1" if most == 1 else f"1-{most}", "choose"),) if most else ()
        return (*choose, Hint("Esc", "close", command=CLOSE), *self.scroll_hint())

    def on_mount(self) -> None:
        super().on_mount()
        self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        if event.key.isdigit() and 0 < int(event.key) <= len(self.choices):
            event.stop()
            self.dismiss(self.choices[int(event.key) - 1])
