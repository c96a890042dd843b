"""Describe the progress of a statement, for the command and the screen."""

from __future__ import annotations

from koonj.humanize import byte_words, clock, number_words
from koonj.postgres.progress import Unit
from koonj.runner.run.events import Progress

_BAR = 20
"""Characters of a bar."""


def progress_words(event: Progress) -> str:
    """Return phase, bar, counter, rate and time left: ``building index [####----] 50 %, 1 GB of 2 GB, …``."""
    parts = [f"{_phase(event)}{_bar(event)}"]
    if event.done is not None and event.unit is not None:
        parts.append(_counted(event.done, event.total, event.unit))
        if event.rate is not None:
            parts.append(f"{_amount(round(event.rate), event.unit)}/s")
    left = event.seconds_left
    if left is not None:
        parts.append(f"about {clock(left)} left")
    if event.waits_for is not None:
        parts.append(f"waits for pid {event.waits_for}")
    return ", ".join(parts)


def _phase(event: Progress) -> str:
    return event.phase or " ".join(part for part in (event.command, event.relation) if part)


def _bar(event: Progress) -> str:
    if event.done is None or not event.total:
        return ""
    share = min(1.0, event.done / event.total)
    full = int(share * _BAR)
    return f" [{'#' * full}{'-' * (_BAR - full)}] {int(share * 100)} %"


def _counted(done: int, total: int | None, unit: Unit) -> str:
    if total is None:
        return f"{_amount(done, unit)}{'' if unit is Unit.BYTES else ' so far'}"
    if unit is Unit.BYTES:
        return f"{byte_words(done)} of {byte_words(total)}"
    return f"{number_words(done)} of {number_words(total)} {unit.value}"


def _amount(number: int, unit: Unit) -> str:
    return byte_words(number) if unit is Unit.BYTES else f"{number_words(number)} {unit.value}"
