"""The answers of most tools: no lock, nothing but rows of applied migrations, nothing to refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, Refusal, RowChange, RowLock
from koonj.migrations.migration_status import MigrationStatus


class SimpleWriter:
    """What a `ToolWriter` inherits if its tool has nothing of it."""

    @property
    def settings(self) -> str | None:
        """None: the tool sets nothing."""
        return None

    @property
    def no_rollback(self) -> str:
        """Empty: koonj rolls back what has a rollback."""
        return ""

    def learn(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Mapping[str, str]:
        """Return nothing: the rows depend on the migration only."""
        return {}

    def keys(self, place: HistoryPlace) -> tuple[int, ...]:
        """Return none: the tool takes no advisory lock."""
        return ()

    def row_lock(self, place: HistoryPlace) -> RowLock | None:
        """Return none: the tool has no lock that is a row."""
        return None

    def skips(self, migration: ToolMigration) -> bool:
        """Return False: the tool runs everything that is pending."""
        return False

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Return none: the tool refuses no history."""
        return ()

    def rollback_order(
        self, statuses: Sequence[MigrationStatus], history: ToolHistory
    ) -> Sequence[MigrationStatus]:
        """Return the applied ones that have a file, from the last to the first."""
        return [status for status in reversed(statuses) if status.migration and status.applied]

    def started(self, migration: ToolMigration, place: HistoryPlace) -> RowChange | None:
        """Return none: the tool writes nothing before a migration."""
        return None

    def rollback_started(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange | None:
        """Return none: the tool writes nothing before a rollback."""
        return None


class ForwardWriter(SimpleWriter):
    """What the writer of a tool without rollbacks inherits."""

    def rolled_back(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange:
        """Never called: a migration without a rollback is refused before."""
        raise NotImplementedError
