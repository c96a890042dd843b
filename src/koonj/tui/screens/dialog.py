"""Base class of dialogs: a box over the screen.

A key decides only if the user pressed it for this dialog.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any, ClassVar, Generic, TypeVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from koonj.tui.commands.command import Command, bindings, named
from koonj.tui.commands.key_hints import key_hint, pair_hint
from koonj.tui.commands.navigation import DOWN, OVERLAY, PAGE_DOWN, PAGE_UP, UP
from koonj.tui.render.run_lines import Line
from koonj.tui.theme.fills import DANGER, LIFTED
from koonj.tui.toolkit.key_names import is_text
from koonj.tui.toolkit.key_presses import CANCEL_KEYS, KeyPresses
from koonj.tui.toolkit.keyed_app import HasKeys, KeyedApp
from koonj.tui.toolkit.strips import strip
from koonj.tui.widgets.dialog_box import DialogBox
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.pane import Pane

Result = TypeVar("Result")

CLOSE = "close"
"""Command of a hint that closes the dialog when it is clicked."""

QUIET = 0.12
"""Seconds to wait after a key that decides. Keyboards repeat a held key within 0.1 s, so a repeat comes in
time."""

_FRAME = 3
"""Lines of the box around the text: border and keys."""
_LOW = 20
"""Terminal height up to which a dialog uses all lines."""
READING = 0.3
"""Seconds that a dialog must be visible before a key decides."""
TYPING = 1.5
"""The same if the dialog opened while the user was typing: it takes longer to notice it then."""


class DialogText(Pane):
    """A dialog's text. It scrolls if it is longer than the box."""

    def __init__(self, heading: Callable[[], str], make: Callable[[int], Sequence[Line]]) -> None:
        super().__init__()
        self._heading = heading
        self._make = make
        self._width = 0
        self._lines: Sequence[Line] = ()

    def _wrap(self, width: int) -> None:
        if width and width != self._width:
            self._width, self._lines = width, self._make(width)

    def rebuild(self) -> None:
        """Make the lines again and scroll to the first one."""
        self._width = 0
        self._wrap(self.size.width)
        self.top = 0
        self.body_changed()
        self._draw_border()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        self._wrap(width)
        return super().get_content_height(container, viewport, width)

    def on_resize(self) -> None:
        self._wrap(self.size.width)
        super().on_resize()

    def title(self) -> tuple[str, str]:
        return self._heading(), self.place

    def count(self) -> int:
        return len(self._lines)

    def watch_top(self) -> None:
        """Draw which lines are visible again."""
        self._draw_border()

    def _draw_border(self) -> None:
        """Draw the heading and the visible lines in the border of the box again."""
        if self.untitled and isinstance(self.parent, Widget):
            self.parent.refresh()

    def draw(self, index: int, width: int) -> Strip:
        return strip(self._lines[index], width)


