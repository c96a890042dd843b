"""Dialogs: a box over the screen, and the rule that no key decides that was not meant for it."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget

from koonj.tui.commands.command import bindings, named
from koonj.tui.commands.moving import MOVING
from koonj.tui.paint import strip
from koonj.tui.run_lines import Line
from koonj.tui.widgets.bottom_line import BottomLine, Hint
from koonj.tui.widgets.pane import Pane

if TYPE_CHECKING:
    from koonj.tui.application import Koonj

Result = TypeVar("Result")

READING = 0.3
"""Seconds that a dialog must have been on the screen before a key decides."""


class Lines(Pane):
    """A dialog's text. It scrolls where it is longer than the box."""

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._heading = title
        self._lines = lines

    def title(self) -> tuple[str, str]:
        """The dialog's title, and which part is visible."""
        count = self.count()
        last = min(self.top + self.page, count)
        return self._heading, f"{self.top + 1}-{last} of {count}" if count > self.page else ""

    def count(self) -> int:
        """Lines."""
        return len(self._lines)

    def draw(self, index: int, width: int) -> Strip:
        """One line."""
        return strip(self._lines[index], width)


class Dialog(ModalScreen[Result], Generic[Result]):
    """A box of text over the screen, with keys that move the text; a subclass says which keys decide."""

    BINDINGS = bindings(MOVING)  # type: ignore[assignment] # a list of bindings is what Textual takes
    HINTS: ClassVar[tuple[Hint, ...]] = ()
    WIDTH: ClassVar[int] = 100
    """Cells, where the terminal has them."""

    def __init__(self) -> None:
        super().__init__()
        self._painted: float | None = None

    def heading(self) -> str:
        """The title."""
        raise NotImplementedError

    def lines(self, width: int) -> Sequence[Line]:
        """The text, wrapped to `width`."""
        raise NotImplementedError

    def answers(self) -> Sequence[Widget]:
        """Widgets under the text, such as a line to type in."""
        return ()

    def compose(self) -> ComposeResult:
        """Text, what is asked, keys."""
        width = min(self.WIDTH, self.app.size.width - 4)
        with Vertical(id="box") as box:
            box.styles.width = width + 2
            yield Lines(self.heading(), self.lines(width))
            yield from self.answers()
            yield BottomLine(id="keys")

    def on_mount(self) -> None:
        """Show the keys; note when the dialog is on the screen."""
        self.query_one("#keys", BottomLine).hints = self.HINTS
        self.call_after_refresh(self._note)

    def _note(self) -> None:
        self._painted = monotonic()

    @property
    def pane(self) -> Pane:
        """The text."""
        return self.query_one(Lines)

    def action_command(self, name: str) -> None:
        """Move the text."""
        named(MOVING, name).run(self)  # type: ignore[arg-type] # a moving command needs a pane only

    def is_meant(self, event: events.Key) -> bool:
        """Was this key pressed for this dialog: after it could be read, and not held down since before?"""
        if self._painted is None or event.time < self._painted + READING:
            return False
        return not cast("Koonj", self.app).keys.is_repeat(event)

    def say(self, text: str) -> None:
        """One line instead of the keys."""
        self.query_one("#keys", BottomLine).said = (text, True)
