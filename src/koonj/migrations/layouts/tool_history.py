"""The history of another tool: in which tables it is, and the rows that were read from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TEXT = frozenset({"text", "varchar", "bpchar"})
INTEGER = frozenset({"int2", "int4", "int8"})
BOOLEAN = frozenset({"bool"})
TIME = frozenset({"timestamp", "timestamptz"})
"""Types of columns, by their names in pg_type."""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class HistoryTable:
    """A table of a tool's history. koonj reads it only if it has all of these columns, of these types."""

    key: str
    """Its name in `ToolHistory.rows`."""
    name: str
    """Name of the relation, as in pg_class."""
    columns: Mapping[str, frozenset[str]]
    """The columns that the query reads, with the types that they can have."""
    query: str
    """The file in ``postgres/queries``, without .sql: one SELECT, with ``{table}`` for the table's name."""
    schema: str | None = None
    """The schema, if the tool fixes it. None: the current one; or the only one that has such a table."""
    usual_schema: str | None = None
    """The schema in which the tool makes the table, whatever the current one is, unless its program names
    another. Only if `schema` is None."""


@dataclass(frozen=True, slots=True)
class ToolHistory:
    """What was read of a tool's history on one target."""

    rows: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    """Rows by the `key` of their table, in the order of the query. Tables that do not exist are not in it."""
    places: Mapping[str, str] = field(default_factory=dict)
    """The qualified names of these tables, for the user: ``public.schema_migrations``."""
    tables: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Schema and name of these tables."""

    def of(self, key: str) -> tuple[Row, ...]:
        """Return the rows of a table; none if it does not exist."""
        return self.rows.get(key, ())

    def has(self, key: str) -> bool:
        """Return whether the table exists."""
        return key in self.rows


class ToolHistoryError(Exception):
    """Raised if rows cannot be what the tool has written. The message says why."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