class Dialog(ModalScreen[Result], Generic[Result]):
    """A box of text over the screen, with keys that move the text.

    Subclasses define the keys that decide.
    """

    BINDINGS = bindings(OVERLAY)  # type: ignore[assignment] # Textual accepts a list of bindings
    HINTS: ClassVar[tuple[Hint, ...]] = ()
    BOXED: ClassVar[bool] = True
    """Whether a border is around the whole box."""
    WIDTH: ClassVar[int] = 100
    """Width in cells, if the terminal is wide enough."""

    def __init__(self) -> None:
        super().__init__()
        self._painted: float | None = None
        self._reading = READING

    def heading(self) -> str:
        """Return the title."""
        raise NotImplementedError

    def lines(self, width: int) -> Sequence[Line]:
        """Return the text, wrapped to `width` cells."""
        raise NotImplementedError

    @property
    def hints(self) -> tuple[Hint, ...]:
        """The keys to show at the bottom."""
        return self.HINTS

    def body(self) -> Sequence[Widget]:
        """Return the main widgets: by default one pane with the text."""
        return (DialogText(self.heading, self.lines),)

    def answers(self) -> Sequence[Widget]:
        """Return the widgets below the text, for example a line to type in."""
        return ()

    def compose(self) -> ComposeResult:
        with DialogBox(self._title) as box:
            box.styles.width = self.box_width
            yield from self._body()
            yield from self.answers()
            yield BottomLine(id="keys")
        box.danger = self.danger
        box.set_class(self.danger, "-danger")
        if self.has_title_in_border:
            box.draw_frame()

    def _title(self) -> tuple[str, str]:
        return self.pane.title()

    @property
    def danger(self) -> bool:
        """Whether the dialog is about a protected target."""
        return False

    @property
    def has_title_in_border(self) -> bool:
        """Whether the title stands in the border of the box."""
        return self.BOXED and self.has_fills

    @property
    def has_fills(self) -> bool:
        """Whether the theme has backgrounds."""
        return cast("KeyedApp", self.app).has_fills

    def _body(self) -> Iterator[Widget]:
        for widget in self.body():
            if isinstance(widget, Pane):
                widget.untitled = self.has_title_in_border
            yield widget

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """Limit the height of the text, so that the answer stays visible."""
        self.query_one("#box").styles.width = self.box_width
        high = self.app.size.height
        most = max(3, (high * 9 // 10 if high > _LOW else high) - _FRAME - self.answer_lines)
        self.pane.styles.max_height = most
        self.pane.styles.min_height = min(most, self.min_lines(min(self.box_width, self.app.size.width) - 2))

    @property
    def box_width(self) -> int:
        """Width in cells now, if the terminal is wide enough."""
        return self.WIDTH

    def min_lines(self, width: int) -> int:
        """Return the minimum number of lines of the pane.

        With a fixed height the box does not jump while the user types.
        """
        return 0

    @property
    def answer_lines(self) -> int:
        """Number of lines of the widgets from `answers`."""
        return 2 * len(self.query(Input))

    def on_mount(self) -> None:
        self._fit()  # Before the first paint, so that a slow connection transfers the dialog once.
        keys = self.query_one("#keys", BottomLine)
        keys.ground = DANGER if self.danger else LIFTED
        keys.hints = self.hints
        if isinstance(self.app.screen_stack[-2].focused, Input):
            self._reading = TYPING
        self.call_after_refresh(self._record_paint)

    def _record_paint(self) -> None:
        self._painted = monotonic()

    @property
    def pane(self) -> Pane:
        """The pane with the text."""
        return self.query_one("#box Pane", Pane)

    def close(self) -> None:
        """Close the dialog without a decision, but once: a second click can be on its way."""
        if self.is_active:
            self.dismiss(None)

    def on_key(self, event: events.Key) -> None:
        # Textual also calls the method of a subclass, before this one.
        if event.key in CANCEL_KEYS:
            event.stop()
            self.close()

    @on(Input.Changed, "DialogField")
    def _typed_more(self, event: Input.Changed) -> None:
        """Remove the message about the text before."""
        event.stop()
        self.query_one("#keys", BottomLine).notice = None

    @on(BottomLine.Clicked)
    def hint_clicked(self, event: BottomLine.Clicked) -> None:
        """Close the dialog if the user clicked that key. A click never decides."""
        event.stop()
        if event.command == CLOSE:
            self.close()

    def action_command(self, name: str) -> None:
        """Run a command: move the text, or redraw the screen."""
        named(OVERLAY, name).run(self)

    def keys_of(self, command: HasKeys) -> tuple[str, ...]:
        """Return the current keys of a command that work here: no letter while the user types."""
        keys = cast("KeyedApp", self.app).keys_of(command)
        return tuple(key for key in keys if not (is_text(key) and self.query(Input)))

    def hint_of(self, command: Command[Any], label: str = "") -> tuple[Hint, ...]:
        """Return the key of a command of this dialog; empty if the user has taken it away."""
        return key_hint(self.keys_of, command, label)

    def scroll_hint(self, label: str = "scroll") -> tuple[Hint, ...]:
        """Return the keys that scroll the text: no letters while the user types."""
        one, other = (PAGE_DOWN, PAGE_UP) if self.query(Input) else (DOWN, UP)
        return pair_hint(self.keys_of, one, other, label)

    def painted_for(self) -> float:
        """Return the seconds since the dialog was first painted; 0 before that."""
        return 0.0 if self._painted is None else monotonic() - self._painted

    def decide(self, event: events.Key, action: Callable[[], None], message: str) -> None:
        """Call `action` if the key was pressed once, for this dialog; else show `message`.

        A held key is recognized by the same key shortly before it. If koonj was too busy to see that, it is
        recognized by the same key shortly after. A letter of a word is recognized by the other letters.
        """
        if self.is_intended(event):
            self._wait_for_quiet(event, action, message)
        else:
            self.say(message)

    def _wait_for_quiet(self, event: events.Key, action: Callable[[], None], message: str) -> None:
        begun = monotonic()

        def decide_now() -> None:
            if not self.is_active:
                return
            if not self._keys.is_latest(event):
                self.say(message)
            elif monotonic() - begun > 2 * QUIET:  # koonj was too busy to see all keys.
                self._wait_for_quiet(event, action, message)
            else:
                action()

        self.set_timer(QUIET, decide_now)

    @property
    def _keys(self) -> KeyPresses:
        return cast("KeyedApp", self.app).key_presses

    def is_early(self, event: events.Key | events.Paste) -> bool:
        """Return whether the user typed this before the text could be read."""
        return self._painted is None or event.time < self._painted + self._reading

    def read_again(self) -> None:
        """Note that the dialog has another text now, which is not read yet."""
        self._painted = None
        self.call_after_refresh(self._record_paint)

    def is_intended(self, event: events.Key) -> bool:
        """Return whether the user pressed this key for this dialog.

        That means after the text was readable, and the key was not held down since before.
        """
        if self.is_early(event):
            return False
        return not (self._keys.is_repeat(event) or self._keys.is_part_of_word(event))

    def say(self, text: str) -> None:
        """Show one line instead of the keys."""
        self.query_one("#keys", BottomLine).notice = (text, True)
