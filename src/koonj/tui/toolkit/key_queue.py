"""Handle keys and pasted text one at a time.

Textual sends a key to the focused widget and then up to the bindings. The next key can start before that is
complete. Over ssh several keys come in one packet: `/` and the text typed after it, or Tab and the text of
the next field. They would go to the widget that had the focus before, where letters are commands. So here a
key waits until the key before it was handled.
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
"""Seconds to wait for a key to be handled: a widget that is removed by the key never reports it."""

Typed = events.Key | events.Paste


class KeyQueue:
    """Queue of keys and pasted text, handled one at a time after `start`."""

    def __init__(self, app: App[None], handle: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app = app
        self._handle = handle
        self._waiting: deque[Typed] = deque()
        self._marker: _Marker | None = None
        self._busy = True

    def start(self) -> None:
        """Start to handle events, first those that waited."""
        self._continue()

    async def take(self, event: Typed) -> None:
        """Handle an event now, or after the events that wait."""
        self._waiting.append(event)
        if not self._busy:
            self._busy = True
            await self._next()

    async def _next(self) -> None:
        event = self._waiting.popleft()
        self._marker = marker = _Marker(self._pumps(self._path()), self._done)
        await self._handle(event)
        marker()

    def _pumps(self, path: list[MessagePump]) -> Iterator[MessagePump]:
        """Yield the pumps that the key passes, then those of what it caused."""
        yield from path
        yield from self._path()

    def _path(self) -> list[MessagePump]:
        """Return the pumps from the focused widget up to the app with its bindings."""
        first = self._app.focused or self._app.screen
        return [*first.ancestors_with_self, self._app]

    def _done(self, marker: _Marker) -> None:
        if marker is not self._marker:
            return  # this marker was given up before, after its timeout
        self._marker = None
        self._continue()

    def _continue(self) -> None:
        self._busy = bool(self._waiting) and self._app.call_later(self._next)


class _Marker:
    """Callback that passes the same queues after a key.

    When it has passed all, the key was handled.
    """

    _param_count: ClassVar[int] = 0
    """Number of parameters, so that Textual does not inspect each call."""

    def __init__(self, places: Iterator[MessagePump], done: Callable[[_Marker], None]) -> None:
        self._places = places
        self._done = done
        self._last = asyncio.get_running_loop().call_later(PATIENCE, self._end)

    def __call__(self) -> None:
        """Go to the next pump that still takes messages.

        After the last one, report the end.
        """
        for place in self._places:
            if place.post_message(events.Callback(callback=self)):
                return
        self._end()

    def _end(self) -> None:
        self._last.cancel()
        self._done(self)
