"""A migration of sqitch: its scripts, and what the plan says about the change."""

from __future__ import annotations

from dataclasses import dataclass, fields

from koonj.migrations.layouts.sqitch_change import Change
from koonj.migrations.layouts.sqitch_committer import Committer
from koonj.migrations.layouts.tool_migration import ToolMigration


@dataclass(frozen=True, kw_only=True)
class SqitchMigration(ToolMigration):
    """A migration with what sqitch records of it."""

    project: str
    uri: str
    """Of the project; empty if it has none."""
    change: Change
    previous: Change | None
    """The change before it in the plan."""
    committer: Committer
    """Who deploys it, as far as the sqitch.conf of the project says it."""


def sqitch_migration(
    migration: ToolMigration,
    project: str,
    uri: str,
    change: Change,
    previous: Change | None,
    committer: Committer,
) -> SqitchMigration:
    """Return a migration with what the plan says about it."""
    values = {field.name: getattr(migration, field.name) for field in fields(ToolMigration) if field.init}
    return SqitchMigration(
        **values, project=project, uri=uri, change=change, previous=previous, committer=committer
    )
