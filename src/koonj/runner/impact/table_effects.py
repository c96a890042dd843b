"""What one statement does to each table that was there before, with its indexes and partitions folded in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from koonj.postgres.activity import RelationFacts
from koonj.postgres.locks.trace import LockMode, RelationLock, RowsWritten, StatementTrace

Facts = Mapping[str, RelationFacts]
Locks = Mapping[str, RelationLock]


@dataclass(frozen=True, slots=True)
class RelationImpact:
    """One relation, its strongest lock, and what the statement does to it."""

    relation: str
    kind: str
    mode: LockMode
    held: bool = False
    """An earlier statement took the lock, and this one uses it."""
    rewrites: bool = False
    scans: bool = False
    empties: bool = False
    drops: bool = False
    rebuilt: tuple[str, ...] = ()
    """Its indexes that are built anew; of an index: itself."""
    dropped: tuple[str, ...] = ()
    """Its indexes that go."""
    written: tuple[RowsWritten, ...] = ()
    of: str | None = None
    """Of an index, told apart only where it is locked more strongly than its table: that table."""
    others: int = 0
    """How many more indexes of that table are locked in the same way."""

    @property
    def is_gone_through(self) -> bool:
        """From end to end: that takes longer the larger it is."""
        return self.rewrites or self.scans or bool(self.rebuilt)


@dataclass(frozen=True, slots=True)
class _Deeds:
    """Names of relations, by what the statement does to them."""

    rewritten: frozenset[str]
    scanned: frozenset[str]
    rebuilt: frozenset[str]
    emptied: frozenset[str]
    gone: frozenset[str]
    written: frozenset[str]

    @classmethod
    def of(cls, trace: StatementTrace) -> _Deeds:
        emptied = set(trace.truncated)
        scanned = {scan.relation for scan in (*trace.scanned, *trace.scanned_by_any_session)}
        return cls(
            rewritten=frozenset(trace.rewritten),
            scanned=frozenset(scanned - emptied),
            rebuilt=frozenset(trace.rebuilt),
            emptied=frozenset(emptied),
            gone=frozenset(change.relation for change in trace.relations if change.change == "dropped"),
            written=frozenset(written.relation for written in trace.written),
        )

    @property
    def all(self) -> frozenset[str]:
        return self.rewritten | self.scanned | self.rebuilt | self.emptied | self.gone | self.written


def touched(trace: StatementTrace, facts: Facts, fresh: frozenset[str]) -> tuple[RelationImpact, ...]:
    """Of all that it locks, or works on under an earlier lock, but what is in `fresh` and its indexes."""
    deeds = _Deeds.of(trace)
    locks = _used(trace, deeds, fresh)
    groups: dict[str, list[RelationLock]] = {}
    for lock in locks.values():
        if lock.of is None:
            groups.setdefault(_home(lock, locks, facts, deeds), []).append(lock)
    tables = (_table(locks[home], group, locks, trace, deeds) for home, group in groups.items())
    return (*tables, *_indexes(locks, trace, deeds))


def gone_through(trace: StatementTrace, facts: Facts, fresh: frozenset[str]) -> Mapping[str, bool]:
    """Relations that it goes through from end to end, by name, and whether it rewrites them.

    All its locks last as long. A partition counts as the table that it is a part of.
    """
    deeds = _Deeds.of(trace)
    tables = {lock.relation: lock.of or lock.relation for lock in (*trace.held, *trace.locks)}
    long = deeds.rewritten | deeds.scanned | {tables.get(index, index) for index in deeds.rebuilt}
    found: dict[str, bool] = {}
    for name in sorted(long):
        home = root_of(name, facts)
        if fresh.isdisjoint({name, home}) and name not in deeds.emptied:
            found[home] = found.get(home, False) or name in deeds.rewritten
    return found


def root_of(name: str, facts: Facts) -> str:
    """Of a partition the table that it is a part of; of others themselves."""
    known = facts.get(name)
    return name if known is None or known.root is None else known.root


def _used(trace: StatementTrace, deeds: _Deeds, fresh: frozenset[str]) -> Locks:
    """The strongest lock of each relation: those that it took, and earlier ones that it now works under."""
    tables = {lock.of for lock in trace.held if lock.relation in deeds.all and lock.of is not None}
    under = (lock for lock in trace.held if lock.relation in deeds.all | tables)
    found: dict[str, RelationLock] = {}
    for lock in (*trace.locks, *under):
        known = found.get(lock.relation)
        if (lock.relation in fresh or lock.of in fresh) or (known and known.mode.rank >= lock.mode.rank):
            continue
        found[lock.relation] = lock
    return found


def _home(lock: RelationLock, locks: Locks, facts: Facts, deeds: _Deeds) -> str:
    """The name under which a table's lock is told: a partition's with that of the table above it."""
    root = locks.get(root_of(lock.relation, facts), lock)
    if root.mode.rank < lock.mode.rank:
        return lock.relation
    is_apart = lock.relation in deeds.gone and root.relation not in deeds.gone
    return lock.relation if is_apart else root.relation


def _table(
    lead: RelationLock, group: Sequence[RelationLock], locks: Locks, trace: StatementTrace, deeds: _Deeds
) -> RelationImpact:
    names = frozenset(lock.relation for lock in group)
    indexes = frozenset(lock.relation for lock in locks.values() if lock.of in names)
    rebuilt = indexes & deeds.rebuilt if names.isdisjoint(deeds.emptied) else frozenset()
    return RelationImpact(
        relation=lead.relation,
        kind=lead.kind,
        mode=lead.mode,
        held=lead not in trace.locks,
        rewrites=not names.isdisjoint(deeds.rewritten),
        scans=not names.isdisjoint(deeds.scanned),
        empties=not names.isdisjoint(deeds.emptied),
        drops=lead.relation in deeds.gone,
        rebuilt=tuple(sorted(rebuilt)),
        dropped=tuple(sorted(indexes & deeds.gone)),
        written=tuple(written for written in trace.written if written.relation in names),
    )


def _indexes(locks: Locks, trace: StatementTrace, deeds: _Deeds) -> Iterable[RelationImpact]:
    """Indexes that are locked more strongly than their tables."""
    found: dict[tuple[str, LockMode], list[RelationLock]] = {}
    for lock in locks.values():
        table = None if lock.of is None else locks.get(lock.of)
        if lock.of is not None and (table is None or table.mode.rank < lock.mode.rank):
            found.setdefault((lock.of, lock.mode), []).append(lock)
    for (table_name, mode), group in found.items():
        first = min(group, key=lambda lock: lock.relation)
        table = locks.get(table_name)
        # CONCURRENTLY it is built beside the old one, which is only locked at the end.
        rebuilt = deeds.rebuilt if table is not None and table.mode.stops_writes else frozenset()
        yield RelationImpact(
            relation=first.relation,
            kind=first.kind,
            mode=mode,
            held=first not in trace.locks,
            drops=first.relation in deeds.gone,
            rebuilt=tuple(sorted({lock.relation for lock in group} & rebuilt)),
            of=table_name,
            others=len(group) - 1,
        )
