"""Convert events to JSON values and back: for output, and for the journal of a run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from re import sub
from typing import Any

from koonj.runner.run import events, fleet_events, lock_events
from koonj.runner.run.codec import from_plain, to_plain
from koonj.runner.run.events import Event


def event_name(kind: type[Event]) -> str:
    """Return the name of an event in JSON, such as ``run_started``."""
    return sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def event_to_plain(event: Event) -> dict[str, Any]:
    """Return the JSON form of an event: its name, its time, its fields."""
    shape = to_plain(event)
    return {"event": event_name(type(event)), "at": shape.pop("at"), **shape}


def event_from_plain(data: Mapping[str, Any]) -> Event | None:
    """Return the event of its JSON form; None if this version of koonj does not know it.

    Raises:
        PlainError: a field is missing, or a value has the wrong type.
    """
    kind = _kinds().get(str(data.get("event")))
    return None if kind is None else from_plain(kind, {k: v for k, v in data.items() if k != "event"})


@cache
def _kinds() -> Mapping[str, type[Event]]:
    values = [value for module in (events, lock_events, fleet_events) for value in vars(module).values()]
    kinds = [kind for kind in values if isinstance(kind, type) and issubclass(kind, Event)]
    return {event_name(kind): kind for kind in kinds if kind is not Event}
