"""Watching folder and targets: what is slow happens here, beside the screen, and ends as a message to it."""

from __future__ import annotations

import asyncio
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from koonj.config import EMBEDDED, Target
from koonj.migrations.folder import Folder, FolderError
from koonj.tui.beside import beside
from koonj.tui.engine import Engine
from koonj.tui.messages import FolderLost, FolderRead, TargetAnswered, TargetAsked

if TYPE_CHECKING:
    from koonj.tui.screens.main import Main

LOOK = 2.0
"""Seconds between two looks at the folder: a `stat` of each file."""
PATIENCE = 20.0
"""Seconds that a target has for its answer."""
FIRST_START = 90.0
"""Seconds for the embedded server, which may have to make its data folder first."""


class Watch:
    """Looks at the folder all the time, and asks targets when told to, each in a worker of its own."""

    def __init__(self, screen: Main, engine: Engine) -> None:
        self._screen = screen
        self._engine = engine
        self._folder: Folder | None = None
        self._looking = False

    def start(self) -> None:
        """Begin to look."""
        self.look()
        self._screen.set_interval(LOOK, self.look)

    def look(self) -> None:
        """Read the folder in a thread, unless that is being done."""
        if not self._looking:
            self._looking = True
            beside(self._screen, self._look, "folder")

    def ask_all(self) -> None:
        """Ask every target, side by side."""
        for target in self._screen.snapshot.settings.targets:
            self.ask(target)

    def ask(self, target: Target) -> None:
        """Ask one target; an earlier question to it is dropped."""
        if self._folder is not None:
            self._screen.post_message(TargetAsked(target.name, monotonic()))
            work = partial(self._ask, target, self._folder)
            beside(self._screen, work, f"target {target.name}", exclusive=True)

    async def _look(self) -> None:
        try:
            folder = await self._engine.read_folder()
        except (FolderError, OSError) as error:
            self._folder = None
            self._screen.post_message(FolderLost(str(error)))
        else:
            if folder != self._folder:
                self._folder = folder
                self._screen.post_message(FolderRead(folder))
        finally:
            self._looking = False

    async def _ask(self, target: Target, folder: Folder) -> None:
        patience = FIRST_START if target.dsn == EMBEDDED else PATIENCE
        try:
            async with asyncio.timeout(patience):
                status = await self._engine.ask(target, folder)
        except TimeoutError:
            status = await self._engine.unknown(target, f"no answer within {patience:.0f} s")
        except Exception as error:  # a defect must be seen, and must not take the screen along
            status = await self._engine.unknown(target, f"koonj failed: {type(error).__name__}: {error}")
        self._screen.post_message(TargetAnswered(target.name, status))
