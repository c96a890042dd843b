"""Why koonj does not deploy or revert a change of sqitch: sqitch would refuse it, or do something else.

Source: sqitch 1.3.1, App::Sqitch::Engine (_sync_plan, check_deploy_dependencies) and
Role::DBIEngine (register_project).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.migrations.layouts.sqitch_migration import SqitchMigration
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_writer import Refusal
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State

_RELEASE = "1.1"
"""The form of the registry that sqitch 1.0 and newer make."""


def sqitch_refusals(statuses: Sequence[MigrationStatus], history: ToolHistory) -> Iterator[Refusal]:
    """Yield the reasons. `statuses`: in the order of the plan."""
    migrations = [s.migration for s in statuses if isinstance(s.migration, SqitchMigration)]
    if not migrations:
        return
    yield from _of_registry(migrations[0], history)
    yield from _of_order(statuses, migrations, history)
    applied = {
        s.migration.version for s in statuses if s.applied and isinstance(s.migration, SqitchMigration)
    }
    for migration in migrations:
        if migration.version not in applied:
            yield from _of_dependencies(migration, migrations, applied)


def _of_registry(first: SqitchMigration, history: ToolHistory) -> Iterator[Refusal]:
    release = next((str(version) for (version,) in history.of("releases")), None)
    if history.has("changes") and release != _RELEASE:
        found = "has no version" if release is None else f"has version {release}"
        message = f"The registry {found}, and koonj keeps registries of version {_RELEASE}."
        yield Refusal("", message, "Run: sqitch upgrade")
    for project, uri in history.of("projects"):
        if project == first.project and (uri or "") != first.uri:
            message = (
                f"The registry has the project {project} with the URI {uri or 'NULL'}, and the plan has "
                f"{first.uri or 'none'}. Then sqitch refuses to deploy."
            )
            yield Refusal("", message, "Correct %uri in the plan.")
        elif project != first.project and uri and uri == first.uri:
            message = f"The project {project} has the URI {uri} already, so sqitch refuses this plan."
            yield Refusal("", message, "Give the plan another %uri.")


def _of_order(
    statuses: Sequence[MigrationStatus], migrations: Sequence[SqitchMigration], history: ToolHistory
) -> Iterator[Refusal]:
    """Yield changes that the plan does not have, or that were deployed in another order."""
    for status in statuses:
        if status.state is State.MISSING:
            message = f"sqitch has deployed {status.name}, and the plan has no change with its id."
            yield Refusal(status.name, message, "Restore its line in the plan, as it was.")
    places = {one.change.id: place for place, one in enumerate(migrations)}
    deployed = [id_ for id_, *_ in history.of("changes") if id_ in places]
    newest = max(deployed, key=places.__getitem__, default=None)
    if newest is not None and newest != deployed[-1]:
        after, before = (migrations[places[one]].name for one in (newest, deployed[-1]))
        message = (
            f"{before} was deployed after {after}, which comes later in the plan. sqitch goes on after the "
            "change that was deployed last."
        )
        yield Refusal(before, message, "Order the plan as the changes were deployed.")


def _of_dependencies(
    migration: SqitchMigration, migrations: Sequence[SqitchMigration], applied: set[str]
) -> Iterator[Refusal]:
    """Yield what stands in the way of deploying a change."""
    change = migration.change
    for one in (*change.requires, *change.conflicts):
        if one.id is None and one.written not in change.unknown:
            message = f"It names {one.written}, which is not in this plan. koonj reads no other plan."
            yield Refusal(migration.name, message, "Deploy it with sqitch.")
    before = applied | {other.version for other in migrations[: migrations.index(migration)]}
    for one in change.conflicts:
        if f"{migration.project}:{one.id}" in before:
            message = f"It is in conflict with {one.written}, which is deployed before it."
            yield Refusal(migration.name, message, "sqitch refuses to deploy it. Revert the other one first.")
