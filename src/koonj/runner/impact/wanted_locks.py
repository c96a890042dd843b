"""Derive from a rehearsal which locks a migration takes on tables that exist before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from koonj.postgres.locks.trace import LockMode, StatementTrace
from koonj.runner.impact.plan_locks import traces_of
from koonj.runner.plan.work import WantedLock, Work
from koonj.runner.rehearse.verdict import Rehearsal

_WEAKEST = LockMode.SHARE_UPDATE_EXCLUSIVE
"""Weaker locks are those of readers and writers: they wait for nobody who only reads or writes."""

_LOCKABLE = frozenset({"table", "partitioned table"})
"""LOCK TABLE refuses other relations; of a view it would lock the tables below, too."""


def with_wanted_locks(work: Work, rehearsals: Mapping[str, Rehearsal]) -> Work:
    """Return the work with the locks that its rehearsal measured; unchanged if it was not rehearsed.

    Unchanged, too, if it may queue without limit, because nobody who reads or writes waits behind it.
    """
    rehearsal = rehearsals.get(work.migration.name)
    if rehearsal is None or not work.in_one_transaction or work.waits_patiently:
        return work
    strongest: dict[str, WantedLock] = {}
    for trace in traces_of(rehearsal, work.direction):
        for lock in trace.locks:
            if lock.kind in _LOCKABLE and lock.mode.rank >= _WEAKEST.rank:
                before = strongest.get(lock.relation, WantedLock(lock.relation, lock.mode, trace.index))
                mode = max(before.mode, lock.mode, key=lambda mode: mode.rank)
                strongest[lock.relation] = replace(before, mode=mode)
        if _works_long(trace):
            break
    # The strongest first: then a timed try does not hold weak locks while it waits for a strong one.
    ordered = sorted(strongest.values(), key=lambda lock: (-lock.mode.rank, lock.relation))
    return replace(work, locks=tuple(ordered))


def _works_long(trace: StatementTrace) -> bool:
    """Return whether the statement can take long on a large table.

    A lock that only a later statement needs must not be held meanwhile.
    """
    effects = (trace.scanned, trace.scanned_by_any_session, trace.rewritten, trace.rebuilt, trace.written)
    return any(effects)
