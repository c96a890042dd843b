"""Relations as the catalog describes them at one moment, by OID."""

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
"""Words for pg_class.relkind (https://www.postgresql.org/docs/current/catalog-pg-class.html)."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is not dropped."""

    name: str
    type: str
    not_null: bool
    default: int | None
    """OID of its default or generation expression. SET DEFAULT changes it."""
    type_oid: int
    type_modifier: int
    generated: bool
    """Computed from other columns, so its values can be restored."""
    base_type: str | None
    """For a domain: the type on which it is based."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint of a relation. Constraints that a partition inherits are omitted."""

    name: str
    type: str
    """pg_constraint.contype."""
    validated: bool
    references: int
    """For a foreign key: the OID of the referenced table. Otherwise 0."""


@dataclass(frozen=True, slots=True)
class Relation:
    """One row of pg_class with its columns and constraints."""

    oid: int
    name: str
    """Schema-qualified, quoted for SQL."""
    relkind: str
    file: int
    """relfilenode; 0 if the relation has no storage."""
    tablespace: int
    toast: int
    """OID of its TOAST table; 0 if there is none."""
    rows: float
    """reltuples: -1 if the rows were never counted (0 before PostgreSQL 14)."""
    populated: bool
    table: int | None
    """For an index: the OID of its table."""
    valid: bool | None
    """For an index: whether it is valid. Otherwise None."""
    columns_json: str | None
    constraints_json: str | None

    @property
    def kind(self) -> str:
        """Kind of the relation in words, such as ``table``."""
        return KINDS[self.relkind]

    @property
    def is_index(self) -> bool:
        """Whether it is an index, or a partitioned index (which has no storage)."""
        return self.relkind in "iI"

    @property
    def has_rows(self) -> bool:
        """Whether it is a table or a materialized view."""
        return self.relkind in "rm"

    def columns(self) -> dict[int, Column]:
        """Return the columns, by attnum."""
        return {entry[0]: Column(*entry[1:]) for entry in json.loads(self.columns_json or "[]")}

    def constraints(self) -> dict[int, Constraint]:
        """Return the constraints, by OID."""
        return {entry[0]: Constraint(*entry[1:]) for entry in json.loads(self.constraints_json or "[]")}


Relations = Mapping[int, Relation]


@dataclass(frozen=True, slots=True)
class Counters:
    """Activity of the session on a relation since it last sent its counters."""

    scans: int = 0
    """Sequential scans. For an index: scans of the index."""
    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def since(self, before: Counters) -> Counters:
        """Return the difference to earlier counters, never below 0.

        A TRUNCATE subtracts the rows that its transaction has written.
        """
        return Counters(
            max(0, self.scans - before.scans),
            max(0, self.read - before.read),
            max(0, self.inserted - before.inserted),
            max(0, self.updated - before.updated),
            max(0, self.deleted - before.deleted),
        )


NONE = Counters()
