"""The base of the screens over the whole main screen: Drift, matrix, history, history entry."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar, cast

from textual import events, on

from koonj.tui.commands import full_screens as commands
from koonj.tui.commands.application import QUIT
from koonj.tui.commands.clipboard import Clip, clean
from koonj.tui.commands.command import Command, bindings, named
from koonj.tui.commands.key_hints import key_hint, pair_hint
from koonj.tui.commands.navigation import OVERLAY
from koonj.tui.commands.search import MATCHES
from koonj.tui.screens.copy_dialog import CopyDialog
from koonj.tui.screens.text_search import TextSearchScreen, search_keys
from koonj.tui.toolkit.key_presses import CANCEL_KEYS
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.pane_layout import has_frames

Result = TypeVar("Result")

CLOSE, SEARCH, NEXT_PANE = "close", "search", "next-pane"
Keys = Mapping[Command[Any], str]
"""Command -> what its keys do on this screen."""
NEXT_PANE_KEYS: Keys = MappingProxyType({commands.NEXT_PANE: NEXT_PANE, commands.PREVIOUS_PANE: NEXT_PANE})
_KEYS: Keys = MappingProxyType({QUIT: CLOSE, commands.BACK: CLOSE, commands.FILTER: SEARCH})


CLOSE_HINT = (Hint("Esc", "close", command=CLOSE),)


class FullScreen(TextSearchScreen[Result | None], Generic[Result]):
    """Panes between a first line and the keys; its text can be searched.

    Esc ends the search, and without one closes the screen.
    """

    BOUND: ClassVar[tuple[Command[Any], ...]] = (*OVERLAY, *MATCHES)
    """Commands with bindings, whose keys [keys] can change."""
    BINDINGS = bindings(BOUND)  # type: ignore[assignment] # Textual accepts a list of bindings
    KEYS: ClassVar[Keys] = {}
    """What keys do here, besides those that close and search."""
    WIDE: ClassVar[int | None] = None
    """Width in cells from which the panes are side by side; None if they never are."""

    # What a subclass says

    @property
    def pane(self) -> Pane:
        """The pane with the focus, or the first one."""
        return self.focused if isinstance(self.focused, Pane) else self.query(Pane).first()

    def hints(self) -> tuple[Hint, ...]:
        """Return the keys that are shown when no search is in the pane."""
        raise NotImplementedError

    def obey(self, command: str) -> None:
        """Run a command of the screen: one that `KEYS` or a hint names."""

    # Commands

    def action_command(self, name: str) -> None:
        """Run a command that every screen has: move in the pane, or redraw the screen."""
        self.query_one(BottomLine).notice = None
        named(self.BOUND, name).run(self)

    def on_key(self, event: events.Key) -> None:
        if self.search_bar.is_open or self.search_key(event, self.pane):
            return
        self.query_one(BottomLine).notice = None
        command = CLOSE if event.key in CANCEL_KEYS else self._command_of(event.key)
        if command is not None:
            event.stop()
            self.do(command)

    def _command_of(self, key: str) -> str | None:
        keys_of = cast("KeyedApp", self.app).keys_of
        return next((does for one, does in {**self.KEYS, **_KEYS}.items() if key in keys_of(one)), None)

    def hint(self, command: Command[Any], label: str) -> tuple[Hint, ...]:
        """Return the key of a command of this screen; empty if it has none."""
        does = {**self.KEYS, **_KEYS}[command]
        return key_hint(cast("KeyedApp", self.app).keys_of, command, label, runs=does)

    def pair(self, one: Command[Any], other: Command[Any], label: str) -> tuple[Hint, ...]:
        """Return the keys of two commands in one hint; a click runs the first, if it is of this screen."""
        return pair_hint(cast("KeyedApp", self.app).keys_of, one, other, label, runs=self.KEYS.get(one, ""))

    @on(BottomLine.Clicked)
    def hint_clicked(self, event: BottomLine.Clicked) -> None:
        """Handle a click on a key like the key."""
        self.do(event.command)

    def do(self, command: str) -> None:
        """Run a command: one of every such screen, or one of this."""
        if command == CLOSE and self.is_searched:
            self.end_search(self.pane)
        elif command == CLOSE:
            self.close()
        elif command == SEARCH:
            self.search_in(self.pane)
        elif command == NEXT_PANE:
            panes = list(self.query(Pane))
            panes[(panes.index(self.pane) + 1) % len(panes)].focus()
        else:
            self.obey(command)

    def close(self) -> None:
        """Close the screen."""
        self.leave(None)

    def leave(self, result: Result | None) -> None:
        """Close the screen with a result, but once: a second click can be on its way."""
        if self.is_active:
            self.dismiss(result)

    def say(self, text: str) -> None:
        """Show why a key did nothing, until the next key."""
        self.query_one(BottomLine).notice = (text, True)

    def copy_text(self, what: str, text: str) -> None:
        """Copy a text of the screen, and show it."""
        cleaned = clean(text)
        clip = Clip(what, cleaned, len(cleaned.encode()))
        if clip.fits:
            self.app.copy_to_clipboard(clip.text)
        self.app.push_screen(CopyDialog(clip))

    # Search

    @property
    def is_searched(self) -> bool:
        """Whether Esc ends a search or a filter before it closes the screen."""
        return self.pane.is_searched

    def next_match(self, step: int) -> None:
        """Go to the next match of the search in the current pane."""
        self.pane.searcher.step(step)

    def search_hints(self) -> None:
        """Show the keys: those of a search first."""
        shown = self.hints()
        pane = self.pane
        self.query_one(BottomLine).hints = (*search_keys(pane), *shown) if pane.is_searched else shown

    def on_descendant_focus(self) -> None:
        self.search_hints()

    # Layout

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._frame())

    def on_resize(self, event: events.Resize) -> None:
        """Place the panes side by side if the screen is wide enough, and put borders around them."""
        self.set_class(self.WIDE is not None and event.size.width >= self.WIDE, "-wide")
        self._frame()

    def _frame(self) -> None:
        """Put borders around the panes as those of the main screen have them, or remove them."""
        framed = cast("KeyedApp", self.app).has_fills and has_frames(*self.app.size)
        for pane in self.query(Pane):
            pane.framed = framed
