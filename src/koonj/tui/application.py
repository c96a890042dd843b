"""The Textual application: theme, first screen, and the end. Import it after `terminal.settle`."""

from __future__ import annotations

import asyncio
import sys
from typing import ClassVar

from textual import events
from textual.app import App

from koonj.config import Settings
from koonj.tui.engine import Engine
from koonj.tui.in_order import InOrder, Typed
from koonj.tui.keys import Keys
from koonj.tui.private import CrashReport, write_ascii_only
from koonj.tui.screens.closing import Closable
from koonj.tui.screens.opening import Opening
from koonj.tui.signals import leave_when_told
from koonj.tui.terminal import THEME, Terminal
from koonj.tui.theme import KOONJ
from koonj.tui.threads import Threads

SWITCH = 0.001
"""Seconds that a thread which reads may hold back the one that paints; Python's own are 0.005."""


class Koonj(CrashReport, App[None]):
    """koonj on a terminal."""

    CSS_PATH = "app.tcss"
    TITLE = "koonj"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = []

    def __init__(self, engine: Engine, terminal: Terminal) -> None:
        super().__init__(ansi_color=True if terminal.theme == THEME else None)
        self.engine = engine
        self.keys = Keys()
        self._in_order = InOrder(self, self._take)
        self.register_theme(KOONJ)
        self.theme = terminal.theme
        self.animation_level = "none"
        if terminal.ascii_only:
            write_ascii_only(self)

    def get_default_screen(self) -> Opening:
        """What is seen first, and brings the rest."""
        return Opening(self.engine, self._in_order.begin)

    def on_mount(self) -> None:
        """Leave the terminal clean when told to go."""
        leave_when_told(self)
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))

    async def on_event(self, event: events.Event) -> None:
        """Note when keys come, before anybody acts on them; and let nobody act on two at once."""
        if isinstance(event, events.Key):
            self.keys.note(event)
            if isinstance(self.screen, Opening) and self.screen.is_left_by(event):
                self.exit()
        if isinstance(event, Typed) and not event.is_forwarded:
            await self._in_order.take(event)
        else:
            await super().on_event(event)

    async def _take(self, event: events.Event) -> None:
        if not (isinstance(event, events.Key) and self.keys.is_swallowed(event)):
            await super().on_event(event)

    async def action_quit(self) -> None:
        """Ctrl+Q: what covers the main screen closes; there it quits, and asks while a run goes on."""
        if isinstance(self.screen, Closable):
            self.screen.close()


async def show(settings: Settings, terminal: Terminal) -> int:
    """Run the screen until the person leaves; gives the exit status."""
    asyncio.get_running_loop().set_default_executor(Threads())
    sys.setswitchinterval(SWITCH)
    async with Engine(settings) as engine:
        app = Koonj(engine, terminal)
        await app.run_async(mouse=terminal.mouse)
    return app.return_code or 0
