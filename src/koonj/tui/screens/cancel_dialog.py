"""The dialog that c opens during a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from koonj.runner.run.cancel_wording import cancel_words
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.confirmation import Confirmation
from koonj.tui.screens.dialog import CLOSE, DialogText
from koonj.tui.state.run import RunView
from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.strips import wrap
from koonj.tui.widgets.footer import Hint

_YES = "yes"


class CancelDialog(Confirmation):
    """Say what cancelling the run leaves, and ask. The result is a text if the user confirmed, or None."""

    HINTS = (
        Hint("y", "cancel the run", decides=True),
        Hint("n/Esc", "let it continue", command=CLOSE, decides=True),
    )
    WIDTH = 72

    def __init__(self, view: Callable[[], RunView | None]) -> None:
        """`view` returns the state of the run now."""
        super().__init__(_YES, typed=False)
        self._view = view
        self._words: tuple[str, ...] = ()

    @property
    def hints(self) -> tuple[Hint, ...]:
        return self.HINTS

    def heading(self) -> str:
        return "Cancel the run?"

    def lines(self, width: int) -> Sequence[Line]:
        view = self._view()
        self._words = cancel_words(view.place) if view is not None else ()
        return paragraphs(self._words, width)

    def update_words(self) -> None:
        """Show what cancelling leaves now."""
        view = self._view()
        if view is not None and cancel_words(view.place) != self._words:
            self.query_one(DialogText).rebuild()


def paragraphs(texts: Sequence[str], width: int) -> list[Line]:
    """Return texts as lines, with an empty line between two of them."""
    lines: list[Line] = []
    for text in texts:
        lines += [[("", PLAIN)]] if lines else []
        lines += [[(" " + line, PLAIN)] for line in wrap(text, width - 2)]
    return lines
