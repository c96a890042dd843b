"""What a form knows of a database: the names in its catalog, with what completions and problems need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

Name = tuple[str, str]
"""Schema and name."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation."""

    name: str
    type: str
    not_null: bool
    pending: str = ""
    """Which file makes it, if it is not there yet: ``pending 016``."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, view, materialized view, sequence or foreign table."""

    schema: str
    name: str
    kind: str
    """``table``, ``partitioned table``, ``view``, ``materialized view``, ``foreign table``, ``sequence``."""
    size: int | None = None
    """Bytes with indexes, as of the last ANALYZE; None if unknown."""
    rows: int | None = None
    """Estimated; None if unknown."""
    parent: Name | None = None
    """The partitioned table of which it is a partition."""
    columns: tuple[Column, ...] = ()
    definition: str | None = None
    """The query of a view, in one line."""
    comment: str | None = None
    pending: str = ""
    """Which file makes it, if it is not there yet: ``pending 016``."""

    @property
    def is_table(self) -> bool:
        """Whether it is a table, with or without partitions."""
        return self.kind in ("table", "partitioned table", "foreign table")

    def column(self, name: str) -> Column | None:
        """Return the column with this name; None if there is none."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Index:
    """An index."""

    schema: str
    name: str
    table: Name
    definition: str | None
    """What follows the table in its definition."""
    unique: bool
    columns: tuple[str, ...]
    """The columns of its keys; empty for an index of an expression."""
    whole: bool
    """Whether it is valid, immediate and without a condition. If unique, a foreign key can refer to it."""
    pending: str = ""
    """Which file makes it, if it is not there yet: ``pending 016``."""


@dataclass(frozen=True, slots=True)
class TableObject:
    """A constraint, trigger or policy of a table."""

    thing: str
    name: str
    table: Name
    definition: str | None = None
    """What follows the name of a constraint in its definition."""
    pending: str = ""
    """Which file makes it, if it is not there yet: ``pending 016``."""


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """A type or a function."""

    thing: str
    schema: str
    name: str
    detail: str = ""
    """``enum``, or the arguments of a function."""
    labels: tuple[str, ...] = ()
    """The values of an enum."""
    comment: str | None = None
    pending: str = ""
    """Which file makes it, if it is not there yet: ``pending 016``."""


@dataclass(frozen=True)
class CatalogSnapshot:
    """The catalog of a database at one moment, without its system schemas."""

    schemas: tuple[str, ...] = ()
    search_path: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    indexes: tuple[Index, ...] = ()
    table_objects: tuple[TableObject, ...] = ()
    schema_objects: tuple[SchemaObject, ...] = ()
    roles: tuple[str, ...] = ()
    extensions: Mapping[str, bool] = field(default_factory=dict)
    """Name of each available extension, and whether it is installed."""
    is_cut: bool = False
    """Whether there are more objects than koonj reads: then nothing is said to be missing."""
    dropped: tuple[Name, ...] = ()
    """Relations that are left out because pending files drop or rename them."""

    @cached_property
    def _relations(self) -> Mapping[Name, Relation]:
        return {(one.schema, one.name): one for one in self.relations}

    def relation(self, schema: str | None, name: str) -> Relation | None:
        """Return the relation that this name means; without a schema, by the search_path."""
        return next(filter(None, (self._relations.get((one, name)) for one in self.places(schema))), None)

    def index(self, schema: str | None, name: str) -> Index | None:
        """Return the index that this name means; without a schema, by the search_path."""
        found = {one.schema: one for one in self.indexes if one.name == name}
        return next(filter(None, (found.get(place) for place in self.places(schema))), None)

    def places(self, schema: str | None) -> tuple[str, ...]:
        """Return the schemas in which a name is looked for."""
        return self.search_path if schema is None else (schema,)

    def objects_of(self, table: Relation, thing: str) -> Iterator[TableObject]:
        """Yield the constraints, triggers or policies of a table."""
        name = (table.schema, table.name)
        return (one for one in self.table_objects if one.thing == thing and one.table == name)

    def indexes_of(self, table: Relation) -> Iterator[Index]:
        """Yield the indexes of a table."""
        return (one for one in self.indexes if one.table == (table.schema, table.name))

    def parts_of(self, table: Relation) -> Iterator[Relation]:
        """Yield the partitions of a table."""
        return (one for one in self.relations if one.parent == (table.schema, table.name))
