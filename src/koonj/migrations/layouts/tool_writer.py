"""What a layout must offer so that koonj runs its migrations: the rows that the tool itself would write.

A layout without a writer (`writers`) is only read. koonj writes the row last in the transaction of the
migration, so both are committed, or neither.

The queries of a writer are files in ``postgres/queries``, named without .sql. In their texts ``{table}``
stands for the name of the history, ``{KEY}`` for that of the table with this `HistoryTable.key`, and
``{schema}`` for the schema of the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.migration_status import MigrationStatus


@dataclass(frozen=True, slots=True)
class RowChange:
    """A statement that changes a row of the tool's history.

    If it changes none, the migration is rolled back.
    """

    query: str
    """One INSERT, UPDATE or DELETE without RETURNING. It can have CTEs, which can change other tables: then a
    line ``-- last part`` stands between them and the statement."""
    values: Mapping[str, str | None]
    """Its values, by name, as ``%(name)s`` in the text. The server reads them as the types of the columns; an
    array is written as ``{…}``, None is NULL. What depends on rows or on time is computed in the query."""


@dataclass(frozen=True, slots=True)
class HistoryPlace:
    """Where the history of a tool is. Its locks depend on it, and sometimes its rows."""

    database: str
    schema: str
    table: str
    user: str
    """The current role of the session."""
    learned: Mapping[str, str] = field(default_factory=dict)
    """What the writer has read from the history, by names of its own (`ToolWriter.learn`)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why koonj cannot promise to do what the tool would do. Nothing is run then."""

    name: str
    """The migration; empty if it is about all of them."""
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class RowLock:
    """A lock of a tool that is a row of a table. It stays after a crash."""

    take: RowChange
    """Changes no row, or violates a unique constraint, if the lock is taken."""
    release: RowChange
    holder: str
    """A query with one row if the lock is taken: who has it, and since when (text or NULL, each)."""
    way_out: str = ""
    """What to do about a lock that a crash has left, as a sentence: ``To release it, run: …``."""


class ToolWriter(Protocol):
    """How one tool keeps its history. An object without state."""

    @property
    def runs_late(self) -> bool:
        """Whether the tool applies a migration although a later one is applied."""

    @property
    def columns(self) -> Mapping[str, frozenset[str]]:
        """The columns of each table that is written, by `HistoryTable.key`.

        koonj writes no row into a table that has others.
        """

    @property
    def create(self) -> str | None:
        """The query that makes the tables as the tool does, if one is missing.

        None: the tool must be run first. It can have several statements. If ``{schema}`` is in its text, it
        makes the schema, too.
        """

    @property
    def settings(self) -> str | None:
        """The query with what the tool sets at the start of each migration; None if nothing.

        One statement. Its values are those of `HistoryPlace`: ``%(schema)s`` ….
        """

    @property
    def no_rollback(self) -> str:
        """Why koonj rolls no migration of this tool back, as a sentence; empty if it does."""

    def learn(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Mapping[str, str]:
        """Return what the rows depend on that only the history says, for `HistoryPlace.learned`."""

    def keys(self, place: HistoryPlace) -> tuple[int, ...]:
        """Return the keys of the tool's advisory locks, in the order in which they are taken."""

    def row_lock(self, place: HistoryPlace) -> RowLock | None:
        """Return the tool's lock that is a row; None if it has none."""

    def skips(self, migration: ToolMigration) -> bool:
        """Return whether the tool never runs a pending migration, and goes on with the next one."""

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Return why the tool would refuse this history, or why koonj cannot keep it as the tool would.

        `statuses`: of all migrations, in the tool's order.
        """

    def rollback_order(
        self, statuses: Sequence[MigrationStatus], history: ToolHistory
    ) -> Sequence[MigrationStatus]:
        """Return the applied migrations in the order in which the tool rolls them back.

        One without a file stops a rollback that comes to it. `statuses`: of all, in the tool's order.
        """

    def started(self, migration: ToolMigration, place: HistoryPlace) -> RowChange | None:
        """Return what the tool writes before a migration that runs outside a transaction; None if nothing."""

    def rollback_started(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange | None:
        """Return what the tool writes before a rollback that runs outside a transaction; None if nothing.

        `previous`: the migration before it in the tool's order.
        """

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return what the tool does to its history when the migration is applied."""

    def rolled_back(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange:
        """Return what the tool does to its history when the migration is rolled back.

        `previous`: the migration before it in the tool's order.
        """
