"""tern: one file for each migration, ``N_name.sql``, with a line between body and rollback.

Source: tern e73daa1, migrate/migrate.go and main.go; histories that it wrote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.line_messages import problem_at
from koonj.migrations.layouts.table_name import table_name
from koonj.migrations.layouts.tool_history import INTEGER, HistoryTable, ToolHistory, ToolHistoryError
from koonj.migrations.layouts.tool_migration import Part, Runs, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import same_number, tool_error, tool_warning
from koonj.migrations.layouts.tool_states import states_up_to
from koonj.migrations.migration_status import MigrationStatus
from koonj.sql.problem import Problem

_NAME = re.compile(r"([0-9]+)_.+\.sql")
_LARGEST = 2**31 - 1
_SEPARATOR = "---- create above / drop below ----"
_NO_TRANSACTION = re.compile(r"^---- tern: disable-tx ----$", re.MULTILINE)
r"""``$`` of Go matches only before ``\n``, so a line that ends with ``\r\n`` does not count."""
_STATEMENT = re.compile(r"^[^\S\n]*(?!--)\S", re.MULTILINE)
"""A line that is neither empty nor a comment."""
_FILE = "tern.conf"
_SETTING = re.compile(r"[ \t]*version_table[ \t]*=[ \t]*(.*?)[ \t]*")
_DEFAULT = ("public", "schema_version")
_COLUMNS = MappingProxyType({"version": INTEGER})


class Tern:
    """The layout of tern. The history has one row: the newest version."""

    name = "tern"
    record = Record.NEWEST

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by tern.conf and a first migration, or by the line between the halves."""
        names = [name for name in listing.top if _NAME.fullmatch(name)]
        has_sql = any(name.endswith(".sql") for name in listing.top)
        if (not has_sql or any(_number(name) == 1 for name in names)) and _has_database(listing):
            return Evidence(Strength.TOOL_FILE, _FILE)
        if any(_SEPARATOR in listing.text(name) for name in names):
            return Evidence(Strength.MARKER, f"{listing.shown}/*.sql with '{_SEPARATOR}'")
        return None

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read the files by number. tern wants every number from 1 on."""
        names: dict[int, str] = {}
        problems: list[tuple[str, Problem]] = []
        for name in listing.top:
            if _NAME.fullmatch(name) is None:
                continue
            number = _number(name)
            if number in names:
                problems.append((name, same_number(names[number], "tern")))
            elif 0 < number <= _LARGEST:
                names[number] = name
            else:
                problems.append((name, _BAD_NUMBER))
        migrations: list[ToolMigration] = []
        before = 0
        for number in sorted(names):
            try:
                migrations.append(_migration(listing, names[number], number, before))
            except FileRefused as refused:
                problems.append((names[number], refused.problem))
            before = number
        return ToolFiles(tuple(migrations), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the one table: public.schema_version, or ``version_table`` of tern.conf."""
        schema, name = table_name(_version_table(listing)) or _DEFAULT
        return (HistoryTable("history", name, _COLUMNS, "layouts/tern/history", schema),)

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states: all up to the recorded version are applied.

        Raises: ToolHistoryError if the table has not one row with a version.
        """
        if not history.has("history"):
            return states_up_to(migrations, None, key=int)
        rows, place = history.of("history"), history.places["history"]
        if len(rows) > 1:
            raise ToolHistoryError(
                f"{place} has several rows. tern keeps one, so another tool has written this table.",
                "Write the tool's name into koonj.toml, as layout = …",
            )
        if not rows or rows[0][0] < 0:
            has = f"the version {rows[0][0]}" if rows else "no row"
            raise ToolHistoryError(
                f"{place} has {has}. tern keeps one row, with the newest version or 0, and refuses to run "
                "without it.",
                f"Check which migrations are applied, and write the version of the last one into {place}.",
            )
        version = rows[0][0]
        return states_up_to(migrations, str(version) if version else None, key=int)


def _number(name: str) -> int:
    """Return the number at the start of a name; 0 if there is none, or if it is far too large."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found and len(found[1]) < 4000 else 0


def _has_database(listing: FolderListing) -> bool:
    return "[database]" in (listing.configuration(_FILE) or "")


def _version_table(listing: FolderListing) -> str:
    """Return ``version_table`` of the section ``[database]``; empty if there is none."""
    section = ""
    for line in (listing.configuration(_FILE) or "").splitlines():
        if line.strip().startswith("["):
            section = line.strip()
        elif section == "[database]" and (found := _SETTING.fullmatch(line)) is not None:
            return found[1]
    return ""


def _migration(listing: FolderListing, name: str, number: int, before: int) -> ToolMigration:
    """Return the migration of one file. `before`: number of the file before it. Raises: FileRefused."""
    raw = listing.raw(name)
    text = raw.decode("utf-8", "replace")
    end = text.find(_SEPARATOR)
    up, down = text, ""
    if end >= 0:
        up, down = text[:end], text[end + len(_SEPARATOR) :]
    refused = _refused(text, up, number, before)
    return tool_migration(
        tool="tern",
        name=name,
        version=str(number),
        number=number,
        folder=listing.places,
        up=Part(name, raw, 0, None if end < 0 else end, _runs(up)),
        down=Part(name, raw, len(text) - len(down), None, _runs(down)) if down.strip() else None,
        refused=() if refused is None else (refused,),
        words=" ".join(name.partition("_")[2].removesuffix(".sql").replace("_", " ").split()),
    )


def _runs(half: str) -> Runs:
    return Runs.STATEMENTS if _NO_TRANSACTION.search(half.strip()) else Runs.TRANSACTION


def _refused(text: str, up: str, number: int, before: int) -> Problem | None:
    """Return why tern or koonj cannot run the file; None if both can."""
    template = text.find("{{")
    if template >= 0:
        return problem_at(text, template, _TEMPLATE, _NO_TEMPLATE)
    if _STATEMENT.search(up) is None:
        message = f"There is no statement above '{_SEPARATOR}', so tern refuses the folder."
        return problem_at(text, 0, message, "Write the statements of the body there.")
    if number != before + 1:
        message = f"Migration {before + 1} is missing, so tern refuses the folder."
        return tool_error(message, "Number the files from 1 on, without gaps.")
    return None


_TEMPLATE = "tern takes '{{' as the start of a template. koonj does not know what tern puts there."
_NO_TEMPLATE = "Write the SQL itself into the file, or run it with tern."
_BAD_NUMBER = tool_warning(
    "tern refuses the folder, because this number is not between 1 and 2147483647.",
    "Number the files from 1 on, without gaps.",
)


LAYOUT = Tern()
