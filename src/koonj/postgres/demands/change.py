"""One statement of a migration, with the catalog before and after it: what the demands are found from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from koonj.postgres.demands.demand import ROWS, Counted, Demand, DemandKind, Source
from koonj.postgres.demands.snapshot import PARTITIONED, PLAIN_TABLE, Relation, Snapshot
from koonj.sql.called_names import called_names

MOVED = "a partition is attached or detached before"


@dataclass(frozen=True, slots=True)
class Using:
    """The expression of a USING, with all names qualified."""

    expression: str
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A statement, and the catalog around it."""

    statement: int
    line: int
    first: Snapshot
    """Before the migration."""
    before: Snapshot
    after: Snapshot
    names: Mapping[int, str]
    """Names before the migration of the relations that were there, by OID."""
    usings: Mapping[tuple[int, int], Using] = field(default_factory=dict)
    """By the relation and the number of the column."""
    written: Mapping[int, int] = field(default_factory=dict)
    """Number of the first statement that can have written to a relation before this one, by OID."""
    any_writer: int = 0
    """Number of the first statement that can have written to any relation; 0: none."""
    last_writes: Mapping[int, int] = field(default_factory=dict)
    """Number of the last one, by OID."""
    last_write_any: int = 0
    settings: tuple[tuple[str, str], ...] = ()
    """Settings that the file has changed, on which values can depend: name and value."""
    moved: Collection[int] = ()
    """Relations to which or from which an earlier statement has moved rows, by OID."""

    def old(
        self, *, kinds: Collection[str] = (PLAIN_TABLE, PARTITIONED)
    ) -> Iterator[tuple[Relation, Relation]]:
        """Yield the relations that had rows before the migration: before and after the statement."""
        for oid, before in self.before.relations.items():
            after = self.after.relations.get(oid)
            if oid in self.names and after is not None and after is not before and after.kind in kinds:
                yield before, after

    def is_old(self, oid: int) -> bool:
        """Return whether a relation was there before the migration."""
        return oid in self.names

    def volatile(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the functions in these expressions that can do more than compute a value."""
        found = set().union(*map(called_names, texts)) & self.after.volatile
        return tuple(f"pg_catalog.{name}()" for name in sorted(found))

    def runs_code(self, texts: Iterable[str], calls: Iterable[str]) -> tuple[str, ...]:
        """Return what these expressions call that koonj does not let a target run."""
        return (*sorted(set(calls)), *self.volatile(texts))

    def may(self, oid: int) -> str:
        """Return why a row of a relation that breaks a demand need not be there when the statement runs."""
        writer = self.written.get(oid) or self.any_writer
        return f"statement {writer} writes to this table first" if writer else ""

    def source(self, oid: int, name: str = ROWS, *, only: bool = False, earlier: bool = False) -> Source:
        """Return a relation as a source of a query: after the statement, or `earlier`, before it."""
        return Source(name, self.names[oid], self.statement - earlier, only)

    def demand(
        self,
        kind: DemandKind,
        relation: Relation,
        words: str,
        tail: str,
        *,
        texts: Iterable[str] = (),
        calls: Iterable[str] = (),
        earlier: bool = False,
        only: bool = False,
        others: Source | None = None,
        more: tuple[Source, ...] = (),
        counted: Counted = Counted.ROWS,
        raises: str = "",
        needs_major: int = 0,
        hashed: tuple[str, ...] = (),
        columns: tuple[str, ...] = (),
        may: str = "",
        rough: str = "",
        unknown: str = "",
    ) -> Demand:
        """Return a demand of this statement. `texts`: expressions of the catalog or the file in its query."""
        rows = self.source(relation.oid, only=only, earlier=earlier)
        return Demand(
            statement=self.statement,
            line=self.line,
            kind=kind,
            relation=relation.name,
            words=words,
            sources=(rows, *(() if others is None else (others,)), *more),
            tail=tail,
            counted=counted,
            raises=raises,
            needs_major=needs_major,
            calls=self.runs_code(texts, calls),
            hashed=hashed,
            columns=columns,
            may=self.may(relation.oid) or may,
            rough=rough,
            unknown=unknown or (MOVED if relation.oid in self.moved else ""),
            settings=self.settings,
            last_write=max(self.last_writes.get(relation.oid, 0), self.last_write_any),
        )


def in_words(names: Collection[str]) -> str:
    """Return column names for a sentence: ``owner_id``, or ``(a, b)``."""
    joined = ", ".join(names)
    return joined if len(names) == 1 else f"({joined})"


def from_rows(relation: Relation) -> str:
    """Return the FROM of a demand's query: its expressions name the relation by its own name."""
    return f"FROM {ROWS} AS {relation.alias}"
