"""The dialog that shows the copied text.

koonj always shows it, because a terminal does not report whether it accepted the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from rich.cells import cell_len, chop_cells
from textual import events
from textual.app import App

from koonj.humanize import plural
from koonj.sql.display import visible
from koonj.tui.commands.application import QUIT
from koonj.tui.commands.clipboard import LIMIT, Clip, clip
from koonj.tui.commands.dialogs import PLAIN_TEXT
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.theme import DIM, PLAIN, WARNING
from koonj.tui.toolkit.key_names import display_key
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.toolkit.plain_screen import show_plain
from koonj.tui.toolkit.strips import wrap
from koonj.tui.widgets.footer import Hint
from koonj.tui.widgets.pane import Copyable

_SENT = "koonj sent {size} to the terminal's clipboard (OSC 52). If the terminal does not allow that, {way}."
_TOO_LONG = """\
The text has {size}, more than terminals accept ({limit}). Nothing was sent. To copy it, {way}; or copy it \
from the file."""
_HERE = "select the text here (Shift+mouse)"
_BROKEN = "; {lines} longer than the terminal is wide, and the mouse would copy them in parts"
_THERE = "press {key} and select the text there: here {lines} cut, because the terminal is not wide enough"
_NO_SCREEN = "koonj cannot leave its screen in this terminal."
_RUNNING = "A run is in progress, which koonj must follow. Press the key again when the run has ended."
_BACK = "To come back to koonj, press any key."


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
        close = Hint("Esc", "close", command=CLOSE)
        return (close, *self.hint_of(PLAIN_TEXT), *self.scroll_hint())

    def heading(self) -> str:
        return f"Copy: {self._clip.what}"

    def lines(self, width: int) -> Sequence[Line]:
        """Return the result of the copy, and the whole text."""
        lines: list[Line] = [
            [(" " + one, DIM if self._clip.fits else WARNING)] for one in self._result_lines(width)
        ]
        lines += [[]]
        for row in self._rows():
            lines += [[(part, PLAIN)] for part in chop_cells(row.expandtabs(4), max(2, width))] or [[]]
        if self._clip.omitted:
            lines += [[], [(f" … and {self._clip.omitted:,} more characters", DIM)]]
        return [*lines, []]

    def _result_lines(self, width: int) -> list[str]:
        text = _SENT if self._clip.fits else _TOO_LONG
        size, limit = _bytes(self._clip.size), _bytes(LIMIT)
        return wrap(text.format(size=size, limit=limit, way=self._way(width)), width - 2)

    def _way(self, width: int) -> str:
        """Return how the user copies the text with the mouse."""
        long = sum(cell_len(row.expandtabs(4)) > width for row in self._rows())
        keys = self.keys_of(PLAIN_TEXT)
        if not long:
            return _HERE
        if not keys:
            return _HERE + _BROKEN.format(lines=f"{_lines(long)} {plural(long, 'is', 'are')}")
        key = display_key(keys[0])
        return _THERE.format(key=key, lines=f"{_lines(long)} {plural(long, 'is', 'are')}")

    def _rows(self) -> list[str]:
        """Return the text's lines as the terminal can show them."""
        return [visible(row, keep="\t") for row in self._clip.text.removesuffix("\n").split("\n")]

    def show_plain(self) -> None:
        """Write the text to the terminal's normal screen, until a key is pressed."""
        if cast("KeyedApp", self.app).has_run:
            self.say(_RUNNING)
            return
        more = [f"… and {self._clip.omitted:,} more characters"] if self._clip.omitted else []
        above = f"koonj: {self._clip.what}. {_BACK}"
        text = "\n".join(["", above, "", *self._rows(), *more, "", _BACK])
        if not show_plain(self.app, text):
            self.say(_NO_SCREEN)

    def on_mount(self) -> None:
        super().on_mount()
        self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        """Close. y does not close: it opened the dialog and can still be held down."""
        if event.key == "enter" or event.key in self.keys_of(QUIT):
            event.stop()
            self.close()
        elif event.key in self.keys_of(PLAIN_TEXT):
            event.stop()
            PLAIN_TEXT.run(self)


def _lines(number: int) -> str:
    return f"{number:,} {plural(number, 'line')}"


def _bytes(number: int) -> str:
    return f"{number:,} {plural(number, 'byte')}"
