"""What a statement's locks mean for those who use the target: one sentence for each relation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from koonj.postgres.activity import RelationFacts
from koonj.postgres.locks.trace import LockMode, RelationLock, StatementTrace
from koonj.runner.impact.lock_wording import KEEPS_ROWS, activity_words, name_of, sentence, through_words
from koonj.runner.impact.plan_wording import LONG, NOTE, SHORT
from koonj.runner.impact.table_effects import Facts, RelationImpact, gone_through, root_of, touched
from koonj.runner.run.events import PlannedLock

SMALL = 10_000_000
"""Bytes that are rewritten in about a tenth of a second: 400,000 rows with their indexes, 108 MB of WAL, took
1.4 to 1.8 s on PostgreSQL 15 and 18."""


Through = Mapping[str, bool]
"""See `gone_through`."""


def consequence(
    trace: StatementTrace, facts: Facts, fresh: frozenset[str], earlier: Sequence[StatementTrace] = ()
) -> tuple[PlannedLock, ...]:
    """The locks worth a word, heaviest first; of equal ones its own before those of earlier statements.

    `facts`: what the target says of relations, by name; `fresh`: relations that the batch itself made, which
    nobody else uses yet; `earlier`: the traces of the script's statements before this one.
    """
    own = touched(trace, facts, fresh)
    through = gone_through(trace, facts, fresh)
    told = sorted((one for one in own if _is_worth_a_word(one, own)), key=_order)
    found = [_planned(one, facts, through, earlier) for one in told]
    if through:
        gone = {c.relation for one in earlier for c in one.relations if c.change == "dropped"}
        held = _still_held(trace, facts, fresh, frozenset(gone.union(one.relation for one in own)))
        found += (_held(lock, facts, through, earlier) for lock in held)
    return tuple(sorted(found, key=lambda lock: -lock.impact))


def _order(one: RelationImpact) -> tuple[bool, str]:
    """Tables by name, then what there is to say of indexes."""
    return one.of is not None, one.relation


def _is_worth_a_word(one: RelationImpact, own: Sequence[RelationImpact]) -> bool:
    """Weaker locks stop nobody, unless rows are written under them; a sequence goes with its table."""
    if one.kind == "sequence" and one.drops and any(other.kind in KEEPS_ROWS for other in own):
        return False
    if one.kind == "index" and one.mode is not LockMode.ACCESS_EXCLUSIVE:
        return False
    if one.mode is LockMode.ROW_EXCLUSIVE:
        return one.kind in KEEPS_ROWS  # rows are written; how many, an empty scratch cannot tell
    return one.mode.rank > LockMode.ROW_EXCLUSIVE.rank


def _planned(
    one: RelationImpact, facts: Facts, through: Through, earlier: Sequence[StatementTrace]
) -> PlannedLock:
    known = facts.get(one.relation)
    impact = _impact(one, known, _time(facts, through))
    since = _taken(one.relation, one.mode, earlier) if one.held else ""
    return PlannedLock(
        relation=one.relation,
        kind=one.kind,
        mode=one.mode.value,
        rewrites=one.rewrites,
        scans=one.scans,
        bytes=None if known is None else known.bytes,
        rows=None if known is None else known.rows,
        impact=impact,
        effect=sentence(one, known, through, since),
        activity=activity_words(known) if impact >= SHORT and known is not None else "",
    )


def _impact(one: RelationImpact, known: RelationFacts | None, time: int) -> int:
    is_empty = known is not None and known.bytes == 0 and known.unknown == 0
    if (one.empties or one.drops) and one.kind in KEEPS_ROWS and not is_empty:
        return LONG
    if not one.mode.stops_writes or one.kind in {"sequence", "composite type"}:
        return NOTE
    return time if one.of is None or one.is_gone_through else SHORT


def _time(facts: Facts, through: Through) -> int:
    """SHORT or LONG: how long a statement takes that goes through these."""
    return SHORT if all(_is_small(facts.get(name)) for name in through) else LONG


def _is_small(known: RelationFacts | None) -> bool:
    """What is not known is not small."""
    return known is not None and known.bytes is not None and known.unknown == 0 and known.bytes < SMALL


# Locks of earlier statements


def _still_held(
    trace: StatementTrace, facts: Facts, fresh: frozenset[str], known: frozenset[str]
) -> Iterator[RelationLock]:
    """Strong locks of earlier statements on what is still there; `known`: what needs no word of that."""
    held = {lock.relation: lock for lock in trace.held if lock.mode.stops_writes and _is_told(lock, fresh)}
    for lock in held.values():
        root = held.get(root_of(lock.relation, facts), lock)
        if lock.relation not in known and (root is lock or root.mode.rank < lock.mode.rank):
            yield lock


def _held(
    lock: RelationLock, facts: Facts, through: Through, earlier: Sequence[StatementTrace]
) -> PlannedLock:
    known = facts.get(lock.relation)
    what = f"{lock.mode.value} on {name_of(lock.relation, lock.kind)}"
    since = _taken(lock.relation, lock.mode, earlier)
    return PlannedLock(
        relation=lock.relation,
        kind=lock.kind,
        mode=lock.mode.value,
        rewrites=False,
        scans=False,
        bytes=None if known is None else known.bytes,
        rows=None if known is None else known.rows,
        impact=_time(facts, through),
        effect=f"{what} is still held from {since} while this one {through_words(through)}",
        activity="" if known is None else activity_words(known),
    )


def _is_told(lock: RelationLock, fresh: frozenset[str]) -> bool:
    return lock.of is None and lock.relation not in fresh and lock.kind not in {"sequence", "composite type"}


def _taken(relation: str, mode: LockMode, earlier: Sequence[StatementTrace]) -> str:
    """Which statement took it: the last that did, since a lock is only taken once in a transaction."""
    for trace in reversed(earlier):
        if any(lock.relation == relation and lock.mode is mode for lock in trace.locks):
            return f"statement {trace.index}"
    return "an earlier statement"
