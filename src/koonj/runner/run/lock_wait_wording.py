"""Describe a lock that a migration waits for, and who is in the way. For command, screen and history."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.humanize import clock, count, duration, span_words
from koonj.postgres.blockers import Blocker, BlockerKind
from koonj.runner.run.failure import AwaitedLock
from koonj.runner.run.lock_events import Blocked, TimedTry, TryReason

MOST = 5
"""Most blocking sessions that are described; the others are counted."""

_QUERY = 100
"""Characters of a statement that are shown."""

_OBJECTS = {
    "transactionid": "the end of another transaction",
    "virtualxid": "the end of older transactions",
    "advisory": "an advisory lock",
    "extend": "more space in a table",
}


def awaited_words(lock: AwaitedLock) -> str:
    """Return what is waited for: ``ACCESS EXCLUSIVE on public.t``."""
    if lock.mode:
        return f"{lock.mode} on {lock.relation or 'a relation'}"
    if lock.relation:
        return f"a row of {lock.relation}"
    return _OBJECTS.get(lock.object, f"a lock ({lock.object})")


def wait_words(event: Blocked, seconds: float) -> str:
    """Return what the migration waits for, and for how many seconds already."""
    budget = event.budget
    limit = "" if budget is None else f" of {clock(budget) if budget >= 1 else duration(budget)}"
    how = how_words(event)
    return f"waiting {clock(seconds)}{limit} for {awaited_words(event.lock)}{f', {how}' if how else ''}"


def how_words(event: Blocked) -> str:
    """Return how the migration waits, and how often it has tried; empty if it simply waits."""
    tries = f", {count(event.lock.tries, 'try', 'tries')}" if event.lock.tries else ""
    return f"{_how(event)}{tries}".removeprefix(", ")


def _how(event: Blocked) -> str:
    """Return how the migration waits, if not as long as it may at once."""
    queues = event.queues
    is_vacuum = {blocker.kind for blocker in event.lock.blockers} == {BlockerKind.AUTOVACUUM}
    if event.lock.tries and is_vacuum and queues:
        return f", queueing for {duration(queues)} once a minute, so that the autovacuum steps aside"
    if queues == 0 and is_vacuum:
        return (
            ", without queueing for it: the autovacuum steps aside only for a session that waits longer than "
            "max_stall allows"
        )
    if queues == 0:
        return ", without queueing for it"
    if queues is None or event.budget is None or queues >= event.budget:
        return ""
    return f", queueing for at most {duration(queues)} at a time"


def try_words(event: TimedTry) -> str:
    """Return that a try queues for a lock, for how long, and why."""
    queues = f"try {event.number} queues for at most {duration(event.seconds)}"
    match event.reason:
        case TryReason.AUTOVACUUM:
            return f"{queues}, so that the autovacuum steps aside; others can wait behind it as long"
        case TryReason.OVERLAP:
            return f"{queues}, because the sessions in the way overlap; others can wait behind it as long"
        case TryReason.AGAIN:
            return f"{queues}; what was rolled back runs again"


def blocker_lines(lock: AwaitedLock, more_seconds: float = 0.0) -> Iterator[str]:
    """Yield who is in the way, each with its last statement, and who waits behind this run.

    `more_seconds`: how much time has passed since `lock` was read.
    """
    for blocker in lock.blockers[:MOST]:
        indent = "  " * (blocker.depth - 1)
        label = "blocked by" if blocker.depth == 1 else f"pid {blocker.behind} is blocked by"
        yield f"{indent}{label} {blocker_words(blocker, more_seconds)}"
        if (line := statement_line(blocker)) is not None:
            yield f"{indent}  {line}"
    if len(lock.blockers) > MOST:
        yield f"and by {len(lock.blockers) - MOST} more"
    if lock.queue:
        sessions, _, longest = queue_words(lock, more_seconds).partition(", ")
        yield f"{sessions} {'waits' if lock.queue == 1 else 'wait'} behind this run, {longest}"


def queue_words(lock: AwaitedLock, more_seconds: float = 0.0) -> str:
    """Return how many sessions wait behind the run: ``3 sessions, the first one for 1.20 s``."""
    return f"{count(lock.queue, 'session')}, the first one for {duration(lock.longest + more_seconds)}"


def statement_line(blocker: Blocker) -> str | None:
    """Return the last statement of a session: ``runs: SELECT 1``; None if it is hidden."""
    if blocker.query is None or _is_vacuum(blocker):
        return None
    what = "runs" if blocker.state == "active" else "last"
    text = blocker.query if len(blocker.query) <= _QUERY else f"{blocker.query[:_QUERY]}…"
    return f"{what}: {text}"


def blocker_words(blocker: Blocker, more_seconds: float = 0.0) -> str:
    """Return a blocking session: ``pid 16835 report, idle in transaction 3 min 12 s, … (dev1, 10.0.4.7)``."""
    facts = ", ".join((_who(blocker), *_facts(blocker, more_seconds)))
    where = ", ".join(part for part in (blocker.user, blocker.address) if part)
    return f"{facts} ({where})" if where else facts


def _who(blocker: Blocker) -> str:
    match blocker.kind:
        case BlockerKind.PREPARED:
            return f"prepared transaction {blocker.gid or '(hidden from this role)'}"
        case BlockerKind.AUTOVACUUM:
            return f"autovacuum (pid {blocker.pid})"
        case BlockerKind.AUTOVACUUM_WRAPAROUND:
            return f"autovacuum to prevent wraparound (pid {blocker.pid}), which does not step aside"
        case _:
            return f"pid {blocker.pid}{f' {blocker.application}' if blocker.application else ''}"


def _facts(blocker: Blocker, more_seconds: float) -> Iterator[str]:
    if blocker.xact_seconds is not None:
        yield f"{blocker.state or 'open'} {span_words(blocker.xact_seconds + more_seconds)}"
    elif blocker.hidden:
        yield "its state is hidden from this role"
    if blocker.mode is not None:
        yield f"{'holds' if blocker.granted else 'waits for'} {blocker.mode}"


def _is_vacuum(blocker: Blocker) -> bool:
    return blocker.kind in (BlockerKind.AUTOVACUUM, BlockerKind.AUTOVACUUM_WRAPAROUND)


def one_line(lock: AwaitedLock) -> str:
    """Return the lock and who was in the way in one line, for the history."""
    first = [blocker for blocker in lock.blockers if blocker.depth == 1]
    more = f" and {len(first) - 1} more" if len(first) > 1 else ""
    tries = f" ({count(lock.tries, 'try', 'tries')} in {duration(lock.seconds)})" if lock.tries else ""
    waited = f"It waited for {awaited_words(lock)}{tries}"
    return f"{waited}, blocked by {blocker_words(first[0])}{more}." if first else ""
