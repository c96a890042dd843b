"""Find the columns from which other columns get their values."""

from __future__ import annotations

from collections.abc import Sequence

from koonj.postgres.made_rows.tables import Column, Table


class References:
    """The references between the tables of one database: foreign keys, and columns with matching names."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._tables = tables
        self._by_oid = {table.oid: table for table in tables}

    def parent(self, table: Table, column: Column) -> tuple[Table, int] | None:
        """Return table and attnum of the column to which a column refers."""
        for constraint in table.constraints:
            if constraint.kind == "f" and column.number in constraint.columns:
                parent = self._by_oid.get(constraint.references)
                if parent is not None:
                    number = constraint.referenced[constraint.columns.index(column.number)]
                    if (parent.oid, number) != (table.oid, column.number):
                        return parent, number
        if column.number in table.unique:
            return None
        return self._parent_by_name(table, column)

    def _parent_by_name(self, table: Table, column: Column) -> tuple[Table, int] | None:
        """Return the key to which a column refers by its name only: country_code, or user_id."""
        for other in self._tables:
            if other is table:
                continue
            for key in other.columns:
                if key.number in other.unique and key.type == column.type:
                    stem = other.name.rstrip("s")
                    alike = column.name == key.name and key.name not in {"id", "name"}
                    if alike or column.name in {
                        f"{other.name}_{key.name}",
                        f"{stem}_{key.name}",
                        stem,
                        f"{stem}_ref",
                    }:
                        return other, key.number
        return None

    def is_referenced(self, table: Table, number: int) -> bool:
        """Return whether a foreign key refers to the column."""
        return any(
            c.kind == "f" and c.references == table.oid and number in c.referenced
            for other in self._tables
            for c in other.constraints
        )


def has_foreign_key(table: Table, column: Column) -> bool:
    """Return whether a foreign key contains the column."""
    return any(c.kind == "f" and column.number in c.columns for c in table.constraints)
