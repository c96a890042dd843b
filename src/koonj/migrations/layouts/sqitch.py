"""sqitch: a plan, and for each of its changes a script that deploys it and one that reverts it.

Source: sqitch 1.3.1, App::Sqitch::Plan, Plan::Change, Engine and Engine::pg; histories that it wrote. psql
runs each script, without a transaction of its own. The scripts that verify are not shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.psql_variables import psql_variable
from koonj.migrations.layouts.sqitch_change import Change
from koonj.migrations.layouts.sqitch_committer import Committer
from koonj.migrations.layouts.sqitch_migration import sqitch_migration
from koonj.migrations.layouts.sqitch_plan import PlanError, read_plan
from koonj.migrations.layouts.sqitch_settings import SqitchSettings, sqitch_settings
from koonj.migrations.layouts.tool_history import TEXT, TIME, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import Part, Runs, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_error, tool_warning
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.sql.problem import Problem

_TOOL = "sqitch"
_CHANGES = MappingProxyType(
    {"change_id": TEXT, "script_hash": TEXT, "change": TEXT, "project": TEXT, "committed_at": TIME}
)
_EVENTS = MappingProxyType({"event": TEXT, "change_id": TEXT, "project": TEXT, "committed_at": TIME})
_TABLES = MappingProxyType(
    {
        "changes": _CHANGES,
        "events": _EVENTS,
        "tags": MappingProxyType({"tag_id": TEXT, "tag": TEXT, "project": TEXT, "change_id": TEXT}),
        "dependencies": MappingProxyType(
            {"change_id": TEXT, "type": TEXT, "dependency": TEXT, "dependency_id": TEXT}
        ),
        "projects": MappingProxyType({"project": TEXT, "uri": TEXT}),
        "releases": MappingProxyType({"version": frozenset({"float4"})}),
    }
)


class Sqitch:
    """The layout of sqitch. The version is ``project:change_id``, because projects share the tables."""

    name = _TOOL
    record = Record.ROW

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by its plan."""
        plan = _plan_file(listing, _settings(listing))
        is_plan = plan in listing.top and "%project" in listing.text(plan)
        shown = plan if listing.shown in {"", "."} else f"{listing.shown}/{plan}"
        return Evidence(Strength.TOOL_FILE, shown) if is_plan else None

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read the scripts in the order of the plan. If sqitch refuses the plan, nothing is read."""
        settings = _settings(listing)
        plan_file = _plan_file(listing, settings)
        try:
            plan = read_plan(listing.raw(plan_file).decode("utf-8", "replace"))
        except FileRefused as refused:
            return ToolFiles((), ((plan_file, refused.problem),))
        except PlanError as error:
            return ToolFiles((), ((plan_file, _broken_plan(error)),))
        migrations: list[ToolMigration] = []
        problems: list[tuple[str, Problem]] = []
        committer = Committer(settings.user_name, settings.user_mail)
        previous: Change | None = None
        for number, change in enumerate(plan.changes, 1):
            try:
                found = _migration(listing, settings, plan.project, change, number)
                migrations.append(
                    sqitch_migration(found, plan.project, plan.uri, change, previous, committer)
                )
            except FileRefused as refused:
                problems.append((change.name, refused.problem))
            previous = change
        return ToolFiles(tuple(migrations), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the tables of the registry. The first two say what is deployed, and what happened."""
        schema = _settings(listing).registry
        return tuple(
            HistoryTable(name, name, columns, f"layouts/sqitch/{name}", schema)
            for name, columns in _TABLES.items()
        )

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states. Edited: the script has another SHA-1; failed: so says the newest event of it.

        sqitch deploys what comes after the newest change, so a change before it without a row never runs.
        """
        project = migrations[0].version.partition(":")[0] if migrations else None
        files = {one.version: one for one in migrations}
        places = {one.version: (place, 0) for place, one in enumerate(migrations)}
        names = {one.name for one in migrations}
        rows: dict[str, AppliedRow] = {}
        last = -1
        for change_id, script_hash, name, of_project in history.of("changes"):
            if of_project != project:
                continue
            version = f"{project}:{change_id}"
            if version in files:
                last = max(last, places[version][0])
                rows[version] = _row(files[version], script_hash)
            else:
                places[version] = (last, len(rows) + 1)
                shown = f"{name} ({change_id[:8]})" if name in names else str(name)
                rows[version] = AppliedRow(note="the plan has no change with this id", name=shown)
        failed = {f"{project}:{change_id}" for (change_id,) in history.of("events")}
        for version in files.keys() - rows.keys():
            if version in failed:
                rows[version] = AppliedRow(State.FAILED, "its last deploy failed; sqitch deploys it again")
            elif places[version][0] < last:
                rows[version] = AppliedRow(State.PENDING, "sqitch never deploys it")
        return states_by_version(migrations, rows, key=places.__getitem__)


def _row(migration: ToolMigration, script_hash: str | None) -> AppliedRow:
    """Return what a row says. Old registries have no hash, or the id of the change in its place."""
    is_same = script_hash in {None, migration.version.rpartition(":")[2], script_sha1(migration.raw)}
    return AppliedRow() if is_same else AppliedRow(State.EDITED, "the script has another hash")


def script_sha1(raw: bytes) -> str:
    """Return what sqitch stores of a script that deploys: the SHA-1 of its bytes."""
    return hashlib.sha1(raw, usedforsecurity=False).hexdigest()


def _settings(listing: FolderListing) -> SqitchSettings:
    return sqitch_settings(listing.configuration("sqitch.conf") or "")


def _plan_file(listing: FolderListing, settings: SqitchSettings) -> str:
    """Return the name of the plan in the folder: as the configuration says, or sqitch's own."""
    name = settings.plan.rpartition("/")[2]
    return name if name in listing.top else "sqitch.plan"


