"""A lock that a run waits for, as lines of a theme with fills: its weight, its time, who is in the way."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.humanize import bar, clock, count, duration, span_words
from koonj.postgres.blockers import Blocker
from koonj.postgres.locks.trace import LockMode
from koonj.runner.run.events import Retrying
from koonj.runner.run.failure import AwaitedLock
from koonj.runner.run.lock_events import Blocked
from koonj.runner.run.lock_wait_wording import (
    MOST,
    awaited_words,
    blocker_words,
    how_words,
    queue_words,
    statement_line,
)
from koonj.sql.display import shortened
from koonj.tui.render.gauge import with_gauge
from koonj.tui.render.lock_meter import meter
from koonj.tui.render.run_lines import Line
from koonj.tui.theme import BAD, DIM, PLAIN, RULE, STRONG, WAITING
from koonj.tui.toolkit.strips import Part, cut

LABEL = 11
"""Cells of a label."""
_BAR = 24
"""Maximum cells of the bar of the time."""
_ATTEMPTS = 10
"""Maximum cells of the meter of attempts."""
_MOST = 10
"""Maximum number of lines."""


def labelled(label: str, *parts: Part) -> Line:
    """Return a line after a label."""
    return [(f" {label:<{LABEL}}", DIM), *parts]


def lock_lines(event: Blocked, attempt: Retrying | None, now: float, width: int) -> list[Line]:
    """Return the lock, how long the run has waited for it, and the sessions before and behind the run."""
    passed = max(0.0, now - event.at.timestamp())
    lines = [_lock(event.lock), _wait(event, event.lock.seconds + passed, width)]
    if how := how_words(event):
        lines.append(labelled("", (cut(how, width - LABEL - 2), DIM)))
    if attempt is not None:
        lines.append(attempt_line(attempt))
    lines += _sessions(event.lock, passed, width)
    return lines if len(lines) <= _MOST else [*lines[: _MOST - 1], [(" …", DIM)]]


def retry_lines(retrying: Retrying, now: float) -> list[Line]:
    """Return the lock that was not free, and when the next attempt starts."""
    left = max(0.0, retrying.at.timestamp() + retrying.delay - now)
    lock = [] if retrying.waited_for is None else [_lock(retrying.waited_for)]
    return [*lock, [*attempt_line(retrying), (f" in {span_words(left)}", WAITING)]]


def attempt_line(attempt: Retrying) -> Line:
    """Return the number of the attempt, as a meter and in words."""
    cells = min(attempt.of, _ATTEMPTS)
    done = max(1, attempt.attempt * cells // attempt.of)
    gauge = ("▮" * done, WAITING), ("▯" * (cells - done), RULE)
    return labelled("attempt", *gauge, (f"  {attempt.attempt} of {attempt.of}", PLAIN))


def _lock(lock: AwaitedLock) -> Line:
    mode = next((mode for mode in LockMode if mode.value == lock.mode), None)
    if mode is None:
        return [(" waiting for ", PLAIN), (awaited_words(lock), STRONG)]
    return [
        (" ", PLAIN),
        meter(mode),
        (f" {mode.value}", STRONG),
        (" on ", DIM),
        (lock.relation or "?", STRONG),
    ]


def _wait(event: Blocked, seconds: float, width: int) -> Line:
    if event.budget is None:
        return labelled("wait", (clock(seconds), WAITING), (" without a limit", DIM))
    limit = clock(event.budget) if event.budget >= 1 else duration(event.budget)
    room = min(_BAR, width - LABEL - 20)
    gauge = with_gauge([(bar(min(1.0, seconds / event.budget), room), WAITING)]) if room > len("[-]") else []
    return labelled("wait", *gauge, (f"  {clock(seconds)}", WAITING), (f" of {limit}", DIM))


def _sessions(lock: AwaitedLock, passed: float, width: int) -> Iterator[Line]:
    if lock.blockers:
        yield heading("blocked by", count(len(lock.blockers), "session"), width)
    for blocker in lock.blockers[:MOST]:
        yield from _session(blocker, passed, width)
    if len(lock.blockers) > MOST:
        yield [(f" and {len(lock.blockers) - MOST} more", DIM)]
    if lock.queue:
        yield heading("waiting behind koonj", queue_words(lock, passed), width)


def _session(blocker: Blocker, passed: float, width: int) -> Iterator[Line]:
    edge = 1 + 2 * (blocker.depth - 1)
    before = "" if blocker.depth == 1 else f"pid {blocker.behind} is blocked by "
    who, comma, facts = shortened(blocker_words(blocker, passed)).partition(",")
    room = width - edge - len(before) - len(who) - 1
    yield [
        (" " * edge, PLAIN),
        (before, DIM),
        (who, BAD),
        (cut(comma + facts, room) if room > 0 else "", PLAIN),
    ]
    if (text := statement_line(blocker)) is not None:
        yield [(" " * (edge + 2), PLAIN), (cut(shortened(text), width - edge - 3), DIM)]


def heading(text: str, number: str, width: int) -> Line:
    """Return a broken line with a text and a number in it."""
    used = len(text) + len(number) + 6
    parts: Line = [(" ╌ ", RULE), (text, DIM), (f" {number} ", WAITING)]
    return [*parts, ("╌" * max(0, width - used - 1), RULE)]
