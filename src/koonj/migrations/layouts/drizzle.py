"""Drizzle: ``0000_users.sql`` with ``meta/_journal.json``; since 1.0 ``20240101000001_users/migration.sql``.

Source: drizzle-orm b786252, src/migrator.ts and src/pg-core/dialect.ts, and branch beta 748058e;
histories that drizzle-orm 0.45.4 and 1.0.0-rc.5 wrote. It has no rollback.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.layouts.drizzle_journal import Entry, JournalError, read_journal
from koonj.migrations.layouts.drizzle_states import statuses
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Record, Strength, ToolFiles
from koonj.migrations.layouts.tool_history import INTEGER, TEXT, HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import Part, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_error, tool_note, tool_warning
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.names import number_of
from koonj.sql.problem import Problem
from koonj.sql.script import Script

_TOOL = "drizzle"
_JOURNAL = "meta/_journal.json"
_SCRIPT = "/migration.sql"
_CONFIGURATIONS = ("drizzle.config.ts", "drizzle.config.js", "drizzle.config.json")
_SCHEMA = "drizzle"
"""Where it makes its table, unless a setting or the program names another schema."""
_FOLDER = re.compile(r"[0-9]{14}(?:_.*)?")
_BREAKPOINT = "--> statement-breakpoint"
_TABLE_BLOCK = re.compile(r"""^[ \t]*["']?migrations["']?\s*:\s*\{([^{}]*)\}""", re.MULTILINE)
_WORD = r"""^[ \t]*["']?{}["']?\s*:\s*["']([^"'\n]+)["']"""


class Drizzle:
    """The layout of Drizzle. The order is that of the journal; since 1.0 that of the folders' names."""

    name = _TOOL
    record = Record.CHECKSUM

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Recognise the folder by the journal; or by folders with a snapshot or below a configuration."""
        if _JOURNAL in listing.names:
            return Evidence(Strength.TOOL_FILE, f"{listing.shown}/{_JOURNAL}")
        folders = [folder for folder, _ in _folders(listing)]
        if not folders or "migration_lock.toml" in listing.top:
            return None
        if any(f"{folder}/snapshot.json" in listing.names for folder in folders):
            return Evidence(Strength.TOOL_FILE, f"{listing.shown}/NAME/snapshot.json")
        above = next((name for name in _CONFIGURATIONS if listing.has_above(name)), None)
        words = f"{listing.shown}/NAME{_SCRIPT} with {above}"
        return None if above is None else Evidence(Strength.TOOL_FILE, words)

    def read(self, listing: FolderListing) -> ToolFiles:
        """Read the files that the journal names; without a journal the migration.sql of each folder."""
        if _JOURNAL not in listing.names:
            return _read(listing, [Entry(folder, folder, file) for folder, file in _folders(listing)], ())
        try:
            journal = read_journal(listing.text(_JOURNAL))
        except JournalError as error:
            return ToolFiles(
                (), ((_JOURNAL, tool_warning(str(error), "Restore the file, or generate it again.")),)
            )
        read = _read(listing, journal.entries, _other_dialect(journal.dialect))
        named = {entry.file for entry in journal.entries}
        others = (name for name in listing.top if name.endswith(".sql") and name not in named)
        return ToolFiles(read.migrations, (*read.problems, *((name, _NOT_IN_JOURNAL) for name in others)))

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the one table in its two forms. Only a name in drizzle.config is known, none in code."""
        texts = [text for name in _CONFIGURATIONS if (text := listing.configuration(name)) is not None]
        block = next((found[1] for text in texts if (found := _TABLE_BLOCK.search(text))), "")
        block = block.replace(",", "\n")
        table, schema = (re.search(_WORD.format(word), block, re.MULTILINE) for word in ("table", "schema"))
        name = table[1] if table else "__drizzle_migrations"
        columns = {"id": INTEGER, "hash": TEXT, "created_at": INTEGER}
        forms = (({**columns, "name": TEXT}, "history_of_names"), (columns, "history"))
        return tuple(
            HistoryTable(
                "history",
                name,
                MappingProxyType(form),
                f"layouts/drizzle/{query}",
                schema[1] if schema else None,
                _SCHEMA,
            )
            for form, query in forms
        )

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the states.

        Raises: ToolHistoryError if a row has no time.
        """
        return statuses(migrations, history)


def _folders(listing: FolderListing) -> list[tuple[str, str]]:
    """Return the folders of 1.0 and their files, in the tool's order."""
    files = (name for name in listing.names if name.count("/") == 1 and name.endswith(_SCRIPT))
    return sorted((name.removesuffix(_SCRIPT), name) for name in files)


def _read(listing: FolderListing, entries: Sequence[Entry], refused: tuple[Problem, ...]) -> ToolFiles:
    migrations: dict[str, ToolMigration] = {}
    problems: list[tuple[str, Problem]] = []
    for entry in entries:
        if entry.file not in listing.names:
            problems.append(
                (entry.file, tool_warning("The journal names the file, and it is missing.", _GONE))
            )
        elif entry.version in migrations:
            message = f"The journal has the same time for it as for {migrations[entry.version].name}."
            problems.append((entry.file, tool_warning(message, "koonj cannot tell them apart: change one.")))
        elif entry.file.endswith(_SCRIPT) and _FOLDER.fullmatch(entry.version) is None:
            message = "The name of its folder does not start with 14 digits, the time in UTC."
            problems.append((entry.file, tool_warning(message, "Rename the folder.")))
        else:
            try:
                raw = listing.raw(entry.file)
            except FileRefused as error:
                problems.append((entry.file, error.problem))
                continue
            migrations[entry.version] = tool_migration(
                tool=_TOOL,
                name=entry.tag,
                version=entry.version,
                number=number_of(entry.tag),
                folder=listing.places,
                up=Part(entry.file, raw),
                words=" ".join(entry.tag.partition("_")[2].replace("_", " ").split()),
                refused=(*refused, *_unended(raw.decode("utf-8", "replace"))),
                none_reason="Drizzle has no rollbacks",
            )
    return ToolFiles(tuple(migrations.values()), tuple(problems))


def _unended(text: str) -> Iterator[Problem]:
    """Yield a problem if a part before a breakpoint has no semicolon: koonj would join two statements."""
    line = 1
    for part in text.split(_BREAKPOINT)[:-1]:
        line += part.count("\n")
        last = part.rstrip().rpartition("\n")[2]
        if not last.endswith(";") or "--" in last:
            found = Script.of_body(part).statements
            if found and not found[-1].text.endswith(";"):
                yield _not_run(f"The statement before '{_BREAKPOINT}' has no semicolon.", _END, line)


def _other_dialect(dialect: str) -> tuple[Problem, ...]:
    if dialect in {"postgresql", "pg"}:
        return ()
    message = f'{_JOURNAL} says dialect "{dialect}": the migration is not for PostgreSQL.'
    return (_not_run(message, "koonj shows the text and does not run it."),)


def _not_run(message: str, hint: str, line: int = 1) -> Problem:
    return tool_error(message, hint, line, 1)


_END = "Write a semicolon at its end. koonj shows the text and does not run it."
_GONE = "Restore the file: drizzle refuses all migrations without it."
_NOT_IN_JOURNAL = tool_note(
    f"{_JOURNAL} does not name the file, so drizzle never runs it.",
    "Make migrations with drizzle-kit generate, which writes the journal.",
)

LAYOUT = Drizzle()
