"""Build the trace of a statement from the states before and after it.

Counters of scanned and written rows are used too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from koonj.postgres.locks.changes import Comparison, column_changes, constraint_changes, relation_changes
from koonj.postgres.locks.foreign_keys import referenced
from koonj.postgres.locks.queries import Modes
from koonj.postgres.locks.relations import Counters, Relations
from koonj.postgres.locks.storage import is_emptied, rebuilt, stored_anew
from koonj.postgres.locks.trace import RowsWritten, Scan, StatementTrace


def compared(
    bare: StatementTrace, states: Comparison, taken: Modes, counted: Mapping[int, Counters]
) -> StatementTrace:
    """Return the trace with everything that the comparison shows.

    `taken` and `counted` belong to this statement alone.
    """
    initial, before, now = states.initial, states.before, states.now
    new_storage = stored_anew(initial, before, now)
    emptied = {oid for oid in new_storage if is_emptied(oid, before, now, counted)}
    return replace(
        bare,
        rewritten=tuple(sorted(initial[oid].name for oid in new_storage if oid not in emptied)),
        rebuilt=rebuilt(initial, before, now),
        truncated=tuple(sorted(initial[oid].name for oid in emptied)),
        scanned=_scanned(initial, counted, referenced(states, taken, counted)),
        written=_written(before, counted),
        relations=relation_changes(states),
        columns=column_changes(states),
        constraints=constraint_changes(states),
    )


def _scanned(
    initial: Relations, counted: Mapping[int, Counters], referenced: frozenset[int]
) -> tuple[Scan, ...]:
    """Return scanned tables and materialized views, sorted by name.

    Only those that existed before the transaction.
    """
    read = {oid: counters for oid, counters in counted.items() if counters.scans or counters.read}
    unread = {oid: Counters(scans=1) for oid in referenced if oid not in read}
    found = (
        Scan(initial[oid].name, counters.scans, counters.read)
        for oid, counters in {**read, **unread}.items()
        if oid in initial and initial[oid].has_rows
    )
    return tuple(sorted(found, key=lambda scan: scan.relation))


def _written(before: Relations, counted: Mapping[int, Counters]) -> tuple[RowsWritten, ...]:
    """Return tables that were written to and that existed before the statement."""
    found = (
        RowsWritten(before[oid].name, counters.inserted, counters.updated, counters.deleted)
        for oid, counters in counted.items()
        if oid in before
        and before[oid].has_rows
        and (counters.inserted or counters.updated or counters.deleted)
    )
    return tuple(sorted(found, key=lambda written: written.relation))
