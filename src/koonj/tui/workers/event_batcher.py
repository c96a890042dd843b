"""Collect events, so that 100,000 notices become some hundred messages."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from textual.message import Message
from textual.message_pump import MessagePump

from koonj.runner.rehearse.events import MigrationRehearsalFinished, MigrationRehearsalStarted
from koonj.runner.run.events import (
    Event,
    MigrationFinished,
    MigrationStarted,
    MigrationUncommitted,
    Notice,
    StatementFinished,
    StatementStarted,
)
from koonj.runner.run.target_event import TargetEvent
from koonj.tui.state.messages import RunReported

INTERVAL = 0.1
"""Seconds between two messages of frequent events: faster than a user can read."""
_FREQUENT = (
    Notice,
    MigrationStarted,
    MigrationFinished,
    MigrationUncommitted,
    StatementStarted,
    StatementFinished,
    MigrationRehearsalStarted,
    MigrationRehearsalFinished,
)
_YIELD_AFTER = 500
"""Number of frequent events after which other tasks get a turn."""


class EventBatcher:
    """Queue of events: posts rare ones at once, frequent ones together."""

    def __init__(
        self, node: MessagePump, message: Callable[[tuple[Event, ...]], Message] = RunReported
    ) -> None:
        self._node = node
        self._message = message
        self._events: list[Event] = []
        self._flushed_at = 0.0
        self._is_scheduled = False

    def add(self, event: Event) -> bool:
        """Add an event.

        Return True if other tasks of the event loop should have a turn now.
        """
        self._events.append(event)
        of_run = event.event if isinstance(event, TargetEvent) else event
        if not isinstance(of_run, _FREQUENT) or monotonic() - self._flushed_at >= INTERVAL:
            self.flush()
            return True
        if not self._is_scheduled:
            self._is_scheduled = True
            self._node.set_timer(INTERVAL, self.flush)
        return len(self._events) % _YIELD_AFTER == 0

    def flush(self) -> None:
        """Post the events that were collected."""
        self._is_scheduled = False
        if self._events:
            self._flushed_at = monotonic()
            self._node.post_message(self._message(tuple(self._events)))
            self._events = []
