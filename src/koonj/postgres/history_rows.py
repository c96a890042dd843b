"""Rows of koonj.history as entries."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from psycopg import AsyncCursor

from koonj.migrations.history_entry import Action, HistoryEntry, Outcome, split_allowed
from koonj.postgres.reading_settings import moment_of

_CHUNK = 200
"""Number of entries that are converted at once: about two milliseconds of work."""

_ACTIONS = MappingProxyType({action.value: action for action in Action})
_OUTCOMES = MappingProxyType({outcome.value: outcome for outcome in Outcome})
"""Faster than the enumerations themselves, of which thousands of entries need a value."""


async def entries_of_rows(cursor: AsyncCursor, errors: Mapping[int, str]) -> tuple[HistoryEntry, ...]:
    """Return the entries of all rows of a cursor.

    `errors`: the texts of their errors, by id. The rows are converted in chunks, so that other tasks of the
    event loop can run.
    """
    entries: list[HistoryEntry] = []
    while chunk := await cursor.fetchmany(_CHUNK):
        entries += [_entry(row, errors) for row in chunk]
        await asyncio.sleep(0)
    return tuple(entries)


def _entry(row: tuple[Any, ...], errors: Mapping[int, str]) -> HistoryEntry:
    """Return the entry of one row of read_entries.sql, whose columns are in the order of the fields.

    Raises: ValueError for a value that another version of koonj wrote.
    """
    entry_id, name, action, outcome, *hashes_and_counts, started, finished, reason, allowed = row[:13]
    state, renamed_from = split_allowed(allowed) if allowed else (None, None)
    values: tuple[Any, ...] = (
        entry_id,
        name,
        _ACTIONS.get(action) or Action(action),
        _OUTCOMES.get(outcome) or Outcome(outcome),
        *hashes_and_counts,
        moment_of(started),
        None if finished is None else moment_of(finished),
        reason,
        state,
        errors.get(entry_id),
        *row[13:],
        renamed_from,
    )
    return HistoryEntry(*values)
