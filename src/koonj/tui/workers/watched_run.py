"""A run in another process that has begun before the screen follows it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from koonj.runner.process.followed_run import FollowedRun
from koonj.runner.process.journal_reader import JournalReader, KnownRun
from koonj.runner.process.seen_runs import mark_end_seen
from koonj.runner.run.events import Event, RunFinished
from koonj.runner.run.fleet_events import FleetFinished


class WatchedRun(FollowedRun):
    """A followed run whose events up to now are read already: a plan can have thousands of migrations."""

    def __init__(self, known: KnownRun, past: tuple[Event, ...], place: int) -> None:
        """`place`: where the journal continues after the events in `past`."""
        super().__init__(known.files, known.head, place)
        self._past = past

    async def events(self) -> AsyncIterator[Event]:
        """Yield the events of the run, the past ones at once."""
        for event in self._past:
            yield event
        if self._past and isinstance(self._past[-1], RunFinished | FleetFinished):
            mark_end_seen(self.files, self._past[-1])
            return
        async for event in super().events():
            yield event


def watched_run(known: KnownRun) -> WatchedRun:
    """Read the journal up to now, in any thread.

    Raises: OSError.
    """
    with JournalReader(known.files) as reader:
        past = tuple(reader.new_events())
        return WatchedRun(known, past, reader.place)
