"""Relations as the catalog has them at one moment, by OID."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

KINDS: Mapping[str, str] = {
    "r": "table",
    "p": "partitioned table",
    "i": "index",
    "I": "index",
    "v": "view",
    "m": "materialized view",
    "S": "sequence",
    "f": "foreign table",
    "c": "composite type",
}
"""pg_class.relkind in words (https://www.postgresql.org/docs/current/catalog-pg-class.html)."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is not dropped."""

    name: str
    type: str
    not_null: bool
    default: int | None
    """The OID of its default or generation expression: another one after SET DEFAULT."""
    type_oid: int
    type_modifier: int
    generated: bool
    """From other columns: its values can be had again."""
    base_type: str | None
    """Of a domain: the type that it is made of."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint of a relation, without those that a partition has from its parent."""

    name: str
    type: str
    """pg_constraint.contype."""
    validated: bool
    references: int
    """Of a foreign key: the OID of the table that it refers to; 0 of others."""


@dataclass(frozen=True, slots=True)
class Relation:
    """One row of pg_class, with what hangs on it."""

    oid: int
    name: str
    """Schema-qualified, quoted as SQL wants it."""
    relkind: str
    file: int
    """relfilenode; 0 where there is no storage."""
    tablespace: int
    toast: int
    """The OID of its TOAST table; 0 where there is none."""
    rows: float
    """reltuples: -1 where nobody has counted (0 before PostgreSQL 14)."""
    populated: bool
    table: int | None
    """Of an index: its table's OID."""
    valid: bool | None
    """Of an index."""
    columns_json: str | None
    constraints_json: str | None

    @property
    def kind(self) -> str:
        """In words."""
        return KINDS[self.relkind]

    @property
    def is_index(self) -> bool:
        """An index, or a partitioned one, which has no storage."""
        return self.relkind in "iI"

    @property
    def has_rows(self) -> bool:
        """A table or a materialized view."""
        return self.relkind in "rm"

    def columns(self) -> dict[int, Column]:
        """By attnum."""
        return {entry[0]: Column(*entry[1:]) for entry in json.loads(self.columns_json or "[]")}

    def constraints(self) -> dict[int, Constraint]:
        """By OID."""
        return {entry[0]: Constraint(*entry[1:]) for entry in json.loads(self.constraints_json or "[]")}


Relations = Mapping[int, Relation]


@dataclass(frozen=True, slots=True)
class Counters:
    """What the session has counted for a relation, since its counters were last sent off."""

    scans: int = 0
    """Sequential scans; of an index, scans of it."""
    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def since(self, before: Counters) -> Counters:
        """The difference. A TRUNCATE takes back what its transaction wrote: never less than 0."""
        return Counters(
            max(0, self.scans - before.scans),
            max(0, self.read - before.read),
            max(0, self.inserted - before.inserted),
            max(0, self.updated - before.updated),
            max(0, self.deleted - before.deleted),
        )


NONE = Counters()
