"""Progress messages on stderr while migrations run on the scratch server, to compare schemas."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from koonj.cli.invocation import Call
from koonj.runner.drift.run import Replayed
from koonj.runner.rehearse.events import WaitingForScratch
from koonj.runner.rehearse.rehearsal_wording import waiting_for_scratch_words
from koonj.runner.run.events import Event

_INTERVAL = 2.0
"""Seconds between two progress messages."""


@dataclass(slots=True)
class ComparisonProgress:
    """Printer of the progress of one comparison."""

    call: Call
    what: str
    """What runs: ``applied migrations``."""
    _last_message: float = field(default_factory=monotonic)

    def show(self, event: Event) -> None:
        """Print how many migrations have run, if stderr is a terminal, and whom the comparison waits for."""
        if isinstance(event, WaitingForScratch):
            self.call.err.info(waiting_for_scratch_words(event.holder, event.seconds))
        if not isinstance(event, Replayed) or not self.call.err.is_terminal:
            return
        if event.done < event.of and monotonic() - self._last_message > _INTERVAL:
            self._last_message = monotonic()
            self.call.err.info(f"{event.done} of {event.of} {self.what} have run on the scratch server …")
