"""The dialog that c opens during a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from koonj.tui.render.run_lines import Line
from koonj.tui.screens.confirmation import Confirmation
from koonj.tui.screens.dialog import CLOSE, DialogText
from koonj.tui.state.fleet_run import FleetRunView
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

    def __init__(self, view: Callable[[], RunView | None], only: str = "") -> None:
        """`view` returns the state of the run now. `only`: one of its targets, if only its run is meant."""
        super().__init__(_YES, typed=False)
        self._view = view
        self._only = only
        self._words: tuple[str, ...] = ()

    @property
    def hints(self) -> tuple[Hint, ...]:
        return self.HINTS

    def heading(self) -> str:
        if self._only:
            return f"Cancel only the run on {self._only}?"
        view = self._view()
        return f"Cancel the run on {view.target}?" if isinstance(view, FleetRunView) else "Cancel the run?"

    def lines(self, width: int) -> Sequence[Line]:
        self._words = self._left()
        return paragraphs(self._words, width)

    def update_words(self) -> None:
        """Show what cancelling leaves now."""
        if self._view() is not None and self._left() != self._words:
            self.query_one(DialogText).rebuild()

    def _left(self) -> tuple[str, ...]:
        """Return what cancelling leaves now."""
        view = self._view()
        if view is None:
            return ()
        if not self._only or not isinstance(view, FleetRunView):
            return view.left_words
        return view.left_words_of(self._only) or (f"The run on {self._only} has ended.",)


def paragraphs(texts: Sequence[str], width: int) -> list[Line]:
    """Return texts as lines, with an empty line between two of them."""
    lines: list[Line] = []
    for text in texts:
        lines += [[("", PLAIN)]] if lines else []
        lines += [[(" " + line, PLAIN)] for line in wrap(text, width - 2)]
    return lines
