"""Dialogs: a box over the screen, and the rule that no key decides that was not meant for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import ClassVar, Generic, TypeVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from koonj.tui.commands.command import bindings, named
from koonj.tui.commands.navigation import COVERING
from koonj.tui.render.run_lines import Line
from koonj.tui.toolkit.key_presses import KeyPresses
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.toolkit.strips import strip
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.pane import Pane

Result = TypeVar("Result")

CLOSE = "close"
"""What a click on a hint asks for that closes the dialog."""

QUIET = 0.12
"""Seconds after a deciding key in which it must not come again: keyboards repeat a held key within 0.1 s."""

_FRAME = 3
"""Lines of the box around the text: its border and the keys."""
_LOW = 20
"""Lines of a terminal that has none to spare around a dialog."""
READING = 0.3
"""Seconds that a dialog must have been on the screen before a key decides."""
TYPING = 1.5
"""The same, where it came up while the person was typing a text: who types does not look up at once."""


class DialogText(Pane):
    """A dialog's text. It scrolls where it is longer than the box."""

    def __init__(self, heading: Callable[[], str], make: Callable[[int], Sequence[Line]]) -> None:
        super().__init__()
        self._heading = heading
        self._make = make
        self._width = 0
        self._lines: Sequence[Line] = ()

    def _wrap(self, width: int) -> None:
        if width and width != self._width:
            self._width, self._lines = width, self._make(width)

    def make_again(self) -> None:
        """The lines are others now: from the first one."""
        self._width = 0
        self._wrap(self.size.width)
        self.top = 0
        self.body_changed()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Title and all lines, wrapped to the width that the box has."""
        self._wrap(width)
        return super().get_content_height(container, viewport, width)

    def on_resize(self) -> None:
        """Wrap anew."""
        self._wrap(self.size.width)
        super().on_resize()

    def title(self) -> tuple[str, str]:
        """The dialog's title, and which part is visible."""
        return self._heading(), self.place

    def count(self) -> int:
        """Lines."""
        return len(self._lines)

    def draw(self, index: int, width: int) -> Strip:
        """One line."""
        return strip(self._lines[index], width)


class Dialog(ModalScreen[Result], Generic[Result]):
    """A box of text over the screen, with keys that move the text; a subclass says which keys decide."""

    BINDINGS = bindings(COVERING)  # type: ignore[assignment] # a list of bindings is what Textual takes
    HINTS: ClassVar[tuple[Hint, ...]] = ()
    WIDTH: ClassVar[int] = 100
    """Cells, where the terminal has them."""

    def __init__(self) -> None:
        super().__init__()
        self._painted: float | None = None
        self._reading = READING

    def heading(self) -> str:
        """The title."""
        raise NotImplementedError

    def lines(self, width: int) -> Sequence[Line]:
        """The text, wrapped to `width`."""
        raise NotImplementedError

    @property
    def hints(self) -> tuple[Hint, ...]:
        """The keys that matter in it."""
        return self.HINTS

    def body(self) -> Sequence[Widget]:
        """The pane with the text; a subclass may have another, or a line above it."""
        return (DialogText(self.heading, self.lines),)

    def answers(self) -> Sequence[Widget]:
        """Widgets under the text, such as a line to type in."""
        return ()

    def compose(self) -> ComposeResult:
        """Text, what is asked, keys."""
        with Vertical(id="box") as box:
            box.styles.width = self.WIDTH
            yield from self.body()
            yield from self.answers()
            yield BottomLine(id="keys")

    def on_resize(self) -> None:
        """Another room."""
        self._fit()

    def _fit(self) -> None:
        """The text leaves room for what is asked, and for the screen behind."""
        high = self.app.size.height
        most = max(3, (high * 9 // 10 if high > _LOW else high) - _FRAME - self.asked)
        self.pane.styles.max_height = most
        self.pane.styles.min_height = min(most, self.fewest(min(self.WIDTH, self.app.size.width) - 2))

    def fewest(self, width: int) -> int:
        """Lines that the pane always has: a box that jumps as one types is hard to read."""
        return 0

    @property
    def asked(self) -> int:
        """Lines that what is asked takes."""
        return 2 * len(self.query(Input))

    def on_mount(self) -> None:
        """Show the keys; note when the dialog is on the screen."""
        self._fit()  # before it is painted for the first time: a slow line carries it once
        self.query_one("#keys", BottomLine).hints = self.hints
        if isinstance(self.app.screen_stack[-2].focused, Input):
            self._reading = TYPING
        self.call_after_refresh(self._note)

    def _note(self) -> None:
        self._painted = monotonic()

    @property
    def pane(self) -> Pane:
        """The text."""
        return self.query_one("#box Pane", Pane)

    def close(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)

    @on(BottomLine.Clicked)
    def hint_clicked(self, event: BottomLine.Clicked) -> None:
        """A click may close; it never decides."""
        event.stop()
        if event.command == CLOSE:
            self.close()

    def action_command(self, name: str) -> None:
        """Move the text, or draw all anew."""
        named(COVERING, name).run(self)

    def painted_for(self) -> float:
        """Seconds since it is on the screen; 0 before."""
        return 0.0 if self._painted is None else monotonic() - self._painted

    def decide(self, event: events.Key, act: Callable[[], None], otherwise: str) -> None:
        """Do what a key decides, if it was pressed once and for this dialog; else say `otherwise`.

        A held key is found out twice: by the same key shortly before and, should koonj have been too busy to
        see that, by the same key shortly after. A letter of a text that is being typed is, too, by others.
        """
        if self.is_meant(event):
            self._wait_for_quiet(event, act, otherwise)
        else:
            self.say(otherwise)

    def _wait_for_quiet(self, event: events.Key, act: Callable[[], None], otherwise: str) -> None:
        begun = monotonic()

        def decided() -> None:
            if not self.is_current:
                return
            if not self._keys.is_latest(event):
                self.say(otherwise)
            elif monotonic() - begun > 2 * QUIET:  # too busy to have seen all keys
                self._wait_for_quiet(event, act, otherwise)
            else:
                act()

        self.set_timer(QUIET, decided)

    @property
    def _keys(self) -> KeyPresses:
        return cast("KeyedApp", self.app).key_presses

    def is_meant(self, event: events.Key) -> bool:
        """Was this key pressed for this dialog: after it could be read, and not held down since before?"""
        if self._painted is None or event.time < self._painted + self._reading:
            return False
        return not (self._keys.is_repeat(event) or self._keys.is_in_a_word(event))

    def say(self, text: str) -> None:
        """One line instead of the keys."""
        self.query_one("#keys", BottomLine).said = (text, True)
