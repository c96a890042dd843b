"""What a layout must offer so that koonj runs its migrations: the rows that the tool itself would write.

A layout without a writer (`writers`) is only read. koonj writes the row last in the transaction of the
migration, so both are committed, or neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from koonj.migrations.layouts.tool_migration import ToolMigration


@dataclass(frozen=True, slots=True)
class RowChange:
    """A statement that changes one row of the tool's history. If not, the migration is rolled back."""

    query: str
    """The file in ``postgres/queries``, without .sql, with ``{table}`` for the table's name."""
    values: Mapping[str, str]
    """Its values, by name. The server reads them as the types of the columns."""


class ToolWriter(Protocol):
    """How one tool keeps its history. An object without state."""

    @property
    def runs_late(self) -> bool:
        """Whether the tool applies a migration although a later one is applied."""

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the history. koonj writes no row into a table that has others."""

    @property
    def create(self) -> str:
        """The file in ``postgres/queries`` that makes the history as the tool does, where there is none."""

    def applied(self, migration: ToolMigration) -> RowChange:
        """Return what the tool does to its history when the migration is applied."""

    def rolled_back(self, migration: ToolMigration) -> RowChange:
        """Return what the tool does to its history when the migration is rolled back."""
