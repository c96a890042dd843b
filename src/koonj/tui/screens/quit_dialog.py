"""The dialog that q opens during a run."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import partial

from textual import events

from koonj.tui.render.run_lines import Line
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.key_presses import CANCEL_KEYS
from koonj.tui.toolkit.strips import wrap
from koonj.tui.widgets.footer import Hint

_TEXT = """\
A run is in progress. koonj can wait for it and then quit, or cancel the running statement on the server.

If a migration runs in one transaction, cancelling it changes nothing. Otherwise the statements that are \
already committed stay, and the history records them."""


class QuitChoice(StrEnum):
    """How to quit during a run."""

    WAIT = "w"
    CANCEL = "c"


class QuitDialog(Dialog[QuitChoice | None]):
    """Ask how to quit during a run. The result is the choice, or None to stay."""

    HINTS = (
        Hint("w", "wait and quit"),
        Hint("c", "cancel and quit"),
        Hint("Esc", "keep koonj open", command=CLOSE),
    )
    WIDTH = 72

    def heading(self) -> str:
        return "Quit during a run?"

    def lines(self, width: int) -> Sequence[Line]:
        return [[(" " + text, PLAIN)] for text in wrap(_TEXT, width - 2)]

    def on_mount(self) -> None:
        super().on_mount()
        self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        if event.key in CANCEL_KEYS:
            event.stop()
            self.close()
        elif event.key in tuple(QuitChoice):
            event.stop()
            chosen = QuitChoice(event.key)
            message = f"Ignored: {chosen} was pressed too early or held down. Press it again."
            self.decide(event, partial(self._quit, chosen), message)

    def _quit(self, choice: QuitChoice) -> None:
        self.dismiss(choice)
