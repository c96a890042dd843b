"""The Textual application: theme, keymap and first screen.

Call `toolkit.capabilities.set_environment` before you import this module.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from importlib import import_module
from pkgutil import get_data
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from rich.color import ColorSystem
from rich.terminal_theme import TerminalTheme
from textual import events

from koonj.config import Settings
from koonj.config.screen_settings import KeySetting, ScreenSettings
from koonj.tui.commands.keymap import Keymap
from koonj.tui.screens.loading import LoadingScreen
from koonj.tui.theme import DARK, LIGHT, THEMES, choose_theme, palette
from koonj.tui.theme.ascii import AsciiFilter
from koonj.tui.theme.token_filter import TokenFilter
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.toolkit.key_queue import KeyQueue, Typed
from koonj.tui.toolkit.keyed_app import HasKeys, KeyedApp
from koonj.tui.toolkit.signals import exit_on_signals
from koonj.tui.toolkit.tasks import DaemonExecutor
from koonj.tui.toolkit.textual_private import (
    ChangedCells,
    CrashReport,
    ThemedLines,
    add_line_filter,
    parse_input,
)
from koonj.tui.workers.backend import Backend

if TYPE_CHECKING:
    from koonj.tui.screens.main import Main


@runtime_checkable
class Closable(Protocol):
    """A screen that the user can close."""

    def close(self) -> None:
        """Close the screen, as Esc does; the main screen quits koonj.

        Asks first if unsaved work would be lost.
        """


SWITCH_INTERVAL = 0.001
"""Seconds after which a worker thread lets the painting thread run (Python's default: 0.005)."""


def _stylesheet() -> str:
    """Return the text of app.tcss. Textual's CSS_PATH cannot read it inside koonj.pyz."""
    text = get_data(__package__, "app.tcss")
    assert text is not None
    return text.decode()


class Koonj(CrashReport, ChangedCells, ThemedLines, KeyedApp):
    """The koonj application."""

    CSS = _stylesheet()
    TITLE = "koonj"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = []

    def __init__(self, backend: Backend, terminal: Terminal, keymap: Keymap | None = None) -> None:
        super().__init__(ansi_color=None if terminal.colour else True)
        self.backend = backend
        self._true_colour = terminal.true_colour
        self._key_queue = KeyQueue(self, self._take)
        for theme in THEMES:
            self.register_theme(theme)
        self._backdrop = terminal.true_colour and not terminal.remote
        self.theme = choose_theme(terminal)
        self._show_fills()
        self.keymap = keymap or Keymap()
        self.set_keymap(self.keymap.for_textual())
        self.animation_level = "none"
        if terminal.ascii_only:
            add_line_filter(self, AsciiFilter())

    def get_default_screen(self) -> LoadingScreen:
        return LoadingScreen(self.backend.settings, self._main, self._key_queue.start)

    async def _main(self) -> Main:
        """Return the main screen with the folder as it is now.

        If the folder cannot be read, the main screen finds the reason itself.
        """
        await asyncio.to_thread(import_module, "koonj.tui.screens.main")
        from koonj.migrations.folder import FolderError  # noqa: PLC0415 - not needed for the first paint
        from koonj.tui.screens.main import Main  # noqa: PLC0415 - as above
        from koonj.tui.state.snapshot import Listed  # noqa: PLC0415 - as above

        listed = None
        with suppress(FolderError, OSError):
            listed = await asyncio.to_thread(Listed.of, await self.backend.read_folder(), None)
        return Main(self.backend, self.keymap, listed)

    def keys_of(self, command: HasKeys) -> tuple[str, ...]:
        """Return the current keys of a command."""
        return self.keymap.keys_of(command)

    def key_now(self, key: str) -> str:
        """Return what a text shows for the default key `key` after [keys] is applied."""
        return self.keymap.current_key(key)

    def on_mount(self) -> None:
        exit_on_signals(self)
        self.theme_changed_signal.subscribe(self, lambda _: self._show_fills())
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))

    @property
    def ansi_theme(self) -> TerminalTheme:
        """The 16 ANSI colours of the current theme. Textual reads it at a change of theme."""
        return palette(self.current_theme) or super().ansi_theme

    def _show_fills(self) -> None:
        """Set the classes that the stylesheet needs for themes with fills."""
        self.set_class(self.has_fills, "-fills")
        self.set_class(self.has_fills and self._backdrop, "-backdrop")

    @property
    def has_fills(self) -> bool:
        return self.current_theme.name in {DARK.name, LIGHT.name}

    @property
    def has_run(self) -> bool:
        return self.backend.following is not None

    def theme_filter(self) -> TokenFilter:
        system = ColorSystem.TRUECOLOR if self._true_colour else ColorSystem.EIGHT_BIT
        return TokenFilter(self.current_theme, system)

    async def on_event(self, event: events.Event) -> None:
        """Record each key before any widget handles it, and handle one key at a time."""
        if isinstance(event, events.Key):
            self.key_presses.record(event)
            if isinstance(self.screen, LoadingScreen) and self.screen.is_quit_key(event):
                self.exit()
        if isinstance(event, Typed) and not event.is_forwarded:
            await self._key_queue.take(event)
        else:
            await super().on_event(event)

    async def _take(self, event: events.Event) -> None:
        if not (isinstance(event, events.Key) and self.key_presses.is_ignored(event)):
            await super().on_event(event)

    async def action_quit(self) -> None:
        """Handle Ctrl+Q: close the current screen; on the main screen quit koonj."""
        if isinstance(self.screen, Closable):
            self.screen.close()


async def run_app(
    settings: Settings,
    terminal: Terminal,
    screen_settings: ScreenSettings = ScreenSettings(),  # noqa: B008 - a frozen value
) -> int:
    """Run the application until the user quits. Return the exit status.

    Raises:
        ConfigError: a theme or key of the settings does not exist. Nothing is drawn then.
    """
    asyncio.get_running_loop().set_default_executor(DaemonExecutor())
    sys.setswitchinterval(SWITCH_INTERVAL)
    keymap = _keymap(screen_settings.keys)
    parse_input(keymap.alt_characters)
    rehearses = screen_settings.rehearse is not False
    async with Backend(settings, rehearses=rehearses, moves_runs=True) as backend:
        app = Koonj(backend, terminal, keymap)
        await app.run_async(mouse=terminal.mouse)
        run = backend.following
    if run is not None and run.survives:
        from koonj.runner.process.process_wording import left_words  # noqa: PLC0415 - only after such a run

        with suppress(OSError):  # the terminal can be gone
            print(f"koonj: {left_words(run.id)}", file=sys.stderr)
    return app.return_code or 0


def _keymap(settings: tuple[KeySetting, ...]) -> Keymap:
    if not settings:
        return Keymap()
    from koonj.tui.commands.dialogs import DIALOGS  # noqa: PLC0415 - not needed for the first paint
    from koonj.tui.commands.editor import EDITING  # noqa: PLC0415 - not needed for the first paint
    from koonj.tui.commands.forms import FORM  # noqa: PLC0415 - not needed for the first paint
    from koonj.tui.commands.full_screens import ON_MATRIX  # noqa: PLC0415 - not needed for the first paint
    from koonj.tui.commands.main_screen import MAIN  # noqa: PLC0415 - not needed for the first paint
    from koonj.tui.commands.rebinding import rebind  # noqa: PLC0415 - as above

    return rebind(settings, MAIN, EDITING, DIALOGS, ON_MATRIX, FORM)
