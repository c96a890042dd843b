"""The rows of the Supabase CLI: one for each version, with the statements that were sent.

Source: supabase/cli 1d1e719, pkg/migration (file.go, apply.go, history.go); supabase 2.117.0, which took
turns with koonj.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from koonj.migrations.layouts.simple_writer import ForwardWriter
from koonj.migrations.layouts.supabase_statements import is_split_as_by_postgres, supabase_statements
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, Refusal, RowChange
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State

_ESCAPED = str.maketrans({'"': '\\"', "\\": "\\\\"})


class SupabaseWriter(ForwardWriter):
    """The writer of the Supabase CLI. It takes no lock, and refuses late migrations unless it is told to."""

    runs_late = False
    columns: Mapping[str, frozenset[str]] = MappingProxyType(
        {"history": frozenset({"version", "statements", "name", "created_by", "idempotency_key"})}
    )
    create = "layouts/supabase/create"

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Refuse a version without a file, and a file that the tool would split where PostgreSQL does not."""
        return list(_refusals(statuses))

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the insert of the row."""
        name = migration.name.removesuffix(".sql").partition("_")[2]
        statements = _array(supabase_statements(migration.text))
        values = {"version": migration.version, "name": name, "statements": statements}
        return RowChange("layouts/supabase/insert", values)


def _refusals(statuses: Iterable[MigrationStatus]) -> Iterator[Refusal]:
    for status in statuses:
        migration = status.migration
        if status.state is State.MISSING:
            yield Refusal(
                status.name,
                f"{status.name} is in the history, and no file has its version. supabase refuses that.",
                "Restore the file: supabase migration fetch. Or remove the row: "
                f"supabase migration repair --status reverted {status.number}",
            )
        elif status.state is State.PENDING and isinstance(migration, ToolMigration):
            if migration.text.startswith("\ufeff"):
                yield Refusal(
                    status.name,
                    f"{status.name} starts with a byte order mark, which supabase sends as text.",
                    "Save the file without it.",
                )
            elif not is_split_as_by_postgres(migration.text, migration.sections.body):
                yield Refusal(
                    status.name,
                    f"{status.name}: supabase ends a statement where PostgreSQL does not, so koonj cannot "
                    "record the statements as it would.",
                    "Run it with supabase db push.",
                )


def _array(texts: Iterable[str]) -> str:
    """Return an array as PostgreSQL reads it."""
    return "{" + ",".join(f'"{text.translate(_ESCAPED)}"' for text in texts) + "}"


WRITER = SupabaseWriter()
