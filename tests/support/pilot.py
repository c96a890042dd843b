"""Wait for the screen in a test: Textual's pilot, with the patience of these tests."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic
from typing import Any

from textual.app import ScreenStackError
from textual.message_pump import MessagePump
from textual.pilot import Pilot, WaitForScreenTimeout

PATIENCE = 60.0
"""Maximum seconds that a test waits, on the slowest machine."""
STEP = 0.01
HELD = 0.5
"""Seconds after which a handler is taken as one that the test itself holds, while it waits for a fact."""
_LOOK = 0.1
"""Seconds between two looks whether koonj ends, and handles nothing more."""


class PatientPilot(Pilot[Any]):
    """A pilot that waits as long as the tests do, also for a handler that the test holds, or while koonj closes.

    Textual's own fails if the screen has not handled all that it was sent after 30 s.
    """

    async def step(self) -> None:
        """Let the screen go on for a moment: a step of a wait for a fact, which ends by the fact alone.

        If the test holds a handler, or the machine is slow, the screen has not handled all that it was sent.
        """
        await self._handle_all(HELD)
        await asyncio.sleep(STEP)
        self._lay_out()

    def draw(self) -> None:
        """Draw the screen if it was refreshed since it was drawn: what is drawn can ask for more."""
        with suppress(ScreenStackError):
            compositor = self.app.screen._compositor
            if vars(compositor).get("is_undrawn"):
                compositor.render_strips()

    async def pause(self, delay: float | None = None) -> None:
        """Wait as Textual's pilot, also while koonj closes."""
        with suppress(ScreenStackError):
            await super().pause(delay)
        self.draw()

    async def _wait_for_screen(self, timeout: float = PATIENCE) -> bool:
        if not await self._handle_all(timeout):
            raise WaitForScreenTimeout(f"the screen was busy for {timeout:.0f} s")
        return not self.app._exception_event.is_set()

    async def _handle_all(self, seconds: float) -> bool:
        """Wait until the app, the screen and its widgets have handled what they were sent until now.

        Return whether they have, after `seconds` at most, or whether an app that ends never will.
        """
        end, all_handled = monotonic() + seconds, asyncio.get_running_loop().create_future()
        asked: set[MessagePump] = set()

        def handled(pump: MessagePump) -> None:
            asked.discard(pump)
            if not asked and not all_handled.done():
                all_handled.set_result(None)

        asked.update(pump for pump in self._pumps() if pump.call_later(handled, pump))
        while asked and not self._ends():
            if monotonic() >= end:
                return False
            await asyncio.wait({all_handled}, timeout=min(_LOOK, seconds))
        return True

    def _pumps(self) -> list[MessagePump]:
        try:
            return [self.app, *self.app.screen.walk_children(with_self=True)]
        except ScreenStackError:
            return []

    def _ends(self) -> bool:
        return not self.app.is_running or self.app._exception_event.is_set()

    def _lay_out(self) -> None:
        with suppress(ScreenStackError):
            self.app.screen._on_timer_update()
        self.draw()
