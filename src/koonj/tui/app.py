"""The Textual application: theme, first screen, and the end. Import it after `terminal.settle`."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from rich.terminal_theme import TerminalTheme
from textual import events

from koonj.config import KeySetting, ScreenSettings, Settings
from koonj.tui.commands.keymap import Keymap
from koonj.tui.screens.loading import LoadingScreen
from koonj.tui.theme import THEMES, choose, palette
from koonj.tui.theme.ascii import AsciiFilter
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.toolkit.key_queue import KeyQueue, Typed
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.toolkit.signals import leave_when_told
from koonj.tui.toolkit.tasks import DaemonExecutor
from koonj.tui.toolkit.textual_private import ChangedCells, CrashReport, add_line_filter
from koonj.tui.workers.backend import Backend

if TYPE_CHECKING:
    from koonj.tui.screens.main import Main


@runtime_checkable
class Closable(Protocol):
    """A screen that can be left."""

    def close(self) -> None:
        """Leave it, as Esc does, or the main screen and koonj; what would be lost is asked for first."""


SWITCH = 0.001
"""Seconds that a thread which reads may hold back the one that paints; Python's own are 0.005."""


class Koonj(CrashReport, ChangedCells, KeyedApp):
    """koonj on a terminal."""

    CSS_PATH = "app.tcss"
    TITLE = "koonj"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = []

    def __init__(self, engine: Backend, terminal: Terminal, keymap: Keymap | None = None) -> None:
        super().__init__(ansi_color=None if terminal.colour else True)
        self.engine = engine
        self._in_order = KeyQueue(self, self._take)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = choose(terminal)
        self.keymap = keymap or Keymap()
        self.set_keymap(self.keymap.for_textual())
        self.animation_level = "none"
        if terminal.ascii_only:
            add_line_filter(self, AsciiFilter())

    def get_default_screen(self) -> LoadingScreen:
        """What is seen first, and brings the rest."""
        return LoadingScreen(self.engine.settings, self._main, self._in_order.begin)

    async def _main(self) -> Main:
        """Make the main screen of the folder as it is now; where it cannot be read, that finds out why."""
        await asyncio.to_thread(import_module, "koonj.tui.screens.main")
        from koonj.migrations.folder import FolderError  # noqa: PLC0415 - the first paint did not wait for it
        from koonj.tui.screens.main import Main  # noqa: PLC0415 - as above

        folder = None
        with suppress(FolderError, OSError):
            folder = await self.engine.read_folder()
        return Main(self.engine, self.keymap, folder)

    def key_now(self, key: str) -> str:
        """Give the key for a text that names `key`, as [keys] has it."""
        return self.keymap.now(key)

    def on_mount(self) -> None:
        """Leave the terminal clean when told to go."""
        leave_when_told(self)
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))

    @property
    def ansi_theme(self) -> TerminalTheme:
        """What the theme makes of the 16 colours. Textual asks when the theme becomes another one."""
        return palette(self.current_theme) or super().ansi_theme

    async def on_event(self, event: events.Event) -> None:
        """Note when keys come, before anybody acts on them; and let nobody act on two at once."""
        if isinstance(event, events.Key):
            self.key_presses.note(event)
            if isinstance(self.screen, LoadingScreen) and self.screen.is_left_by(event):
                self.exit()
        if isinstance(event, Typed) and not event.is_forwarded:
            await self._in_order.take(event)
        else:
            await super().on_event(event)

    async def _take(self, event: events.Event) -> None:
        if not (isinstance(event, events.Key) and self.key_presses.is_swallowed(event)):
            await super().on_event(event)

    async def action_quit(self) -> None:
        """Ctrl+Q: what covers the main screen closes; there it quits, and asks while a run goes on."""
        if isinstance(self.screen, Closable):
            self.screen.close()


async def show(settings: Settings, terminal: Terminal, wishes: ScreenSettings = ScreenSettings()) -> int:  # noqa: B008 - a frozen value
    """Run the screen until the person leaves; gives the exit status.

    Raises ConfigError, before anything is drawn, for a theme or a key that there is not.
    """
    asyncio.get_running_loop().set_default_executor(DaemonExecutor())
    sys.setswitchinterval(SWITCH)
    keymap = _keymap(wishes.keys)
    async with Backend(settings, rehearses=wishes.rehearse is not False) as engine:
        app = Koonj(engine, terminal, keymap)
        await app.run_async(mouse=terminal.mouse)
    return app.return_code or 0


def _keymap(wishes: tuple[KeySetting, ...]) -> Keymap:
    if not wishes:
        return Keymap()
    from koonj.tui.commands import MAIN  # noqa: PLC0415 - the first paint does not wait for all commands
    from koonj.tui.commands.rebinding import rebind  # noqa: PLC0415 - as above

    return rebind(wishes, MAIN)
