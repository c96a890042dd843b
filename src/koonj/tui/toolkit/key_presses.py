"""Record when keys were pressed.

This distinguishes a decision from a key that is held down or was typed ahead.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from textual.events import Key

CANCEL_KEYS = ("escape", "ctrl+c")
"""Keys that cancel a dialog."""

REPEAT_PAUSE = 0.7
"""Seconds: keyboards repeat a held key after 0.25 to 0.66 s, and then 10 to 30 times a second."""


WORD_PAUSE = 0.3
"""Seconds: the letters of a typed word follow each other faster."""


@dataclass(slots=True)
class KeyPresses:
    """The last two presses of each key, on the monotonic clock."""

    _last: dict[str, Key] = field(default_factory=dict)
    _before: dict[str, float] = field(default_factory=dict)
    _latest: Key | None = None
    _previous: Key | None = None
    """The press before the latest one, of any key."""
    _ignored: str | None = None
    """Key that seems to be held down, whose repeats are ignored."""

    def record(self, event: Key) -> None:
        """Record a press of a key.

        The same event can reach koonj again on its way up through the widgets. It counts only once.
        """
        last = self._last.get(event.key)
        if last is event:
            return
        if last is not None:
            self._before[event.key] = last.time
        self._previous = self._latest
        self._last[event.key] = self._latest = event
        if event.key != self._ignored or not self.is_repeat(event):
            self._ignored = None

    def ignore_repeats(self, event: Key) -> None:
        """Ignore this key for as long as it is held down."""
        self._ignored = event.key

    def is_ignored(self, event: Key) -> bool:
        """Return whether a key is held down and its repeats are ignored."""
        return self._ignored == event.key

    def is_latest(self, event: Key) -> bool:
        """Return whether no key was pressed since this event."""
        return self._latest is event

    def idle_seconds(self, now: float) -> float:
        """Return the seconds since the last key, on the monotonic clock."""
        return now - self._latest.time if self._latest is not None else float("inf")

    def is_part_of_word(self, event: Key) -> bool:
        """Return whether this letter can be part of a word that is being typed."""
        others = (key for key in self._last.values() if key is not event and key.is_printable)
        return any(0 <= event.time - other.time < WORD_PAUSE for other in others)

    def is_repeat(self, event: Key) -> bool:
        """Return whether the same key came so shortly before that it can be held down."""
        before = self._before.get(event.key)
        return before is not None and event.time - before < REPEAT_PAUSE

    def is_held(self, event: Key) -> bool:
        """Return whether the key is held down: it is a repeat, and no other key came between.

        A keyboard repeats only the key that was pressed last.
        """
        return self.is_repeat(event) and self._previous is not None and self._previous.key == event.key
