"""Find the effects of one statement on each table, its indexes and partitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from koonj.postgres.activity import RelationFacts
from koonj.postgres.locks.trace import LockMode, RelationLock, RowsWritten, StatementTrace

Facts = Mapping[str, RelationFacts]
Locks = Mapping[str, RelationLock]


@dataclass(frozen=True, slots=True)
class RelationImpact:
    """Strongest lock of a statement on a relation, and what it does to the relation."""

    relation: str
    kind: str
    mode: LockMode
    held: bool = False
    """An earlier statement of the transaction took the lock, and this one needs it too."""
    rewrites: bool = False
    scans: bool = False
    truncates: bool = False
    drops: bool = False
    rebuilt: tuple[str, ...] = ()
    """Its indexes that are rebuilt; if it is an index: itself."""
    dropped: tuple[str, ...] = ()
    """Its indexes that are dropped."""
    written: tuple[RowsWritten, ...] = ()
    table: str | None = None
    """The table, if this is an index; an index is listed only if its lock is stronger than the table's."""
    others: int = 0
    """Number of further indexes of that table with the same lock."""

    @property
    def is_read_in_full(self) -> bool:
        """Whether the statement scans, rewrites or rebuilds all of it."""
        return self.rewrites or self.scans or bool(self.rebuilt)


@dataclass(frozen=True, slots=True)
class _Effects:
    """Names of relations, grouped by what the statement does to them."""

    rewritten: frozenset[str]
    scanned: frozenset[str]
    rebuilt: frozenset[str]
    truncated: frozenset[str]
    dropped: frozenset[str]
    written: frozenset[str]

    @classmethod
    def of(cls, trace: StatementTrace) -> _Effects:
        truncated = set(trace.truncated)
        scanned = {scan.relation for scan in (*trace.scanned, *trace.scanned_by_any_session)}
        return cls(
            rewritten=frozenset(trace.rewritten),
            scanned=frozenset(scanned - truncated),
            rebuilt=frozenset(trace.rebuilt),
            truncated=frozenset(truncated),
            dropped=frozenset(change.relation for change in trace.relations if change.change == "dropped"),
            written=frozenset(written.relation for written in trace.written),
        )

    @property
    def all(self) -> frozenset[str]:
        return self.rewritten | self.scanned | self.rebuilt | self.truncated | self.dropped | self.written


def relation_impacts(trace: StatementTrace, facts: Facts, new: frozenset[str]) -> tuple[RelationImpact, ...]:
    """Return the impact on each relation that the statement locks or changes.

    Relations in `new` and their indexes are omitted.
    """
    effects = _Effects.of(trace)
    locks = _strongest_locks(trace, effects, new)
    groups: dict[str, list[RelationLock]] = {}
    for lock in locks.values():
        if lock.of is None:
            groups.setdefault(_group_name(lock, locks, facts, effects), []).append(lock)
    tables = (_table(locks[name], group, locks, trace, effects) for name, group in groups.items())
    return (*tables, *_indexes(locks, trace, effects))


def full_reads(trace: StatementTrace, facts: Facts, new: frozenset[str]) -> Mapping[str, bool]:
    """Return the relations that the statement reads in full: name, is it rewritten.

    All locks of the statement are held for that time. A partition counts as its root table.
    """
    effects = _Effects.of(trace)
    tables = {lock.relation: lock.of or lock.relation for lock in (*trace.held, *trace.locks)}
    read = effects.rewritten | effects.scanned | {tables.get(index, index) for index in effects.rebuilt}
    found: dict[str, bool] = {}
    for name in sorted(read):
        root = root_of(name, facts)
        if new.isdisjoint({name, root}) and name not in effects.truncated:
            found[root] = found.get(root, False) or name in effects.rewritten
    return found


def root_of(name: str, facts: Facts) -> str:
    """Return the root table of a partition, or the name itself."""
    known = facts.get(name)
    return name if known is None or known.root is None else known.root


def _strongest_locks(trace: StatementTrace, effects: _Effects, new: frozenset[str]) -> Locks:
    """Return the strongest lock on each relation that the statement uses.

    An earlier statement can have taken it.
    """
    tables = {lock.of for lock in trace.held if lock.relation in effects.all and lock.of is not None}
    needed = (lock for lock in trace.held if lock.relation in effects.all | tables)
    found: dict[str, RelationLock] = {}
    for lock in (*trace.locks, *needed):
        known = found.get(lock.relation)
        if (lock.relation in new or lock.of in new) or (known and known.mode.rank >= lock.mode.rank):
            continue
        found[lock.relation] = lock
    return found


def _group_name(lock: RelationLock, locks: Locks, facts: Facts, effects: _Effects) -> str:
    """Return the relation that a lock is listed with; mostly the root table."""
    root = locks.get(root_of(lock.relation, facts), lock)
    if root.mode.rank < lock.mode.rank:
        return lock.relation
    is_separate = lock.relation in effects.dropped and root.relation not in effects.dropped
    return lock.relation if is_separate else root.relation


def _table(
    root: RelationLock, group: Sequence[RelationLock], locks: Locks, trace: StatementTrace, effects: _Effects
) -> RelationImpact:
    names = frozenset(lock.relation for lock in group)
    indexes = frozenset(lock.relation for lock in locks.values() if lock.of in names)
    rebuilt = indexes & effects.rebuilt if names.isdisjoint(effects.truncated) else frozenset()
    return RelationImpact(
        relation=root.relation,
        kind=root.kind,
        mode=root.mode,
        held=root not in trace.locks,
        rewrites=not names.isdisjoint(effects.rewritten),
        scans=not names.isdisjoint(effects.scanned),
        truncates=not names.isdisjoint(effects.truncated),
        drops=root.relation in effects.dropped,
        rebuilt=tuple(sorted(rebuilt)),
        dropped=tuple(sorted(indexes & effects.dropped)),
        written=tuple(written for written in trace.written if written.relation in names),
    )


def _indexes(locks: Locks, trace: StatementTrace, effects: _Effects) -> Iterable[RelationImpact]:
    """Yield the indexes whose lock is stronger than their table's."""
    found: dict[tuple[str, LockMode], list[RelationLock]] = {}
    for lock in locks.values():
        table = None if lock.of is None else locks.get(lock.of)
        if lock.of is not None and (table is None or table.mode.rank < lock.mode.rank):
            found.setdefault((lock.of, lock.mode), []).append(lock)
    for (table_name, mode), group in found.items():
        first = min(group, key=lambda lock: lock.relation)
        table = locks.get(table_name)
        # With CONCURRENTLY, PostgreSQL builds a new index and locks the old one only at the end.
        rebuilt = effects.rebuilt if table is not None and table.mode.stops_writes else frozenset()
        yield RelationImpact(
            relation=first.relation,
            kind=first.kind,
            mode=mode,
            held=first not in trace.locks,
            drops=first.relation in effects.dropped,
            rebuilt=tuple(sorted({lock.relation for lock in group} & rebuilt)),
            table=table_name,
            others=len(group) - 1,
        )
