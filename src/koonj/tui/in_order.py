"""Keys one after the other.

Textual forwards a key to the focused widget, and lets it bubble up to the bindings, while the next key is on
its way already. Over ssh several keys come in one packet: `/` and what is typed after it, Tab and the next
field's text. They would go to the widget that had the focus before, where letters are commands. So a key
waits here until the one before it has been acted on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

PATIENCE = 0.5
"""Seconds; a widget that was removed with the key never says that it is done."""
ROUNDS = 3
"""The key goes up, then a message that it became, then what that became: Enter of an entry, of its row."""


class InOrder:
    """Hands an app its keys, one at a time."""

    def __init__(self, app: App[None], handle: Callable[[events.Key], Awaitable[None]]) -> None:
        self._app = app
        self._handle = handle
        self._waiting: deque[events.Key] = deque()
        self._turn = 0
        self._busy = False

    async def take(self, event: events.Key) -> None:
        """Act on a key that was pressed: now, or when those before it are done."""
        if self._busy:
            self._waiting.append(event)
        else:
            await self._act(event)

    async def _act(self, event: events.Key) -> None:
        self._busy = True
        self._turn += 1
        path = self._path()
        await self._handle(event)
        self._app.set_timer(PATIENCE, lambda turn=self._turn: self._done(turn))
        self._follow(path * ROUNDS, self._turn)

    def _path(self) -> list[MessagePump]:
        """Whose queues the key goes through: from the focused widget up to the app with its bindings."""
        first = self._app.focused or self._app.screen
        return [*first.ancestors_with_self, self._app]

    def _follow(self, path: list[MessagePump], turn: int) -> None:
        """Queue up behind the key, in each place in turn."""
        while path:
            place = path.pop(0)
            if place.call_later(self._follow, path, turn):
                return
        self._settle(turn)

    def _settle(self, turn: int) -> None:
        """The key may have opened a screen, or asked the app for another focus: behind these, too."""
        after: list[MessagePump] = [self._app.screen, self._app]

        def follow() -> None:
            while after:
                if after.pop(0).call_later(follow):
                    return
            self._done(turn)

        follow()

    def _done(self, turn: int) -> None:
        if turn != self._turn or not self._busy:
            return
        self._busy = False
        if self._waiting:
            self._busy = True
            self._app.call_later(self._act, self._waiting.popleft())
