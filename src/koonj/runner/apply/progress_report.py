"""Decide which progress of the running statement is worth an event, and how fast it is."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from koonj.postgres.progress import CommandProgress
from koonj.runner.run.events import Progress

REPEAT = 10.0
"""Seconds until another event of the same phase, if the percentage stays the same."""

_LEAST = 2.0
"""Seconds of a phase until its rate is known."""


@dataclass(frozen=True, slots=True)
class _Reported:
    """The last event, and when the phase began."""

    began: float
    first: int
    event: Progress
    at: float


class ProgressReport:
    """The progress of one statement after another."""

    def __init__(self) -> None:
        self._last: _Reported | None = None

    def forget(self) -> None:
        """Begin anew with the next statement."""
        self._last = None

    def next(self, name: str, statement: int, found: CommandProgress) -> Progress | None:
        """Return the event about what was found; None if the last one says the same."""
        now, counter, last = monotonic(), found.counter, self._last
        done = None if counter is None else counter.done
        same = last is not None and (last.event.command, last.event.relation, last.event.phase) == (
            found.command,
            found.relation,
            found.phase,
        )
        began, first = now, done or 0
        if last is not None and same and last.first <= first:  # the server can count from the end at first
            began, first = last.began, last.first
        event = Progress(
            name=name,
            statement=statement,
            command=found.command,
            relation=found.relation,
            phase=found.phase,
            done=done,
            total=None if counter is None else counter.total,
            unit=None if counter is None else counter.unit,
            rate=_rate(done, first, now - began),
            waits_for=found.waits_for,
        )
        if last is not None and same and not _is_news(event, last, now):
            return None
        self._last = _Reported(began, first, event, now)
        return event


def _rate(done: int | None, first: int, seconds: float) -> float | None:
    return None if done is None or seconds < _LEAST or done <= first else (done - first) / seconds


def _is_news(event: Progress, last: _Reported, now: float) -> bool:
    before = last.event
    if (percent(event), event.waits_for) != (percent(before), before.waits_for):
        return True
    return now - last.at >= REPEAT and event.done != before.done


def percent(event: Progress) -> int | None:
    """Return how many percent of the phase are done; None if that is not known."""
    return None if event.done is None or not event.total else min(100, event.done * 100 // event.total)
