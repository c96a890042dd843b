"""What was copied: always shown, since no terminal says whether it took it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import chop_cells
from textual import events

from koonj.humanize import plural
from koonj.sql.display import visible
from koonj.tui.commands.clipboard import LIMIT, Clip
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.theme import DIM, PLAIN, WARNING
from koonj.tui.toolkit.key_presses import BACK
from koonj.tui.toolkit.strips import wrap
from koonj.tui.widgets.footer import Hint

_SENT = """\
{size} sent to the terminal's clipboard (OSC 52). Where that is not allowed, select it here (Shift+mouse)."""
_TOO_LONG = """\
{size} are more than terminals take at once ({limit}): nothing was sent. Select it here (Shift+mouse), or \
take it from the file."""


class Copied(Dialog[None]):
    """The text over the whole width: its lines begin at the terminal's edge, with nothing before them."""

    HINTS = (Hint("Esc", "close", command=CLOSE), Hint("j/k", "scroll"))
    WIDTH = 10_000

    def __init__(self, clip: Clip) -> None:
        super().__init__()
        self._clip = clip

    def heading(self) -> str:
        """What it is."""
        return f"Copy: {self._clip.what}"

    def lines(self, width: int) -> Sequence[Line]:
        """What became of it, and all of it."""
        text = self._clip.text
        lines: list[Line] = [[(" " + one, DIM if self._clip.fits else WARNING)] for one in self._said(width)]
        lines += [[]]
        for row in text.removesuffix("\n").split("\n"):
            shown = visible(row, keep="\t").expandtabs(4)
            lines += [[(part, PLAIN)] for part in chop_cells(shown, max(2, width))] or [[]]
        if self._clip.beyond:
            lines += [[], [(f" … and {self._clip.beyond:,} more characters", DIM)]]
        return [*lines, []]

    def _said(self, width: int) -> list[str]:
        said = _SENT if self._clip.fits else _TOO_LONG
        return wrap(said.format(size=_bytes(self._clip.size), limit=_bytes(LIMIT)), width - 2)

    def on_mount(self) -> None:
        """The keys scroll."""
        super().on_mount()
        self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        """The keys that close; y is none, since it is what opened this, and may be held down."""
        if event.key in {*BACK, "q", "enter"}:
            event.stop()
            self.close()


def _bytes(number: int) -> str:
    return f"{number:,} {plural(number, 'byte')}"
