"""The rows of yoyo: one for each applied migration, and a log of all that was done.

Source: yoyo 9.0.0, yoyo/backends/base.py and yoyo/internalmigrations; it took turns with koonj.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from koonj.migrations.layouts.simple_writer import SimpleWriter
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, Refusal, RowChange, RowLock
from koonj.migrations.layouts.yoyo import depends_of, yoyo_hash
from koonj.migrations.layouts.yoyo_order import in_order
from koonj.migrations.migration_status import MigrationStatus

_FORM = 2
"""The form of the tables that yoyo 6 to 9 read and write."""
_LOG = "id migration_hash migration_id operation username hostname comment created_at_utc"


class YoyoWriter(SimpleWriter):
    """The writer of yoyo. Its lock is a row, which stays after a crash."""

    runs_late = True
    columns: Mapping[str, frozenset[str]] = MappingProxyType(
        {
            "history": frozenset({"migration_hash", "migration_id", "applied_at_utc"}),
            "log": frozenset(_LOG.split()),
            "version": frozenset({"version", "installed_at_utc"}),
            "lock": frozenset({"locked", "ctime", "pid"}),
        }
    )
    create = "layouts/yoyo/create"

    def row_lock(self, place: HistoryPlace) -> RowLock:
        """Return the row with this process."""
        values = {"pid": str(os.getpid())}
        return RowLock(
            RowChange("layouts/yoyo/take_lock", values),
            RowChange("layouts/yoyo/release_lock", values),
            "layouts/yoyo/lock_holder",
            "If it does not run any more, run: yoyo break-lock",
        )

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Return why the tables are not those of this yoyo, or where it would take another order."""
        return tuple(_refusals(statuses, history))

    def rollback_order(
        self, statuses: Sequence[MigrationStatus], history: ToolHistory
    ) -> Sequence[MigrationStatus]:
        """Return the reverse of the order that yoyo gives to those that are applied and have a file."""
        order = [one.name for one in reversed(_of_yoyo(_migrations(statuses, applied=True)))]
        known = {status.name: status for status in statuses}
        return [known[name] for name in order]

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the insert of the row, and of one in the log."""
        return _change("layouts/yoyo/insert", migration)

    def rolled_back(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange:
        """Return the delete of the row, and the insert of one in the log."""
        return _change("layouts/yoyo/delete", migration)


def _change(query: str, migration: ToolMigration) -> RowChange:
    values = {
        "hash": yoyo_hash(migration.version),
        "id": migration.version,
        "user": getpass.getuser(),
        "host": socket.getfqdn(),
    }
    return RowChange(query, values)


def _refusals(statuses: Sequence[MigrationStatus], history: ToolHistory) -> Iterator[Refusal]:
    if history.has("history") and history.of("version") != ((_FORM,),):
        made = "a version that koonj does not know" if history.has("version") else "a version before 6"
        yield Refusal(
            "",
            f"yoyo of {made} has made the tables. koonj keeps those of yoyo 6 to 9.",
            "Run yoyo 9 once: it changes its tables.",
        )
    places = {key: place[0] for key, place in history.tables.items()}
    if len(set(places.values())) > 1:
        found = ", ".join(sorted(history.places.values()))
        message = f"The tables of yoyo are in several schemas ({found}). yoyo uses those of the current one."
        yield Refusal(
            "", message, "Run yoyo once with this connection: it makes the tables that are missing."
        )
    order = _migrations(statuses, applied=False)
    for koonj, yoyo in zip(order, _of_yoyo(order), strict=True):
        if koonj is not yoyo:
            message = (
                f"'yoyo apply' would take {yoyo.name} before {koonj.name}: it sorts only those that are not "
                "applied. koonj keeps the order of the folder."
            )
            yield Refusal(yoyo.name, message, "Run: yoyo apply")
            break


def _migrations(statuses: Sequence[MigrationStatus], *, applied: bool) -> list[ToolMigration]:
    return [s.migration for s in statuses if s.applied is applied and isinstance(s.migration, ToolMigration)]


def _of_yoyo(migrations: Sequence[ToolMigration]) -> Sequence[ToolMigration]:
    """Return migrations as yoyo sorts them if there are no others."""
    by_id = {one.version: one for one in sorted(migrations, key=lambda one: one.up.file)}
    order, _ = in_order({id_: depends_of(one) for id_, one in by_id.items()})
    return [by_id[id_] for id_ in order]


WRITER = YoyoWriter()
