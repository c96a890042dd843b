"""Atlas: ``20240101000001_users.sql`` with ``atlas.sum``. It has no rollback.

Source: Atlas a5e0aec, sql/migrate (dir.go, migrate.go) and the schema of its revisions. Atlas was not run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.atlas_directives import file_directives, first_directive, is_checkpoint
from koonj.migrations.layouts.atlas_states import running_hashes, statuses
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.tool_history import INTEGER, TEXT, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import Part, Runs, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_error, tool_note, tool_warning
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.names import number_of
from koonj.sql.other_tools import other_tool
from koonj.sql.problem import Problem

_SUM = "atlas.sum"
_LINE = re.compile(r"(.*\S)[ \t]+h1:(\S+)")
_TEMPLATES = re.compile(r"""^[ \t]*data[ \t]+"template_dir"[ \t]""", re.MULTILINE)
_HISTORY = HistoryTable(
    "history",
    "atlas_schema_revisions",
    MappingProxyType(
        {
            "version": TEXT,
            "description": TEXT,
            "applied": INTEGER,
            "total": INTEGER,
            "hash": TEXT,
            "error": TEXT,
        }
    ),
    "layouts/atlas/history",
)


class Atlas:
    """The layout of Atlas. The version is the name up to the first ``_``; names are sorted as text."""

    name = "atlas"
    record = Record.ROW

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by atlas.sum, without which Atlas runs nothing."""
        return Evidence(Strength.TOOL_FOLDER, f"{listing.shown}/{_SUM}") if _SUM in listing.top else None

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read all .sql files of the folder itself."""
        has_templates = _TEMPLATES.search(listing.configuration("atlas.hcl") or "") is not None
        migrations: dict[str, ToolMigration] = {}
        problems: list[tuple[str, Problem]] = []
        for name in (one for one in listing.top if one.endswith(".sql")):
            if name.endswith(".down.sql"):
                problems.append((name, _DOWN))
                continue
            version, _, words = name.removesuffix(".sql").removesuffix(".up").partition("_")
            if version in migrations:
                problems.append((name, _second(migrations[version].name)))
                continue
            try:
                raw = listing.raw(name)
            except FileRefused as error:
                problems.append((name, error.problem))
                continue
            is_single = file_directives(raw).get("txmode") == "none"
            migrations[version] = tool_migration(
                tool=self.name,
                name=name,
                version=version,
                number=number_of(version),
                folder=listing.places,
                up=Part(name, raw, runs=Runs.STATEMENTS if is_single else Runs.TRANSACTION),
                words=" ".join(words.replace("_", " ").split()),
                refused=tuple(_refused(raw, has_templates=has_templates)),
                none_reason="Atlas computes it from the two states",
            )
        if all(problem is _DOWN for _, problem in problems):
            problems += _differences(listing, tuple(migrations.values()))
        return ToolFiles(tuple(migrations.values()), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the one table. Its schema has the same name, or is that of the tool's connection."""
        return (_HISTORY,)

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states: applied if all statements of the row ran."""
        return statuses(migrations, history)


def _refused(raw: bytes, *, has_templates: bool) -> Iterator[Problem]:
    """Yield why koonj cannot run a file."""
    text = raw.decode("utf-8", "replace")
    names = {*file_directives(raw), (first_directive(raw) or ("", ""))[0]}
    if "delimiter" in names:
        yield _not_run("The file has a delimiter of its own (atlas:delimiter).")
    if "txtar" in names:
        yield _not_run("The file has several parts (atlas:txtar).")
    if has_templates and "{{" in text:
        yield _not_run("The file is a template (template_dir in atlas.hcl).")
    if is_checkpoint(raw):
        yield _not_run("The file is a checkpoint, which atlas runs only in an empty database.")
    other = other_tool(text)
    if other is not None and "Atlas" not in other.message:
        yield _not_run(f"{other.message} Atlas can read its format, and koonj reads only Atlas's own.")


def _differences(
    listing: FolderListing, migrations: Sequence[ToolMigration]
) -> Iterator[tuple[str, Problem]]:
    """Yield a problem if atlas.sum does not match the files: then Atlas runs nothing."""
    lines = listing.text(_SUM).splitlines()[1:]
    recorded = {found[1]: found[2] for line in lines if (found := _LINE.fullmatch(line))}
    actual = running_hashes((one.up.file, one.raw) for one in migrations)
    different = (name for name in sorted({*recorded, *actual}) if recorded.get(name) != actual.get(name))
    name = next(different, None)
    if name is not None:
        message = f"It does not match the folder, from {name} on, so atlas runs nothing."
        yield (
            _SUM,
            tool_warning(message, "Check the file, then run: atlas migrate hash"),
        )


def _not_run(message: str) -> Problem:
    hint = "koonj shows the text and does not run it."
    return tool_error(message, hint, 1, 1)


def _second(first: str) -> Problem:
    message = f"{first} has the same version, so atlas cannot record both."
    return tool_warning(message, "Give one of them another version.")


_DOWN = tool_note(
    "It is the rollback of golang-migrate's format, so atlas passes over it.",
    "koonj leaves it out of the list.",
)

LAYOUT = Atlas()
