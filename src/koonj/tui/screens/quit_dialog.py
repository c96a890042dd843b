"""The question that q asks while a run goes on."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import partial

from textual import events

from koonj.tui.render.run_lines import Line
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.key_presses import BACK
from koonj.tui.toolkit.strips import wrap
from koonj.tui.widgets.footer import Hint

_TEXT = """\
A run is going on. koonj can wait for its end and quit then, or cancel the running statement on the server.

A cancelled migration that runs in one transaction is as if it had never begun; of one that runs step by \
step, the steps done so far stay, and history has them."""


class Leaving(StrEnum):
    """How to quit."""

    WAIT = "w"
    CANCEL = "c"


class Leave(Dialog[Leaving | None]):
    """Gives the way to quit, or None to stay."""

    HINTS = (Hint("w", "wait, then quit"), Hint("c", "cancel and quit"), Hint("Esc", "stay", command=CLOSE))
    WIDTH = 72

    def heading(self) -> str:
        """What it is about."""
        return "Quit during a run?"

    def lines(self, width: int) -> Sequence[Line]:
        """What each way means."""
        return [[(" " + text, PLAIN)] for text in wrap(_TEXT, width - 2)]

    def on_mount(self) -> None:
        """The keys lead here."""
        super().on_mount()
        self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        """Two ways out, and one back."""
        if event.key in BACK:
            event.stop()
            self.close()
        elif event.key in tuple(Leaving):
            event.stop()
            chosen = Leaving(event.key)
            leave = partial(self._leave, chosen)
            self.decide(event, leave, f"That {chosen} came too soon. Press it again.")

    def _leave(self, way: Leaving) -> None:
        self.dismiss(way)
