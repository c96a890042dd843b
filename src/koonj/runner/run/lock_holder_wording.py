"""Describe the lock for which a run waits before it begins, and who holds it. For command and screen."""

from __future__ import annotations

from koonj.postgres.advisory_lock import holder_words
from koonj.runner.run.lock_events import WaitingForLock


def lock_name(lock: str) -> str:
    """Return which lock an event is about."""
    return lock or "the koonj lock"


def holder_of(event: WaitingForLock) -> str:
    """Return who holds the lock."""
    return event.who or holder_words(event.holder)
