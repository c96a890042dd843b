"""A rehearsal's events as lines of JSON, for one that listens from another process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from koonj.runner.rehearse.events import (
    MigrationRehearsalFinished,
    MigrationRehearsalStarted,
    RehearsalFinished,
    RehearsalStarted,
)
from koonj.runner.run.codec import PlainError, from_plain
from koonj.runner.run.events import Event

_EVENTS: Mapping[str, type[Event]] = MappingProxyType(
    {
        "rehearsal_started": RehearsalStarted,
        "migration_rehearsal_started": MigrationRehearsalStarted,
        "migration_rehearsal_finished": MigrationRehearsalFinished,
        "rehearsal_finished": RehearsalFinished,
    }
)


def event_of(line: str | bytes) -> Event | None:
    """The event of one line of ``koonj rehearse --json``; None of a kind that this one does not know.

    Raises PlainError where the line is no event of ours.
    """
    try:
        said = json.loads(line)
        kind = _EVENTS.get(said["event"])
    except (ValueError, TypeError, KeyError) as error:
        raise PlainError(f"not an event: {line[:200]!r}") from error
    return None if kind is None else from_plain(kind, said)
