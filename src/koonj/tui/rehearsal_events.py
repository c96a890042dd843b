"""The events of ``koonj rehearse --json``, as they are written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator

from koonj.runner.events import Event
from koonj.runner.plain import PlainError
from koonj.runner.rehearse.events import RehearsalFinished
from koonj.runner.rehearse.lines import event_of

_SHORT = 4_096
"""Bytes that are read in less than a millisecond."""


class ChildError(RuntimeError):
    """A command of koonj's own said something else than it was asked for. The message is for people."""


async def rehearsal_events(said: asyncio.StreamReader) -> AsyncGenerator[Event, None]:
    """Every event, up to and with the last one. Raises ChildError."""
    while line := await _line(said):
        try:
            event = event_of(line) if len(line) <= _SHORT else await asyncio.to_thread(event_of, line)
        except PlainError as error:
            raise ChildError(complaint(line) or str(error)) from error
        if event is not None:
            yield event
        if isinstance(event, RehearsalFinished):
            return
    raise ChildError("koonj rehearse ended without a result. Try it in a shell: koonj rehearse")


async def _line(said: asyncio.StreamReader) -> bytes:
    """Raises ChildError."""
    try:
        return await said.readline()
    except ValueError as error:  # a line longer than the stream's limit
        raise ChildError(f"What koonj rehearse says is too long: {error}") from error


def complaint(said: bytes) -> str:
    """The error that a command wrote instead, with its hint; empty where it is none."""
    try:
        error = json.loads(said)["error"]
        return f"{error['message']} {error.get('hint') or ''}".strip()
    except (ValueError, TypeError, KeyError):
        return ""
