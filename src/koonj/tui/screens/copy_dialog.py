"""The dialog that shows the copied text.

koonj always shows it, because a terminal does not report whether it accepted the text.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import chop_cells
from textual import events
from textual.app import App

from koonj.humanize import plural
from koonj.sql.display import visible
from koonj.tui.commands.application import QUIT
from koonj.tui.commands.clipboard import LIMIT, Clip, clip
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.theme import DIM, PLAIN, WARNING
from koonj.tui.toolkit.strips import wrap
from koonj.tui.widgets.footer import Hint
from koonj.tui.widgets.pane import Copyable

_SENT = """\
koonj sent {size} to the terminal's clipboard (OSC 52). If the terminal does not allow that, \
select the text here (Shift+mouse)."""
_TOO_LONG = """\
The text has {size}, more than terminals accept ({limit}). Nothing was sent. \
Select the text here (Shift+mouse), or copy it from the file."""


def copy(app: App[object], copyable: Copyable) -> None:
    """Copy a text to the clipboard unless it is too long, and show it."""
    found = clip(copyable)
    if found.fits:
        app.copy_to_clipboard(found.text)
    app.push_screen(CopyDialog(found))


class CopyDialog(Dialog[None]):
    """Show the copied text from the left edge over the whole width, to select it."""

    WIDTH = 10_000
    BOXED = False

    def __init__(self, clip: Clip) -> None:
        super().__init__()
        self._clip = clip

    @property
    def hints(self) -> tuple[Hint, ...]:
        return (Hint("Esc", "close", command=CLOSE), *self.scroll_hint())

    def heading(self) -> str:
        return f"Copy: {self._clip.what}"

    def lines(self, width: int) -> Sequence[Line]:
        """Return the result of the copy, and the whole text."""
        text = self._clip.text
        lines: list[Line] = [
            [(" " + one, DIM if self._clip.fits else WARNING)] for one in self._result_lines(width)
        ]
        lines += [[]]
        for row in text.removesuffix("\n").split("\n"):
            shown = visible(row, keep="\t").expandtabs(4)
            lines += [[(part, PLAIN)] for part in chop_cells(shown, max(2, width))] or [[]]
        if self._clip.omitted:
            lines += [[], [(f" … and {self._clip.omitted:,} more characters", DIM)]]
        return [*lines, []]

    def _result_lines(self, width: int) -> list[str]:
        text = _SENT if self._clip.fits else _TOO_LONG
        return wrap(text.format(size=_bytes(self._clip.size), limit=_bytes(LIMIT)), width - 2)

    def on_mount(self) -> None:
        super().on_mount()
        self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        """Close. y does not close: it opened the dialog and can still be held down."""
        if event.key == "enter" or event.key in self.keys_of(QUIT):
            event.stop()
            self.close()


def _bytes(number: int) -> str:
    return f"{number:,} {plural(number, 'byte')}"
