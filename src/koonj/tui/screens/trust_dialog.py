"""The dialog that shows what koonj runs in a folder, and asks whether the user trusts it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import events

from koonj.config import Trust
from koonj.config.trust_wording import trust_lines
from koonj.sql.display import visible
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.theme import PLAIN, STRONG, WARNING
from koonj.tui.toolkit.strips import wrap
from koonj.tui.widgets.footer import Hint

_YES, _NO = "y", "n"
_IGNORED = "Ignored: key pressed too early or held down. Press y again to trust."  # fits in 80 columns
_CHANGED = "koonj.toml has changed since you trusted this folder."
_WITH = "Migrations are SQL, which can run programs. If you trust this folder, koonj runs as your user:"
_WITHOUT = (
    "Without trust, koonj shows files, problems and states. It runs nothing, and uses none of your passwords."
)


class TrustDialog(Dialog[bool | None]):
    """Ask whether the user trusts the folder. The result is True, or None for no.

    Only the key y trusts: not Enter, and not a key that was pressed too early or is held down.
    """

    HINTS = (
        Hint("y", "trust", decides=True),
        Hint("n/Esc", "only look", command=CLOSE, decides=True),
    )
    WIDTH = 78

    def __init__(self, trust: Trust) -> None:
        super().__init__()
        self._trust = trust

    @property
    def hints(self) -> tuple[Hint, ...]:
        return (*self.HINTS, *self.scroll_hint())

    def heading(self) -> str:
        return "Trust this folder?"

    def lines(self, width: int) -> Sequence[Line]:
        return list(self._lines(width - 2))

    def _lines(self, width: int) -> Iterator[Line]:
        for folder in self._trust.folders:
            yield from ([(f" {part}", STRONG)] for part in wrap(visible(str(folder)), width))
        yield []
        if self._trust.has_changed:
            yield from ([(f" {part}", WARNING)] for part in wrap(_CHANGED, width))
        yield from ([(f" {part}", PLAIN)] for part in wrap(_WITH, width))
        for text in trust_lines(self._trust):
            for index, part in enumerate(wrap(visible(text), width - 4)):
                yield [("   - " if not index else "     ", PLAIN), (part, PLAIN)]
        yield []
        yield from ([(f" {part}", PLAIN)] for part in wrap(_WITHOUT, width))

    def on_mount(self) -> None:
        super().on_mount()
        self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        if event.key == _NO:
            event.stop()
            self.close()
        elif event.key == _YES:
            event.stop()
            self.decide(event, self._trust_it, _IGNORED)

    def _trust_it(self) -> None:
        self.dismiss(True)  # noqa: FBT003 - as Textual defines it
