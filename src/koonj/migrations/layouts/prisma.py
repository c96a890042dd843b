"""Prisma Migrate: a folder for each migration, ``20240101000001_users/migration.sql``. It has no rollback.

Source: prisma-engines, schema-engine: migrations_directory.rs, apply_migrations.rs, checksum.rs; and
histories that prisma 6.19.3 wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.tool_history import INTEGER, TEXT, TIME, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import Part, Runs, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_error, tool_warning
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.names import number_of
from koonj.migrations.states import State
from koonj.sql.problem import Problem

_LOCK = "migration_lock.toml"
_SCRIPT = "/migration.sql"
_CONFIGURATIONS = tuple(f"prisma.config.{ending}" for ending in ("ts", "mts", "cts", "js", "mjs", "cjs"))
_PROVIDER = re.compile(r"""^[ \t]*provider[ \t]*=[ \t]*["']([^"'\n]*)["']""", re.MULTILINE)
_IN_JAVASCRIPT = re.compile(r"""^[ \t]*engine[ \t]*:[ \t]*["']js["']""", re.MULTILINE)
"""The engine that sends each statement alone; it is TypeScript, so only a line of this form is understood."""
_VERSION_DIGITS = re.compile(r"[0-9]+_")
_HISTORY = HistoryTable(
    "history",
    "_prisma_migrations",
    MappingProxyType(
        {
            "id": TEXT,
            "checksum": TEXT,
            "finished_at": TIME,
            "migration_name": TEXT,
            "logs": TEXT,
            "rolled_back_at": TIME,
            "started_at": TIME,
            "applied_steps_count": INTEGER,
        }
    ),
    "layouts/prisma/history",
)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One row of the history."""

    name: str
    checksum: str
    is_finished: bool
    is_rolled_back: bool
    error: str | None
    """The first error of its log."""


class Prisma:
    """The layout of Prisma Migrate. The version is the name of the folder; names are sorted as text."""

    name = "prisma"
    record = Record.CHECKSUM

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by its lock file; or by the folders of migrations below a schema of Prisma."""
        if _LOCK in listing.top:
            return Evidence(Strength.TOOL_FILE, f"{listing.shown}/{_LOCK}")
        if any(name.endswith("/snapshot.json") for name in listing.names):
            return None  # Drizzle has the same folders, with a snapshot in each
        if any(name.count("/") == 1 and name.endswith(_SCRIPT) for name in listing.names):
            for name in ("schema.prisma", *_CONFIGURATIONS):
                if listing.has_above(name):
                    return Evidence(Strength.TOOL_FILE, f"{listing.shown}/NAME{_SCRIPT} with {name}")
        return None

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read the migration.sql of each folder, in the order of the folders' names."""
        refused = tuple(_other_database(listing))
        runs = Runs.STATEMENTS if _is_in_javascript(listing) else Runs.ONE_QUERY
        migrations: list[ToolMigration] = []
        problems: list[tuple[str, Problem]] = []
        for folder, file in _folders(listing).items():
            if file != folder + _SCRIPT:
                problems.append((file, _no_script(folder)))
                continue
            try:
                raw = listing.raw(file)
            except FileRefused as error:
                problems.append((file, error.problem))
                continue
            migrations.append(
                tool_migration(
                    tool=self.name,
                    name=folder,
                    version=folder,
                    number=number_of(folder),
                    folder=listing.places,
                    up=Part(file, raw, runs=runs),
                    words=_words(folder),
                    refused=refused,
                    none_reason="Prisma has no rollbacks",
                )
            )
        return ToolFiles(tuple(migrations), tuple(problems))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the one table, whose name is fixed. Its schema is that of the tool's connection."""
        return (_HISTORY,)

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states. A row neither finished nor rolled back has failed, and blocks all others."""
        attempts: dict[str, list[_Attempt]] = {}
        for row in history.of("history"):
            attempt = _Attempt(*row)
            attempts.setdefault(attempt.name, []).append(attempt)
        files = {migration.version: migration for migration in migrations}
        rows = {name: _row(files.get(name), found) for name, found in attempts.items()}
        shown = {name: row for name, row in rows.items() if name in files or row.state is not State.PENDING}
        return states_by_version(migrations, shown, key=str)


def _row(migration: ToolMigration | None, attempts: Iterable[_Attempt]) -> AppliedRow:
    """Return what all rows of one migration say about it."""
    standing = [attempt for attempt in attempts if not attempt.is_rolled_back]
    failed = next((attempt for attempt in standing if not attempt.is_finished), None)
    if failed is not None:
        why = f": {failed.error}" if failed.error else ""
        return AppliedRow(
            State.FAILED, f"it was started and has not finished{why}; it blocks prisma migrate deploy"
        )
    if not standing:
        return AppliedRow(State.PENDING, "an earlier attempt is marked as rolled back")
    if migration is None or standing[-1].checksum in _checksums(migration.raw):
        return AppliedRow()
    return AppliedRow(State.EDITED, "the file has another checksum than when prisma applied it")


def _checksums(raw: bytes) -> frozenset[str]:
    """Return the checksums that Prisma accepts for a file: line ends do not count; old rows have no zeros."""
    unix = raw.replace(b"\r\n", b"\n")
    digests = [sha256(form).digest() for form in (raw, unix, unix.replace(b"\n", b"\r\n"))]
    return frozenset(text for one in digests for text in (one.hex(), "".join(f"{byte:x}" for byte in one)))


def _folders(listing: FolderListing) -> dict[str, str]:
    """Return the folders in the tool's order, each with its migration.sql; else with another file of it."""
    found: dict[str, str] = {}
    for name in listing.names:
        folder, _, rest = name.partition("/")
        if rest and (folder not in found or rest == "migration.sql"):
            found[folder] = name
    return {folder: found[folder] for folder in sorted(found)}


def _words(folder: str) -> str:
    digits = _VERSION_DIGITS.match(folder)
    return " ".join(folder[digits.end() if digits else 0 :].replace("_", " ").split())


def _is_in_javascript(listing: FolderListing) -> bool:
    texts = (listing.configuration(name) for name in _CONFIGURATIONS)
    return any(text is not None and _IN_JAVASCRIPT.search(text) for text in texts)


def _other_database(listing: FolderListing) -> Iterator[Problem]:
    """Yield a problem if the lock file says that the migrations are for another database."""
    provider = _PROVIDER.search(listing.text(_LOCK)) if _LOCK in listing.top else None
    if provider is not None and provider[1] not in {"postgresql", "postgres"}:
        yield tool_error(
            f'{_LOCK} says provider = "{provider[1]}": the migration is not for PostgreSQL.',
            "koonj shows the text and does not run it.",
        )


def _no_script(folder: str) -> Problem:
    return tool_warning(
        f"The folder {folder} has no migration.sql, so prisma refuses all migrations.",
        "Write migration.sql, or remove the folder.",
    )


LAYOUT = Prisma()
