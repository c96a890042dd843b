"""The rows of sqitch: changes with their tags and dependencies, and an event for all that was done.

Source: sqitch 1.3.1, App::Sqitch::Engine, Engine::pg and Role::DBIEngine; it took turns with koonj.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from koonj.migrations.layouts.simple_writer import SimpleWriter
from koonj.migrations.layouts.sqitch import script_sha1
from koonj.migrations.layouts.sqitch_change import Change
from koonj.migrations.layouts.sqitch_committer import committer
from koonj.migrations.layouts.sqitch_migration import SqitchMigration
from koonj.migrations.layouts.sqitch_refusals import sqitch_refusals
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, Refusal, RowChange
from koonj.migrations.migration_status import MigrationStatus

_KEY = 75474063
_WHO = "note committed_at committer_name committer_email planned_at planner_name planner_email"
_COLUMNS = MappingProxyType(
    {
        "changes": f"change_id script_hash change project {_WHO}",
        "events": f"event change_id change project requires conflicts tags {_WHO}",
        "tags": f"tag_id tag project change_id {_WHO}",
        "dependencies": "change_id type dependency dependency_id",
        "projects": "project uri created_at creator_name creator_email",
    }
)


class SqitchWriter(SimpleWriter):
    """The writer of sqitch. It needs a registry, which sqitch makes."""

    runs_late = False
    columns: Mapping[str, frozenset[str]] = MappingProxyType(
        {key: frozenset(names.split()) for key, names in _COLUMNS.items()}
    )
    create = None

    @property
    def settings(self) -> str | None:
        """The lock on the table of changes, which sqitch takes at the start of each transaction."""
        return "layouts/sqitch/lock"

    def keys(self, place: HistoryPlace) -> tuple[int, ...]:
        """Return the key of all registries of the database."""
        return (_KEY,)

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Return why sqitch would refuse to deploy, or would do something else."""
        return tuple(sqitch_refusals(statuses, history))

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the inserts of the change, its dependencies, its tags and its event."""
        assert isinstance(migration, SqitchMigration)
        return RowChange("layouts/sqitch/deploy", dict(_values(migration)))

    def rolled_back(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange:
        """Return the deletes of the change and of its tags, and the insert of its event."""
        assert isinstance(migration, SqitchMigration)
        who = committer(migration.committer)
        values = {"id": migration.change.id, "name": who.name, "mail": who.mail}
        return RowChange("layouts/sqitch/revert", values)


def _values(migration: SqitchMigration) -> Iterator[tuple[str, str | None]]:
    change, who = migration.change, committer(migration.committer)
    yield from (("name", who.name), ("mail", who.mail))
    yield from (("project", migration.project), ("uri", migration.uri or None))
    yield from (("id", change.id), ("change", change.name), ("note", change.planned.note))
    yield "script_hash", script_sha1(migration.raw)
    yield from (("planned_at", change.planned.date), ("planner", change.planned.name))
    yield "planner_mail", change.planned.mail
    needed = (*change.requires, *change.conflicts)
    types = ["require"] * len(change.requires) + ["conflict"] * len(change.conflicts)
    yield "types", text_array(types)
    yield "dependencies", text_array(one.written for one in needed)
    yield "dependency_ids", text_array([one.id for one in change.requires] + [None] * len(change.conflicts))
    yield "requires", text_array(one.written for one in change.requires)
    yield "conflicts", text_array(one.written for one in change.conflicts)
    yield "own_tags", text_array(f"@{tag.name}" for tag in change.tags)
    yield from _tags([one for one in (migration.previous, change) if one is not None])


def _tags(changes: Sequence[Change]) -> Iterator[tuple[str, str]]:
    """Yield the tags of changes, as arrays of the same length."""
    tags = [(change, tag) for change in changes for tag in change.tags]
    yield "tag_ids", text_array(tag.id for _, tag in tags)
    yield "tags", text_array(f"@{tag.name}" for _, tag in tags)
    yield "tag_changes", text_array(change.id for change, _ in tags)
    yield "tag_notes", text_array(tag.planned.note for _, tag in tags)
    yield "tag_dates", text_array(tag.planned.date for _, tag in tags)
    yield "tag_planners", text_array(tag.planned.name for _, tag in tags)
    yield "tag_mails", text_array(tag.planned.mail for _, tag in tags)


def text_array(values: Iterable[str | None]) -> str:
    """Return an array in its text form.

    Source: PostgreSQL documentation, 8.15.6 Array Input and Output Syntax.
    """
    quoted = (
        "NULL" if one is None else '"' + one.replace("\\", "\\\\").replace('"', '\\"') + '"' for one in values
    )
    return "{" + ",".join(quoted) + "}"


WRITER = SqitchWriter()
