"""What koonj's own commands say in JSON: the events of a rehearsal as they come, the report of a drift."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import TYPE_CHECKING

from koonj.runner.rehearse.events import MigrationRehearsalFinished, RehearsalFinished, parse_event
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.codec import PlainError, from_plain
from koonj.runner.run.events import Event
from koonj.tui.workers import incremental_json

if TYPE_CHECKING:
    from koonj.runner.drift.report import DriftReport  # brings psycopg

_SHORT, _LONG = 4_096, 512 * 1024
"""Bytes of a line that is read in less than a millisecond; of one that no thread may read at once."""


KEPT = 500
"""Statements of a script, and differences, that are kept of a rehearsal: a person looks at no more, and the
screen holds them for hundreds of migrations."""


class SubprocessError(RuntimeError):
    """A command of koonj's own said something else than it was asked for. The message is for people."""


async def rehearsal_events(said: asyncio.StreamReader) -> AsyncGenerator[Event, None]:
    """Every event, up to and with the last one. Raises SubprocessError."""
    while line := await _line(said):
        try:
            event = parse_event(line) if len(line) <= _SHORT else await asyncio.to_thread(_event_of, line)
        except PlainError as error:
            raise SubprocessError(complaint(line) or str(error)) from error
        if event is not None:
            yield event
        if isinstance(event, RehearsalFinished):
            return
    raise SubprocessError("koonj rehearse ended without a result. Try it in a shell: koonj rehearse")


def _event_of(line: bytes) -> Event | None:
    """Raises PlainError."""
    event = parse_event(line) if len(line) <= _LONG else _long_event(line)
    return (
        replace(event, rehearsal=_kept(event.rehearsal))
        if isinstance(event, MigrationRehearsalFinished)
        else event
    )


def _long_event(line: bytes) -> MigrationRehearsalFinished:
    """The only event that has no end: a migration may have 100,000 statements. Raises PlainError."""
    try:
        return from_plain(MigrationRehearsalFinished, incremental_json.loads(line.decode(), KEPT))
    except ValueError as error:
        raise PlainError(str(error)) from error


def _kept(found: Rehearsal) -> Rehearsal:
    if max(map(len, (found.apply, found.rollback, found.differences))) <= KEPT:
        return found
    apply, rollback, differences = found.apply[:KEPT], found.rollback[:KEPT], found.differences[:KEPT]
    return replace(found, apply=apply, rollback=rollback, differences=differences)


async def _line(said: asyncio.StreamReader) -> bytes:
    """Raises SubprocessError."""
    try:
        return await said.readline()
    except ValueError as error:  # a line longer than the stream's limit
        raise SubprocessError(f"What koonj rehearse says is too long: {error}") from error


async def drift_of(said: asyncio.StreamReader) -> DriftReport:
    """The report of ``koonj drift --json``. Raises SubprocessError."""
    return await asyncio.to_thread(_drift_of, await said.read())


def _drift_of(said: bytes) -> DriftReport:
    from koonj.runner.drift.report import DriftReport  # noqa: PLC0415 - brings psycopg: not in the thread that paints

    try:
        return from_plain(DriftReport, json.loads(said)["drift"])
    except (ValueError, TypeError, KeyError) as error:
        why = complaint(said) or "koonj drift ended without a result. Try it in a shell: koonj drift"
        raise SubprocessError(why) from error


def complaint(said: bytes) -> str:
    """The error that a command wrote instead, with its hint; empty where it is none."""
    try:
        error = json.loads(said)["error"]
        return f"{error['message']} {error.get('hint') or ''}".strip()
    except (ValueError, TypeError, KeyError):
        return ""
