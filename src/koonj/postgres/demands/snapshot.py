"""What a catalog demands of rows at one moment, as values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

PLAIN_TABLE, PARTITIONED, MATERIALIZED = "r", "p", "m"

Calls = Mapping[tuple[int, int, int], tuple[str, ...]]
"""Functions and operators outside pg_catalog, by the class, OID and column of the object that calls them."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation."""

    number: int
    name: str
    """Quoted where SQL requires it, as PostgreSQL writes it in expressions."""
    type: str
    type_oid: int
    size: int
    """Bytes of a value; -1: they vary."""
    built_in: bool
    """The type is one of pg_catalog."""
    not_null: bool
    """NOT NULL, and every row that exists was checked."""
    identity: bool
    generated: str
    """``s``: stored, ``v``: virtual, or empty."""
    default: str
    """Default or expression, as SQL; empty if there is none."""
    calls: tuple[str, ...] = ()
    """What outside pg_catalog `default` calls."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A CHECK, FOREIGN KEY, EXCLUDE, UNIQUE or PRIMARY KEY constraint."""

    oid: int
    name: str
    kind: str
    relation: int
    domain: int
    holds: bool
    """It is valid and enforced: every row that exists was checked."""
    local: bool
    parent: int
    no_inherit: bool
    text: str
    """Of a CHECK: the expression; of a domain's: the whole definition, with ``VALUE``."""
    columns: tuple[int, ...]
    other: int
    """Of a foreign key: the relation that it refers to."""
    other_columns: tuple[int, ...]
    match: str
    actions: str
    """Of a foreign key: what DELETE and UPDATE do, one letter each."""
    period: bool
    index: int
    operators: tuple[str, ...]
    deferrable: bool
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Index:
    """An index."""

    oid: int
    relation: int
    name: str
    unique: bool
    exclusion: bool
    valid: bool
    nulls_equal: bool
    method: str
    columns: tuple[int, ...]
    """Numbers of all columns, those of INCLUDE too; 0 for an expression."""
    key_count: int
    predicate: str
    keys: tuple[str, ...]
    collations: tuple[str, ...]
    parent: int
    calls: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether its keys are columns, of all rows."""
        return not self.predicate and 0 not in self.columns[: self.key_count]

    @property
    def rule(self) -> tuple[object, ...]:
        """What it demands of rows: two indexes with the same one demand the same."""
        return self.keys, self.predicate, self.nulls_equal, self.method, self.collations


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, a partitioned table or a materialized view."""

    oid: int
    schema: str
    alias: str
    """Its name without the schema."""
    kind: str
    bounds: str
    """Its partition constraint; empty if it is no partition."""
    parents: tuple[int, ...]
    runs_code: bool
    """It has triggers or rules, so that a change of its rows can change others."""
    columns: Mapping[int, Column] = field(default_factory=dict)
    constraints: Mapping[int, Constraint] = field(default_factory=dict)
    indexes: Mapping[int, Index] = field(default_factory=dict)
    calls: tuple[str, ...] = ()
    """What outside pg_catalog its partition key calls."""

    @property
    def name(self) -> str:
        """Name with its schema, quoted where SQL requires it."""
        return f"{self.schema}.{self.alias}"

    def column_names(self, numbers: Collection[int]) -> tuple[str, ...]:
        """Return the names of the columns with these numbers."""
        return tuple(self.columns[number].name for number in numbers if number in self.columns)


@dataclass(frozen=True, slots=True)
class Type:
    """A domain or an enum."""

    oid: int
    name: str
    kind: str
    base: int
    base_name: str
    not_null: bool
    default: str
    base_built_in: bool
    labels: tuple[str, ...]
    checks: tuple[Constraint, ...] = ()

    @property
    def is_domain(self) -> bool:
        """Whether it is a domain."""
        return self.kind == "d"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Relations and types of a database at one moment."""

    relations: Mapping[int, Relation]
    types: Mapping[int, Type]
    volatile: frozenset[str] = frozenset()
    """Names of functions of pg_catalog that can do more than compute a value."""
    functions: frozenset[str] = frozenset()
    """Names of functions outside pg_catalog."""
    event_triggers: bool = False
    reading: frozenset[str] = frozenset()
    """Functions of no extension that can read rows, as in `Calls`."""

    def with_read(self, read: Snapshot, oids: Collection[int] | None) -> Snapshot:
        """Return the snapshot after a statement, of which `read` has the relations in `oids`."""
        if oids is None:
            return read
        kept = {oid: relation for oid, relation in self.relations.items() if oid not in oids}
        return replace(read, relations={**kept, **read.relations})

    def children(self, oid: int) -> Iterator[Relation]:
        """Yield the partitions and children of a relation."""
        return (relation for relation in self.relations.values() if oid in relation.parents)

    def domains(self, type_oid: int) -> Iterator[Type]:
        """Yield the domain that a type is, and those that it is based on."""
        found = self.types.get(type_oid)
        while found is not None and found.is_domain:
            yield found
            found = self.types.get(found.base)

    def enum(self, type_oid: int) -> Type | None:
        """Return the enum that a type is, or that a domain is based on."""
        for domain in self.domains(type_oid):
            type_oid = domain.base
        found = self.types.get(type_oid)
        return None if found is None or found.is_domain else found

    def base_type(self, column: Column) -> str | None:
        """Return the type of pg_catalog that a column's type is or is based on; None if there is none."""
        name, built_in = column.type, column.built_in
        for domain in self.domains(column.type_oid):
            name, built_in = domain.base_name, domain.base_built_in
        return name if built_in else None
