"""When keys were pressed: what tells a decision from a key that is held down or was typed ahead."""

from __future__ import annotations

from dataclasses import dataclass, field

from textual.events import Key

BACK = ("escape", "ctrl+c")
"""Keys that leave a dialog with a no."""

REPEAT = 0.7
"""Seconds: keyboards repeat a held key after 0.25 to 0.66 s, and then 10 to 30 times a second."""


WORD = 0.3
"""Seconds: letters of one word follow each other faster."""


@dataclass(slots=True)
class KeyPresses:
    """Remembers the last two presses of each key, on the monotonic clock."""

    _last: dict[str, Key] = field(default_factory=dict)
    _before: dict[str, float] = field(default_factory=dict)
    _latest: Key | None = None
    _swallowed: str | None = None
    """A key that is held down, as far as is known, and means nothing more."""

    def note(self, event: Key) -> None:
        """A key reached koonj; the same event again, on its way up, is no second press."""
        last = self._last.get(event.key)
        if last is event:
            return
        if last is not None:
            self._before[event.key] = last.time
        self._last[event.key] = self._latest = event
        if event.key != self._swallowed or not self.is_repeat(event):
            self._swallowed = None

    def swallow(self, event: Key) -> None:
        """What this key did was all that it means, for as long as it is held down."""
        self._swallowed = event.key

    def is_swallowed(self, event: Key) -> bool:
        """Is it still held down from when it did something?"""
        return self._swallowed == event.key

    def is_latest(self, event: Key) -> bool:
        """Has no key come since?"""
        return self._latest is event

    def rest(self, now: float) -> float:
        """Seconds since the last key, on the monotonic clock."""
        return now - self._latest.time if self._latest is not None else float("inf")

    def is_in_a_word(self, event: Key) -> bool:
        """Was another letter pressed shortly before, so that this one may belong to something typed?"""
        others = (key for key in self._last.values() if key is not event and key.is_printable)
        return any(0 <= event.time - other.time < WORD for other in others)

    def is_repeat(self, event: Key) -> bool:
        """Was the same key seen so shortly before that it may be held down?"""
        before = self._before.get(event.key)
        return before is not None and event.time - before < REPEAT
