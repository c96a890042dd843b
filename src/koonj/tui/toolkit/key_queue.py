"""Keys, and what is pasted, one after the other.

Textual forwards a key to the focused widget, and lets it bubble up to the bindings, while the next key is on
its way already. Over ssh several keys come in one packet: `/` and what is typed after it, Tab and the next
field's text. They would go to the widget that had the focus before, where letters are commands. So a key
waits here until the one before it has been acted on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import ClassVar

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

PATIENCE = 0.5
"""Seconds; a widget that was removed with the key never says that it is done."""

Typed = events.Key | events.Paste


class KeyQueue:
    """Hands an app what is typed and pasted, one thing at a time, from `begin` on."""

    def __init__(self, app: App[None], handle: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app = app
        self._handle = handle
        self._waiting: deque[Typed] = deque()
        self._behind: _Behind | None = None
        self._busy = True

    def begin(self) -> None:
        """Act on what was typed until now, and on all that comes."""
        self._go_on()

    async def take(self, event: Typed) -> None:
        """Act on what was typed: now, or when what came before it is done."""
        self._waiting.append(event)
        if not self._busy:
            self._busy = True
            await self._next()

    async def _next(self) -> None:
        event = self._waiting.popleft()
        self._behind = behind = _Behind(self._places(self._path()), self._done)
        await self._handle(event)
        behind()

    def _places(self, path: list[MessagePump]) -> Iterator[MessagePump]:
        """Whose queues the key goes through, and then those of what it brought: a message, a screen."""
        yield from path
        yield from self._path()

    def _path(self) -> list[MessagePump]:
        """From the focused widget up to the app with its bindings."""
        first = self._app.focused or self._app.screen
        return [*first.ancestors_with_self, self._app]

    def _done(self, behind: _Behind) -> None:
        if behind is not self._behind:
            return  # its patience had ended before
        self._behind = None
        self._go_on()

    def _go_on(self) -> None:
        self._busy = bool(self._waiting) and self._app.call_later(self._next)


class _Behind:
    """Queues up behind a key in one place after the other; called when it is its turn."""

    _param_count: ClassVar[int] = 0
    """Saves Textual from inspecting each call."""

    def __init__(self, places: Iterator[MessagePump], done: Callable[[_Behind], None]) -> None:
        self._places = places
        self._done = done
        self._last = asyncio.get_running_loop().call_later(PATIENCE, self._end)

    def __call__(self) -> None:
        """To the next place that still takes messages; after the last one it is done."""
        for place in self._places:
            if place.post_message(events.Callback(callback=self)):
                return
        self._end()

    def _end(self) -> None:
        self._last.cancel()
        self._done(self)