def _folder(listing: FolderListing, written: str) -> str:
    """Return the path of a folder of scripts in this one, which can lie below that of sqitch.conf."""
    parts = written.split("/")
    for first in range(len(parts)):
        below = "/".join(parts[first:])
        if any(name.startswith(f"{below}/") for name in listing.names):
            return below
    return parts[-1]


def _migration(
    listing: FolderListing, settings: SqitchSettings, project: str, change: Change, number: int
) -> ToolMigration:
    """Return the migration of one change. Raises: FileRefused."""
    deploy, revert = _folder(listing, settings.deploy), _folder(listing, settings.revert)
    stems = [f"{change.name}@{tag}" for tag in change.reworked_at] or [change.name]
    ends = [f"{stem}.{settings.extension}" for stem in stems]
    end = next((one for one in ends if f"{deploy}/{one}" in listing.names), ends[0])
    up = Part(f"{deploy}/{end}", listing.raw(f"{deploy}/{end}"), runs=Runs.STATEMENTS)
    down = None
    if f"{revert}/{end}" in listing.names:
        down = Part(f"{revert}/{end}", listing.raw(f"{revert}/{end}"), runs=Runs.STATEMENTS)
    return tool_migration(
        tool=_TOOL,
        name=end.removesuffix(f".{settings.extension}"),
        version=f"{project}:{change.id}",
        number=number,
        folder=listing.places,
        up=up,
        down=down,
        words=" ".join(change.planned.note.split()),
        refused=_refused(change, up, down, is_there=up.file in listing.names),
    )


def _refused(change: Change, up: Part, down: Part | None, *, is_there: bool) -> tuple[Problem, ...]:
    problems = []
    if not is_there:
        problems.append(tool_error(f"{up.file} is missing, so sqitch cannot deploy it.", "Restore the file."))
    if change.unknown:
        message = f"It requires {', '.join(change.unknown)}, which is not before it in the plan."
        problems.append(tool_error(message, "sqitch refuses the plan. Move or rename one of them."))
    for part in (up,) if down is None else (up, down):
        variable = psql_variable(part.text)
        if variable is not None:
            message = f"koonj cannot run it: psql replaces {variable.written} by the value of a variable."
            problems.append(tool_error(f"{message} ({part.file}:{variable.line})", "Run it with sqitch."))
    return tuple(problems)


def _broken_plan(error: PlanError) -> Problem:
    message = f"The plan {error}, so sqitch refuses it."
    return tool_warning(message, "Correct the line.", error.line, 1)


LAYOUT = Sqitch()
