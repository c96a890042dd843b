"""yoyo: ``id.sql`` with ``id.rollback.sql``, ordered by ``-- depends:``.

Source: yoyo 9.0.0, yoyo/migrations.py, topologicalsort.py and backends/base.py; histories that it wrote. A
file without rollback is rolled back by deleting its row. What the rollback's own comments say is not used.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Sequence
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.tool_history import INTEGER, TEXT, TIME, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import Part, Runs, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_error, tool_warning
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.layouts.yoyo_order import in_order
from koonj.migrations.layouts.yoyo_settings import YoyoSettings, yoyo_settings
from koonj.migrations.layouts.yoyo_text import Directives, has_directive, python_directives, sql_directives
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.names import number_of
from koonj.migrations.states import State
from koonj.sql.problem import Problem

_TOOL = "yoyo"
_ROLLBACK = ".rollback.sql"
_HOOK, _UNFINISHED = "post-apply", "_tmp_yoyonew"
_MADE = re.compile(r"([0-9]{8})_([0-9]{2})_[a-zA-Z0-9]{5}(?:-(.*))?")
"""An id that ``yoyo new`` has made: the day, a number, five random characters, words."""
_NUMBERED = re.compile(r"[0-9]+[-._]+(.+)")


class Yoyo:
    """The layout of yoyo. The version is the id: the name of the file without ``.sql`` or ``.py``."""

    name = _TOOL
    record = Record.ROW

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by a yoyo.ini that names it, by ``-- depends:``, or by ``*.rollback.sql``."""
        ids = _files(listing)
        settings = _settings(listing)
        if ids and settings is not None and settings.has_source(listing.path.name):
            return Evidence(Strength.TOOL_FILE, f"{listing.shown} with yoyo.ini")
        files = [name for name in ids.values() if name.endswith(".sql")]
        if any(has_directive(listing.text(name)) for name in files):
            return Evidence(Strength.MARKER, f"{listing.shown}/*.sql with '-- depends:'")
        if any(name.removesuffix(".sql") + _ROLLBACK in listing.top for name in files):
            return Evidence(Strength.SHAPE, f"{listing.shown}/*.sql with *.rollback.sql")
        return None

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read the files in the order of their dependencies. Those in Python are shown without statements."""
        found: dict[str, tuple[str, bytes, Directives]] = {}
        problems: list[tuple[str, Problem]] = []
        files = _files(listing)
        for name, file in files.items():
            try:
                raw = listing.raw(file)
            except FileRefused as unread:
                problems.append((file, unread.problem))
                continue
            found[name] = file, raw, _directives(file, raw)
        order, circular = in_order({name: told.depends for name, (_, _, told) in found.items()})
        migrations: list[ToolMigration] = []
        for name in order:
            file, raw, told = found[name]
            unknown = sorted(told.depends - files.keys())
            refused = _refused(told, unknown, is_circular=name in circular, is_python=file.endswith(".py"))
            try:
                migrations.append(_migration(listing, name, Part(file, raw), told, refused))
            except FileRefused as unread:
                problems.append((name + _ROLLBACK, unread.problem))
        for name in listing.top:
            if name.startswith(_HOOK) and name.endswith((".sql", ".py")) and not name.endswith(_ROLLBACK):
                problems.append((name, _IS_HOOK))
            elif name.endswith(".sql") and files.get(name.removesuffix(".sql"), name) != name:
                problems.append((name, _same_id(name)))
        return ToolFiles(tuple(migrations), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the table of yoyo 6 or newer, the one of older versions, and the tables beside it."""
        settings = _settings(listing) or YoyoSettings()
        return (
            HistoryTable("history", settings.table, _COLUMNS, "layouts/yoyo/history"),
            HistoryTable("history", settings.table, _OLD_COLUMNS, "layouts/yoyo/history_before_6"),
            HistoryTable("lock", "yoyo_lock", _LOCK_COLUMNS, "layouts/yoyo/lock"),
            HistoryTable("version", "_yoyo_version", _VERSION_COLUMNS, "layouts/yoyo/version"),
            HistoryTable("log", "_yoyo_log", _LOG_COLUMNS, "layouts/yoyo/log"),
        )

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states. The history has the hash of the id, so an edited text is not seen."""
        ids = {yoyo_hash(one.version): one.version for one in migrations}
        applied = (ids.get(hash_) or id_ or hash_ for hash_, id_ in history.of("history"))
        rows = {str(version): AppliedRow() for version in applied}
        for pid, since in history.of("lock"):
            first = next((one.version for one in migrations if one.version not in rows), None)
            if first is not None:
                rows[first] = AppliedRow(State.PENDING, _LOCKED.format(pid, since))
        places = {one.version: (place, "") for place, one in enumerate(migrations)}
        names = sorted(places)
        return states_by_version(
            migrations, rows, key=lambda id_: places.get(id_) or (bisect_left(names, id_) - 1, id_)
        )


_COLUMNS = MappingProxyType({"migration_hash": TEXT, "migration_id": TEXT, "applied_at_utc": TIME})
_OLD_COLUMNS = MappingProxyType({"id": TEXT, "ctime": TIME})
_LOCK_COLUMNS = MappingProxyType({"locked": INTEGER, "ctime": TIME, "pid": INTEGER})
_VERSION_COLUMNS = MappingProxyType({"version": INTEGER})
_LOG_COLUMNS = MappingProxyType({"migration_hash": TEXT, "operation": TEXT, "created_at_utc": TIME})
_LOCKED = (
    "process {} has the lock of yoyo since {} UTC: it runs, or it was stopped; then this migration can be "
    "applied without a record"
)


def yoyo_hash(migration_id: str) -> str:
    """Return what yoyo stores for a migration: the SHA-256 of its id, 64 hexadecimal digits."""
    return hashlib.sha256(migration_id.encode()).hexdigest()


def depends_of(migration: ToolMigration) -> frozenset[str]:
    """Return the ids of the migrations that it depends on, as its file says."""
    return _directives(migration.up.file, migration.raw).depends


def _directives(file: str, raw: bytes) -> Directives:
    text = raw.decode("utf-8", "replace")
    return python_directives(text) if file.endswith(".py") else sql_directives(text)


def _settings(listing: FolderListing) -> YoyoSettings | None:
    text = listing.configuration("yoyo.ini")
    return None if text is None else yoyo_settings(text)


def _files(listing: FolderListing) -> dict[str, str]:
    """Return the files by id, sorted by name. If two have the same id, the first is returned."""
    found: dict[str, str] = {}
    for name in listing.top:
        stem, dot, suffix = name.rpartition(".")
        is_other = name.endswith(_ROLLBACK) or name.startswith((_HOOK, _UNFINISHED))
        if dot and stem and suffix in {"sql", "py"} and not is_other:
            found.setdefault(stem, name)
    return found


def _migration(
    listing: FolderListing, name: str, up: Part, told: Directives, refused: tuple[Problem, ...]
) -> ToolMigration:
    """Return the migration of one file. Raises: FileRefused."""
    runs = Runs.STATEMENTS if told.transactional == "false" else Runs.TRANSACTION
    down = None
    if up.file.endswith(".py"):
        up = Part(up.file, up.raw, len(up.text))  # no statements: it is not SQL
    else:
        up = Part(up.file, up.raw, runs=runs)
        if name + _ROLLBACK in listing.top:
            down = Part(name + _ROLLBACK, listing.raw(name + _ROLLBACK), runs=runs)
    made, numbered = _MADE.fullmatch(name), _NUMBERED.fullmatch(name)
    words = (made[3] or "") if made else numbered[1] if numbered else name
    return tool_migration(
        tool=_TOOL,
        name=up.file,
        version=name,
        number=int(made[1] + made[2]) if made else number_of(name),
        folder=listing.places,
        up=up,
        down=down,
        words=" ".join(re.split(r"[-._\s]+", words)).strip(),
        refused=refused,
    )


def _refused(
    told: Directives, unknown: Sequence[str], *, is_circular: bool, is_python: bool
) -> tuple[Problem, ...]:
    problems = []
    if is_python:
        problems.append(tool_error("koonj cannot run it: it is written in Python.", "Run it with yoyo."))
    if told.transactional not in {"true", "false"}:
        message = f"'-- transactional: {told.transactional}' is not true or false, so yoyo stops at it."
        problems.append(tool_error(message, "Write true or false, without anything after it."))
    if unknown:
        message = (
            f"It depends on {', '.join(unknown)}, which is not in the folder, so yoyo refuses all files."
        )
        problems.append(
            tool_error(message, "Add that file, or correct the name. Other sources are not read.")
        )
    if is_circular:
        message = "Its dependencies lead back to itself, so yoyo refuses all files."
        problems.append(tool_error(message, "Remove one of the '-- depends:' of the circle."))
    return tuple(problems)


def _same_id(name: str) -> Problem:
    return tool_warning(
        f"{name.removesuffix('.sql')}.py has the same id, so yoyo refuses all files.",
        "Rename one of them.",
    )


_IS_HOOK = tool_warning(
    "It is no migration: yoyo runs it after each apply. koonj does not run it.",
    "A rehearsal does not have what it changes.",
)

LAYOUT = Yoyo()
