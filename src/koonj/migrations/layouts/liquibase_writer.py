"""The rows of Liquibase: one for each changeset, with its checksum, under a lock that is a row.

Source: Liquibase 4.28.0, StandardChangeLogHistoryService, MarkChangeSetRanGenerator, StandardLockService; it
took turns with koonj.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from koonj.migrations.layouts.liquibase_changeset import SCHEMA, runs_on_postgresql
from koonj.migrations.layouts.liquibase_paths import recorded_paths
from koonj.migrations.layouts.liquibase_states import (
    FORM,
    changeset_of,
    liquibase_rows,
    matched_rows,
)
from koonj.migrations.layouts.simple_writer import SimpleWriter
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, Refusal, RowChange, RowLock
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State

_LONGEST = 250
"""Characters of a comment that are recorded."""
_RELEASE = "If that run is gone, release it: liquibase release-locks."


class LiquibaseWriter(SimpleWriter):
    """The writer of Liquibase. It applies every changeset that has no row, also a late one."""

    runs_late = True
    columns: Mapping[str, frozenset[str]] = MappingProxyType(
        {
            "history": frozenset(
                {
                    *("id", "author", "filename", "dateexecuted", "orderexecuted", "exectype", "md5sum"),
                    *("description", "comments", "tag", "liquibase", "contexts", "labels", "deployment_id"),
                }
            ),
            "lock": frozenset({"id", "locked", "lockgranted", "lockedby"}),
        }
    )
    create = None
    """koonj would not know the path with which Liquibase is called, nor its version."""

    def learn(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Mapping[str, str]:
        """Return the recorded path of each changeset, by its version."""
        return recorded_paths(_migrations(statuses), history)

    def row_lock(self, place: HistoryPlace) -> RowLock | None:
        """Return the row of databasechangeloglock."""
        who = {"who": _process()}
        folder = "layouts/liquibase"
        return RowLock(
            take=RowChange(f"{folder}/take_lock", who),
            release=RowChange(f"{folder}/release_lock", who),
            holder=f"{folder}/lock_holder",
            way_out=_RELEASE,
        )

    def skips(self, migration: ToolMigration) -> bool:
        """Return whether the changeset is only for other databases (``dbms:h2``)."""
        return not runs_on_postgresql(changeset_of(migration))

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Return edited changesets, which Liquibase refuses, and what koonj cannot know."""
        migrations = _migrations(statuses)
        return (
            *(_edited(status) for status in statuses if status.state is State.EDITED),
            *_unknown(migrations, history),
        )

    def rollback_order(
        self, statuses: Sequence[MigrationStatus], history: ToolHistory
    ) -> Sequence[MigrationStatus]:
        """Return the applied changesets in the order of their rows, the newest first."""
        by_name = {status.name: status for status in statuses if status.applied}
        rows = liquibase_rows(history)
        of_row = matched_rows(_migrations(statuses), rows)
        names = dict.fromkeys(of_row[row].name for row in reversed(rows) if row in of_row)
        return [by_name[name] for name in names if name in by_name]

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the insert of the changeset; if it ran before, its row is replaced."""
        comment = changeset_of(migration).comment.strip()
        if len(comment) > _LONGEST:
            comment = comment[: _LONGEST - 3] + "..."
        values = {**_identity(migration, place), "md5sum": migration.checksum, "comments": comment}
        return RowChange("layouts/liquibase/insert", values)

    def rolled_back(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange:
        """Return the delete of the changeset."""
        return RowChange("layouts/liquibase/delete", _identity(migration, place))


def _migrations(statuses: Sequence[MigrationStatus]) -> list[ToolMigration]:
    return [status.migration for status in statuses if isinstance(status.migration, ToolMigration)]


def _identity(migration: ToolMigration, place: HistoryPlace) -> dict[str, str | None]:
    changeset = changeset_of(migration)
    path = place.learned.get(migration.version)  # none: the plan has a refusal
    return {"id": changeset.id, "author": changeset.author, "filename": path}


def _process() -> str:
    """Return user, host and number of this process, for those who wait for the lock."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"  # in a container, the uid can be without a name
    return f"koonj {user}@{socket.gethostname()} (process {os.getpid()})"[:255]


def _edited(status: MigrationStatus) -> Refusal:
    return Refusal(
        status.name,
        f"{status.name} was changed after it was applied: {status.note}. Liquibase runs nothing then.",
        "Undo the change, or add a line '--validCheckSum: any' below the marker of the changeset.",
    )


def _unknown(migrations: Sequence[ToolMigration], history: ToolHistory) -> list[Refusal]:
    """Return why koonj does not know what Liquibase would do or write."""
    named = next((one.detail(SCHEMA) for one in migrations if one.detail(SCHEMA)), None)
    if named is not None:
        return [Refusal("", _SCHEMA.format(named), "Run them with Liquibase.")]
    newest = next((row.checksum for row in reversed(liquibase_rows(history)) if row.checksum), None)
    if newest is None or not newest.startswith(FORM):
        return [Refusal("", _OLD, "Run Liquibase once, in version 4.22 or newer.")]
    paths, rows = recorded_paths(migrations, history), liquibase_rows(history)
    of_row = matched_rows(migrations, rows)
    included = list(dict.fromkeys(of_row[row].up.file for row in rows if row in of_row))
    files = dict.fromkeys(one.up.file for one in migrations if runs_on_postgresql(changeset_of(one)))
    if unknown := [file for file in files if file not in included] if included else []:
        return [Refusal("", _NOT_INCLUDED.format(unknown[0]), "Run Liquibase once for its first changeset.")]
    order = [one.up.file for one in migrations]
    if included != sorted(included, key=order.index):
        return [Refusal("", _OTHER_ORDER.format(", ".join(included)), "Run them with Liquibase.")]
    return [
        Refusal(
            one.name, _NO_PATH.format(one.up.file), "Run Liquibase once: koonj takes the path from its row."
        )
        for one in migrations
        if one.version not in paths
    ]


_NOT_INCLUDED = (
    "No changeset of {} has a row yet, so koonj does not know whether Liquibase includes the file, nor where."
)
_OTHER_ORDER = (
    "Liquibase has run the files in another order than koonj would: {}. Only a changelog that koonj does not "
    "read says the order."
)
_SCHEMA = "Liquibase's settings name the schema {}, and koonj does not set it for the changesets yet."
_OLD = "The newest row of Liquibase has no checksum of the form 9, and koonj cannot compute another one."
_NO_PATH = "koonj does not know with which path Liquibase is called for {}, and the path is part of its rows."

WRITER = LiquibaseWriter()
