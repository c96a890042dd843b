"""sql-migrate: one file for each migration, with ``-- +migrate Up`` and ``-- +migrate Down``.

Source: sql-migrate 563a2f0, migrate.go and sql-migrate/config.go; histories of its release 2019-12.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.line_messages import how_it_runs
from koonj.migrations.layouts.sql_migrate_text import Section, read_sql_migrate_text
from koonj.migrations.layouts.table_name import table_name
from koonj.migrations.layouts.tool_history import TEXT, TIME, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import Part, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_warning
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.names import number_of
from koonj.sql.problem import Problem

_UP = re.compile(r"^-- \+migrate [ \t]*Up(?!\S)", re.MULTILINE)
_NUMBER = re.compile(r"[0-9]+")
_LARGEST = 2**63 - 1
_FILE = "dbconfig.yml"
_ENVIRONMENT = "development"
"""The section of dbconfig.yml that sql-migrate reads if no option names another one."""
_SECTION = re.compile(r"""(['"]?)([\w.-]+)\1[ \t]*:[ \t]*(?:[#&].*)?""")
_SETTING = re.compile(
    r"""[ \t]+(['"]?)([\w-]+)\1[ \t]*:[ \t]+(?:"([^"]*)"|'([^']*)'|([^#'"\s][^#]*?))[ \t]*(?:#.*)?"""
)
_COLUMNS = MappingProxyType({"id": TEXT, "applied_at": TIME})


class SqlMigrate:
    """The layout of sql-migrate. The version is the name of the file, with ``.sql``."""

    name = "sql-migrate"
    record = Record.ROW

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by the marker in a file; dbconfig.yml makes it sure."""
        files = [name for name in listing.top if name.endswith(".sql")]
        is_marked = any(_UP.search(listing.text(name)) for name in files)
        if (is_marked or not files) and _settings(listing):
            return Evidence(Strength.TOOL_FILE, _FILE)
        words = f"{listing.shown}/*.sql with '-- +migrate Up'"
        return Evidence(Strength.MARKER, words) if is_marked else None

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read all .sql files of the folder itself: first those with a number, by number."""
        migrations: list[ToolMigration] = []
        problems: list[tuple[str, Problem]] = []
        for name in sorted((name for name in listing.top if name.endswith(".sql")), key=_key):
            if _key(name)[1] > _LARGEST:
                problems.append((name, _TOO_LARGE))
                continue
            try:
                migrations.append(_migration(listing, name))
            except FileRefused as refused:
                problems.append((name, refused.problem))
        return ToolFiles(tuple(migrations), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the one table: gorp_migrations, or the one that dbconfig.yml names."""
        settings = _settings(listing)
        name = settings.get("table") or "gorp_migrations"
        found = table_name(settings.get("schema", ""))
        schema = found[1] if found else None
        return (HistoryTable("history", name, _COLUMNS, "layouts/sql_migrate/history", schema),)

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states: a file is applied if its name has a row. sql-migrate stores no checksum."""
        rows = {str(name): AppliedRow() for (name,) in history.of("history")}
        return states_by_version(migrations, rows, key=_key)


def _key(name: str) -> tuple[bool, int, str]:
    """Return by what a file name is sorted: names without a number at the start come last."""
    found = _NUMBER.match(name)
    if found is None:
        return True, 0, name
    return False, int(found[0]) if len(found[0]) < 4000 else _LARGEST + 1, name


def _settings(listing: FolderListing) -> Mapping[str, str]:
    """Return the settings of the environment that sql-migrate uses without options; empty: no dbconfig.yml.

    A value with a variable of the process's environment is left out.
    """
    sections: dict[str, dict[str, str]] = {}
    settings: dict[str, str] = {}
    for line in (listing.configuration(_FILE) or "").splitlines():
        if (section := _SECTION.fullmatch(line)) is not None:
            settings = sections.setdefault(section[2], {})
        elif (setting := _SETTING.fullmatch(line)) is not None:
            value = next(part for part in setting.groups()[2:] if part is not None)
            if "$" not in value:
                settings[setting[2]] = value
    known = {name: found for name, found in sections.items() if "dialect" in found}
    return known.get(_ENVIRONMENT) or next(iter(known.values()), {})


def _migration(listing: FolderListing, name: str) -> ToolMigration:
    """Return the migration of one file. Raises: FileRefused."""
    raw = listing.raw(name)
    text = raw.decode("utf-8", "replace")
    read = read_sql_migrate_text(text)
    up, refused_up = _part(name, raw, text, read.up)
    down, refused_down = _part(name, raw, text, read.down)
    refused = read.problem or refused_up or refused_down
    words = name.removesuffix(".sql").lstrip("0123456789").replace("_", " ").replace("-", " ")
    return tool_migration(
        tool="sql-migrate",
        name=name,
        version=name,
        number=number_of(name),
        folder=listing.places,
        up=up,
        down=None if read.down.start is None else down,
        refused=() if refused is None else (refused,),
        words=" ".join(words.split()),
    )


def _part(name: str, raw: bytes, text: str, section: Section) -> tuple[Part, Problem | None]:
    runs, refused = how_it_runs(text, section.messages, "+migrate", in_transaction=section.in_transaction)
    start = len(text) if section.start is None else section.start
    return Part(name, raw, start, section.end, runs), refused


_TOO_LARGE = tool_warning(
    "The number at the start of the name is larger than 9223372036854775807, so sql-migrate cannot read it.",
    "Rename the file.",
)

LAYOUT = SqlMigrate()
