"""graphile-migrate: committed files, ``committed/NNNNNN-slug.sql``, each with the hash of the one before it.

Source: graphile-migrate 54ea390, src/migration.ts, src/hash.ts, src/header.ts and src/current.ts; histories
that graphile-migrate 1.4.1 wrote. There are no rollbacks. ``current.sql`` is not committed, so no migration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.graphile_text import (
    CommittedText,
    HeaderError,
    committed_text,
    placeholders_of,
    settings_beside,
    used_placeholder,
)
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.tool_history import TEXT, TIME, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import Part, Runs, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_error, tool_note, tool_warning
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.sql.problem import Problem

SETTING = "setting"
"""The detail of a migration with the setting by which the tool does more than run the files."""
_TOOL = "graphile-migrate"
_COMMITTED = "committed/"
_NAME = re.compile(r"([0-9]+)(-[-_a-zA-Z0-9]*)?\.sql")
_CONFIGURATIONS = (".gmrc", ".gmrc.js", ".gmrc.cjs")
_HISTORY = HistoryTable(
    "history",
    "migrations",
    MappingProxyType({"hash": TEXT, "previous_hash": TEXT, "filename": TEXT, "date": TIME}),
    "layouts/graphile_migrate/history",
    schema="graphile_migrate",
)
_CURRENT = HistoryTable(
    "current",
    "current",
    MappingProxyType({"filename": TEXT, "content": TEXT, "date": TIME}),
    "layouts/graphile_migrate/current",
    schema="graphile_migrate",
)


class GraphileMigrate:
    """The layout of graphile-migrate. The version is the number with ``.sql``, as in the history."""

    name = _TOOL
    record = Record.CHECKSUM

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by committed files: below a .gmrc, or with the tool's header."""
        prefix, names = _committed(listing)
        words = f"{listing.shown}/{prefix}*.sql"
        configuration = next((name for name in _CONFIGURATIONS if listing.has_above(name)), None)
        if configuration and (names or "current.sql" in listing.top):
            return Evidence(Strength.TOOL_FILE, f"{words} with {configuration}")
        marked = any(listing.text(prefix + name).startswith("--! Previous: ") for name in names)
        return Evidence(Strength.MARKER, f"{words} with '--! Previous:'") if marked else None

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read the committed files by number, as text, and check the chain of their hashes."""
        prefix, names = _committed(listing)
        configurations = tuple(map(listing.configuration, _CONFIGURATIONS))
        known, more = placeholders_of(configurations), settings_beside(configurations)
        migrations: list[ToolMigration] = []
        problems: list[tuple[str, Problem]] = []
        before: CommittedText | None = None
        for version, name in sorted((f"{_number(name)}.sql", name) for name in names):
            file = prefix + name
            if migrations and migrations[-1].version == version:
                problems.append((file, _same_number(migrations[-1])))
                continue
            try:
                raw = listing.raw(file)
                text = committed_text(raw.decode("utf-8", "replace"))
            except FileRefused as error:
                problems.append((file, error.problem))
                continue
            except HeaderError as error:
                problems.append((file, _header(error)))
                continue
            refused = tuple(_refused(text, before, used_placeholder(text.body, known)))
            part = Part(file, raw, text.start, runs=_runs(text))
            migrations.append(_migration(listing.places, part, version, text, refused, more))
            before = text
        problems += ((prefix + name, _IGNORED) for name in _ignored(listing, prefix))
        return ToolFiles(tuple(migrations), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return graphile_migrate.migrations, and what it keeps of ``current.sql``. The names are fixed."""
        return _HISTORY, _CURRENT

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states. A file is edited if it has another hash than its row, or than its header says.

        The tool runs only what comes after the newest row, so a file before it without a row never runs.
        """
        hashes = {str(version): str(hash_) for version, hash_ in history.of("history")}
        newest = max(hashes, default="")
        rows = {version: AppliedRow() for version in hashes}
        for one in migrations:
            if one.version not in hashes:
                if one.version < newest:
                    rows[one.version] = AppliedRow(State.PENDING, "graphile-migrate never runs it")
            else:
                text = committed_text(one.text)
                if text.hash != hashes[one.version]:
                    rows[one.version] = AppliedRow(State.EDITED, "the history has another hash")
                elif not text.is_hash_right:
                    rows[one.version] = AppliedRow(State.EDITED, "the text has another hash than its header")
        return states_by_version(migrations, rows, key=str)


def _committed(listing: FolderListing) -> tuple[str, list[str]]:
    """Return where the committed files are, and their names; the folder itself can be ``committed``."""
    inside = [name.removeprefix(_COMMITTED) for name in listing.names if name.startswith(_COMMITTED)]
    if inside:
        return _COMMITTED, [name for name in inside if _NAME.fullmatch(name)]
    prefix = "" if listing.path.name == "committed" else _COMMITTED
    return prefix, [name for name in listing.top if not prefix and _NAME.fullmatch(name)]


def _ignored(listing: FolderListing, prefix: str) -> Iterator[str]:
    """Yield what was meant as a migration and does not have its name."""
    for name in listing.names:
        rest = name.removeprefix(prefix)
        is_there = name.startswith(prefix) and "/" not in rest
        if is_there and rest.endswith(".sql") and rest[:1].isdigit() and not _NAME.fullmatch(rest):
            yield rest


def _number(name: str) -> str:
    return name.partition(".")[0].partition("-")[0]


def _runs(text: CommittedText) -> Runs:
    return Runs.ONE_QUERY if text.is_without_transaction else Runs.TRANSACTION


def _migration(
    places: tuple[str, str],
    up: Part,
    version: str,
    text: CommittedText,
    refused: tuple[Problem, ...],
    more: str,
) -> ToolMigration:
    name = up.file.rpartition("/")[2]
    slug = name.removesuffix(".sql").partition("-")[2]
    return tool_migration(
        tool=_TOOL,
        name=name,
        version=version,
        number=int(_number(name)),
        folder=places,
        up=up,
        words=text.message or " ".join(re.split("[-_]+", slug)).strip(),
        refused=refused,
        none_reason="graphile-migrate has no rollbacks",
        details=((SETTING, more),) if more else (),
    )


def _refused(text: CommittedText, before: CommittedText | None, placeholder: str) -> Iterator[Problem]:
    """Yield why the tool, or koonj, does not run it."""
    if text.previous != (before.hash if before else ""):
        yield tool_error(
            "'--! Previous:' has not the hash of the file before it, so graphile-migrate refuses the folder.",
            "A file is missing, or two branches were merged. Uncommit the later one, then commit it again.",
        )
    if text.is_hash_right is text.is_hash_allowed_to_differ:
        yield tool_error(
            "The text has another hash than '--! Hash:' says, so graphile-migrate refuses it."
            if not text.is_hash_right
            else "It has '--! AllowInvalidHash' with the right hash, so graphile-migrate refuses it.",
            "Restore the file as it was committed.",
        )
    if placeholder:
        yield tool_error(
            f"koonj cannot run it: graphile-migrate replaces {placeholder} by a setting.",
            "Run it with graphile-migrate.",
        )


def _header(error: HeaderError) -> Problem:
    return tool_warning(
        f"{error}, so graphile-migrate refuses the folder.",
        "Restore the file as it was committed.",
    )


def _same_number(other: ToolMigration) -> Problem:
    return tool_warning(
        f"{other.name} has the same number, and the history records only the number.",
        "Uncommit one of them, then commit it again.",
    )


_IGNORED = tool_note(
    "graphile-migrate ignores it: its name is not NNNNNN.sql or NNNNNN-name.sql.",
    "Rename it, or move it out of the folder.",
)

LAYOUT = GraphileMigrate()
