"""Convert the locks of a statement to planned locks, with impact and effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from koonj.postgres.activity import RelationFacts
from koonj.postgres.locks.trace import LockMode, RelationLock, StatementTrace
from koonj.runner.impact.lock_wording import (
    KEEPS_ROWS,
    activity_words,
    full_read_words,
    relation_words,
    sentence,
)
from koonj.runner.impact.plan_wording import LONG, NOTE, SHORT
from koonj.runner.impact.table_effects import Facts, RelationImpact, full_reads, relation_impacts, root_of
from koonj.runner.run.planned import PlannedLock

SMALL = 10_000_000
"""Bytes that PostgreSQL rewrites in about 0.1 s.

Measured: 400,000 rows with their indexes, 108 MB of WAL, took 1.4 to 1.8 s on PostgreSQL 15 and 18.
"""


FullReads = Mapping[str, bool]
"""See `full_reads`."""


def consequence(
    trace: StatementTrace, facts: Facts, new: frozenset[str], earlier: Sequence[StatementTrace] = ()
) -> tuple[PlannedLock, ...]:
    """Return the locks that can affect other sessions, highest impact first.

    With equal impact, locks of the statement itself come before locks of earlier statements. `facts`: sizes
    and activity of relations on the target, by name; `new`: relations that the plan itself creates, so no
    other session uses them; `earlier`: the traces of the script's statements before this one.
    """
    own = relation_impacts(trace, facts, new)
    reads = full_reads(trace, facts, new)
    relevant = sorted((one for one in own if _is_relevant(one, own)), key=_order)
    planned = [_planned(one, facts, reads, earlier) for one in relevant]
    if reads:
        dropped = {c.relation for one in earlier for c in one.relations if c.change == "dropped"}
        held = _still_held(trace, facts, new, frozenset(dropped.union(one.relation for one in own)))
        planned += (_held(lock, facts, reads, earlier) for lock in held)
    return tuple(sorted(planned, key=lambda lock: -lock.impact))


def _order(one: RelationImpact) -> tuple[bool, str]:
    """Sort tables before indexes, then by name."""
    return one.table is not None, one.relation


def _is_relevant(one: RelationImpact, own: Sequence[RelationImpact]) -> bool:
    """Return whether the lock can affect other sessions, or rows are written under it.

    A sequence that is dropped together with its table is not mentioned.
    """
    if one.kind == "sequence" and one.drops and any(other.kind in KEEPS_ROWS for other in own):
        return False
    if one.kind == "index" and one.mode is not LockMode.ACCESS_EXCLUSIVE:
        return False
    if one.mode is LockMode.ROW_EXCLUSIVE:
        return one.kind in KEEPS_ROWS  # it writes rows; an empty scratch database does not show how many
    return one.mode.rank > LockMode.ROW_EXCLUSIVE.rank


def _planned(
    one: RelationImpact, facts: Facts, reads: FullReads, earlier: Sequence[StatementTrace]
) -> PlannedLock:
    known = facts.get(one.relation)
    impact = _impact(one, known, _time(facts, reads))
    since = _lock_origin(one.relation, one.mode, earlier) if one.held else ""
    return PlannedLock(
        relation=one.relation,
        kind=one.kind,
        mode=one.mode.value,
        rewrites=one.rewrites,
        scans=one.scans,
        bytes=None if known is None else known.bytes,
        rows=None if known is None else known.rows,
        impact=impact,
        effect=sentence(one, known, reads, since),
        activity=activity_words(known) if impact >= SHORT and known is not None else "",
    )


def _impact(one: RelationImpact, known: RelationFacts | None, time: int) -> int:
    is_empty = known is not None and known.bytes == 0 and known.unknown == 0
    if (one.truncates or one.drops) and one.kind in KEEPS_ROWS and not is_empty:
        return LONG
    if not one.mode.stops_writes or one.kind in {"sequence", "composite type"}:
        return NOTE
    return time if one.table is None or one.is_read_in_full else SHORT


def _time(facts: Facts, reads: FullReads) -> int:
    """Return SHORT or LONG: the duration of a statement that reads these in full."""
    return SHORT if all(_is_small(facts.get(name)) for name in reads) else LONG


def _is_small(known: RelationFacts | None) -> bool:
    """Return whether the relation is known to be smaller than SMALL.

    Unknown sizes count as large.
    """
    return known is not None and known.bytes is not None and known.unknown == 0 and known.bytes < SMALL


# Locks of earlier statements


def _still_held(
    trace: StatementTrace, facts: Facts, new: frozenset[str], omitted: frozenset[str]
) -> Iterator[RelationLock]:
    """Yield strong locks that earlier statements still hold, except on `omitted`."""
    held = {lock.relation: lock for lock in trace.held if lock.mode.stops_writes and _is_mentioned(lock, new)}
    for lock in held.values():
        root = held.get(root_of(lock.relation, facts), lock)
        if lock.relation not in omitted and (root is lock or root.mode.rank < lock.mode.rank):
            yield lock


def _held(
    lock: RelationLock, facts: Facts, reads: FullReads, earlier: Sequence[StatementTrace]
) -> PlannedLock:
    known = facts.get(lock.relation)
    subject = f"{lock.mode.value} on {relation_words(lock.relation, lock.kind)}"
    since = _lock_origin(lock.relation, lock.mode, earlier)
    return PlannedLock(
        relation=lock.relation,
        kind=lock.kind,
        mode=lock.mode.value,
        rewrites=False,
        scans=False,
        bytes=None if known is None else known.bytes,
        rows=None if known is None else known.rows,
        impact=_time(facts, reads),
        effect=f"{subject} is still held from {since} while this statement {full_read_words(reads)}",
        activity="" if known is None else activity_words(known),
        held=True,
    )


def _is_mentioned(lock: RelationLock, new: frozenset[str]) -> bool:
    return lock.of is None and lock.relation not in new and lock.kind not in {"sequence", "composite type"}


def _lock_origin(relation: str, mode: LockMode, earlier: Sequence[StatementTrace]) -> str:
    """Return which statement took the lock: the last one that did.

    A transaction takes a lock only once.
    """
    for trace in reversed(earlier):
        if any(lock.relation == relation and lock.mode is mode for lock in trace.locks):
            return f"statement {trace.index}"
    return "an earlier statement"
