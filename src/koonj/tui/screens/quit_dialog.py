"""The dialogs that q opens during a run."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from typing import ClassVar

from textual import events

from koonj.postgres.run_name import SHORT_ID
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.cancel_dialog import paragraphs
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.state.run import RunView
from koonj.tui.widgets.footer import Hint


class QuitChoice(StrEnum):
    """How to quit during a run."""

    WAIT = "w"
    LEAVE = "l"
    CANCEL = "c"


class QuitDialog(Dialog[QuitChoice | None]):
    """Ask how to quit during a run of this process. The result is the choice, or None to stay."""

    HINTS = (
        Hint("w", "wait and quit"),
        Hint("c", "cancel and quit"),
        Hint("Esc", "keep koonj open", command=CLOSE),
    )
    WIDTH = 72
    CHOICES: ClassVar[tuple[QuitChoice, ...]] = (QuitChoice.WAIT, QuitChoice.CANCEL)

    def heading(self) -> str:
        return "Quit during a run?"

    def lines(self, width: int) -> Sequence[Line]:
        return paragraphs(
            (
                "A run is in progress. koonj can wait for it and then quit, or cancel the running statement "
                "on the server.",
                "If a migration runs in one transaction, cancelling it changes nothing. Otherwise the "
                "statements that are already committed stay, and the history records them.",
            ),
            width,
        )

    def on_mount(self) -> None:
        super().on_mount()
        self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        if event.key in self.CHOICES:
            event.stop()
            chosen = QuitChoice(event.key)
            message = f"Ignored: {chosen} was pressed too early or held down. Press it again."
            self.decide(event, partial(self._quit, chosen), message)

    def _quit(self, choice: QuitChoice) -> None:
        self.dismiss(choice)


class LeaveDialog(QuitDialog):
    """Ask how to quit during a run that goes on in its own process."""

    HINTS = (
        Hint("l", "leave it running and quit"),
        Hint("c", "cancel it and quit"),
        Hint("Esc", "stay", command=CLOSE),
    )
    CHOICES = (QuitChoice.LEAVE, QuitChoice.CANCEL)

    def __init__(self, view: RunView, run_id: str) -> None:
        super().__init__()
        self._view = view
        self._id = run_id[:SHORT_ID]

    def lines(self, width: int) -> Sequence[Line]:
        leave = (
            "l: The run continues in its own process. To come back to it, open koonj in this folder, or run: "
            f"koonj attach {self._id}"
        )
        first, *more = self._view.left_words
        return paragraphs((leave, f"c: {first}", *more), width)
