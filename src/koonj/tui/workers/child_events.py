"""Read the JSON output of `koonj rehearse` and `koonj drift`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import TYPE_CHECKING

from koonj.postgres.demands.demand import Demands
from koonj.runner.rehearse.events import MigrationRehearsalFinished, RehearsalFinished, parse_event
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.codec import PlainError, from_plain
from koonj.runner.run.events import Event
from koonj.tui.workers import incremental_json

if TYPE_CHECKING:
    from koonj.runner.drift.report import DriftReport  # imports psycopg

_SHORT, _LONG = 4_096, 512 * 1024
"""Longest line in bytes that is parsed in less than a millisecond; longest that a thread parses at once."""


MAX_ITEMS = 500
"""Number of statements of a script, and of differences, that are kept of a rehearsal.

The user reads no more of them, and the screen keeps them for hundreds of migrations.
"""


_TOO_MANY = "there is more to ask than the preview keeps; the plan of an apply asks everything"


class SubprocessError(RuntimeError):
    """Raised if a koonj command wrote something unexpected.

    The message is for the user.
    """


async def rehearsal_events(output: asyncio.StreamReader) -> AsyncGenerator[Event, None]:
    """Yield the events of ``koonj rehearse --json``, up to and including the last one.

    Raises: SubprocessError.
    """
    while line := await _line(output):
        try:
            event = parse_event(line) if len(line) <= _SHORT else await asyncio.to_thread(_event_of, line)
        except PlainError as error:
            raise SubprocessError(error_of(line) or str(error)) from error
        if event is not None:
            yield event
        if isinstance(event, RehearsalFinished):
            return
    raise SubprocessError("The process of the rehearsal ended without a result.")


def _event_of(line: bytes) -> Event | None:
    """Parse one event, without the items that are not kept.

    Raises: PlainError.
    """
    event = parse_event(line) if len(line) <= _LONG else _long_event(line)
    return (
        replace(event, rehearsal=_shortened(event.rehearsal))
        if isinstance(event, MigrationRehearsalFinished)
        else event
    )


def _long_event(line: bytes) -> MigrationRehearsalFinished:
    """Parse the only event without a size limit.

    A migration can have 100,000 statements.

    Raises: PlainError.
    """
    try:
        return from_plain(MigrationRehearsalFinished, incremental_json.loads(line.decode(), MAX_ITEMS))
    except ValueError as error:
        raise PlainError(str(error)) from error


def _shortened(found: Rehearsal) -> Rehearsal:
    asked = found.demands
    if max(map(len, (asked.demands, asked.lineages, asked.made, asked.writes))) >= MAX_ITEMS:
        found = replace(found, demands=Demands(unknown=_TOO_MANY))
    if max(map(len, (found.apply, found.rollback, found.differences))) <= MAX_ITEMS:
        return found
    apply, rollback, differences = (
        found.apply[:MAX_ITEMS],
        found.rollback[:MAX_ITEMS],
        found.differences[:MAX_ITEMS],
    )
    return replace(found, apply=apply, rollback=rollback, differences=differences)


async def _line(output: asyncio.StreamReader) -> bytes:
    """Return the next line; empty at the end.

    Raises: SubprocessError.
    """
    try:
        return await output.readline()
    except ValueError as error:  # a line longer than the stream's limit
        raise SubprocessError(f"The output of the rehearsal has a line that is too long: {error}") from error


async def read_drift(output: asyncio.StreamReader) -> DriftReport:
    """Return the report of ``koonj drift --json``.

    Raises: SubprocessError.
    """
    return await asyncio.to_thread(_drift_of, await output.read())


def _drift_of(output: bytes) -> DriftReport:
    from koonj.runner.drift.report import DriftReport  # noqa: PLC0415 - imports psycopg, so not in the thread that paints

    try:
        return from_plain(DriftReport, json.loads(output)["drift"])
    except (ValueError, TypeError, KeyError) as error:
        why = error_of(output) or "The process of the comparison ended without a result."
        raise SubprocessError(why) from error


def error_of(output: bytes) -> str:
    """Return the error and the hint that a command wrote instead of a result.

    Empty if none.
    """
    try:
        error = json.loads(output)["error"]
        return f"{error['message']} {error.get('hint') or ''}".strip()
    except (ValueError, TypeError, KeyError):
        return ""
