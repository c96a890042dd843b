"""What a run or a rehearsal says, gathered for a moment: of 100,000 notices come some hundred messages."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from textual.message import Message
from textual.message_pump import MessagePump

from koonj.runner.rehearse.events import MigrationRehearsalFinished, MigrationRehearsalStarted
from koonj.runner.run.events import Event, Notice, StatementFinished, StatementStarted
from koonj.tui.state.messages import RunReported

MOMENT = 0.1
"""Seconds: nobody reads faster."""
_OFTEN = (Notice, StatementStarted, StatementFinished, MigrationRehearsalStarted, MigrationRehearsalFinished)
_MANY = 500
"""Events that are gathered without a look at anything else."""


class EventBatcher:
    """Hands events on in order: rare ones at once, those that come often together."""

    def __init__(
        self, node: MessagePump, message: Callable[[tuple[Event, ...]], Message] = RunReported
    ) -> None:
        self._node = node
        self._message = message
        self._events: list[Event] = []
        self._told = 0.0
        self._coming = False

    def take(self, event: Event) -> bool:
        """Take an event; True when it is time that others have their turn."""
        self._events.append(event)
        if not isinstance(event, _OFTEN) or monotonic() - self._told >= MOMENT:
            self.tell()
            return True
        if not self._coming:
            self._coming = True
            self._node.set_timer(MOMENT, self.tell)
        return len(self._events) % _MANY == 0

    def tell(self) -> None:
        """Hand on what there is."""
        self._coming = False
        if self._events:
            self._told = monotonic()
            self._node.post_message(self._message(tuple(self._events)))
            self._events = []
