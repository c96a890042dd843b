"""Derive from a rehearsal which locks a migration takes on tables that exist before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from koonj.postgres.locks.trace import LockMode, StatementTrace
from koonj.runner.impact.plan_locks import traces_of
from koonj.runner.plan.work import WantedLock, Work, in_order
from koonj.runner.rehearse.verdict import Rehearsal

_WEAKEST = LockMode.SHARE_UPDATE_EXCLUSIVE
"""Weaker locks are those of readers and writers: they wait for nobody who only reads or writes."""

_LOCKABLE = frozenset({"table", "partitioned table"})
"""LOCK TABLE refuses other relations; of a view it would lock the tables below, too."""


def with_wanted_locks(work: Work, rehearsals: Mapping[str, Rehearsal]) -> Work:
    """Return the work with the locks that its rehearsal measured; unchanged if it was not rehearsed."""
    rehearsal = rehearsals.get(work.migration.name)
    if rehearsal is None or not work.in_one_transaction:
        return work
    found, _ = _strongest(traces_of(rehearsal, work.direction))
    return replace(work, locks=in_order(found.values()))


def with_locks_of_batch(works: Sequence[Work], rehearsals: Mapping[str, Rehearsal]) -> Iterator[Work]:
    """Yield the works of a batch; each has the locks that no work before it has.

    Its transaction takes them all at its start, at the strongest mode that any of them needs; none that is
    only needed after work that can take long.
    """
    wanted: dict[str, tuple[int, WantedLock]] = {}
    for place, work in enumerate(works):
        rehearsal = rehearsals.get(work.migration.name)
        found, is_long = _strongest(traces_of(rehearsal, work.direction)) if rehearsal else ({}, False)
        for lock in found.values():
            first, before = wanted.get(lock.relation, (place, lock))
            wanted[lock.relation] = first, replace(before, mode=max(before.mode, lock.mode, key=_rank))
        if is_long:
            break
    for place, work in enumerate(works):
        yield replace(work, locks=in_order(lock for first, lock in wanted.values() if first == place))


def _strongest(traces: Iterable[StatementTrace]) -> tuple[dict[str, WantedLock], bool]:
    """Return the locks by relation, up to the first statement that can take long; and if there is one."""
    strongest: dict[str, WantedLock] = {}
    for trace in traces:
        for lock in trace.locks:
            if lock.kind in _LOCKABLE and lock.mode.rank >= _WEAKEST.rank:
                before = strongest.get(lock.relation, WantedLock(lock.relation, lock.mode, trace.index))
                strongest[lock.relation] = replace(before, mode=max(before.mode, lock.mode, key=_rank))
        if _works_long(trace):
            return strongest, True
    return strongest, False


def _rank(mode: LockMode) -> int:
    return mode.rank


def _works_long(trace: StatementTrace) -> bool:
    """Return whether the statement can take long on a large table.

    A lock that only a later statement needs must not be held meanwhile.
    """
    effects = (trace.scanned, trace.scanned_by_any_session, trace.rewritten, trace.rebuilt, trace.written)
    return any(effects)
