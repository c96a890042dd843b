"""Recognize files that were renamed after they were applied, by their content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence

from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import HistoryEntry
from koonj.migrations.history_summary import HistorySummary
from koonj.migrations.migration import Migration
from koonj.migrations.names import number_of


def move_renamed(folder: Folder, known: MutableMapping[str, HistorySummary]) -> Mapping[str, str]:
    """Move the summaries of renamed files to their new names. Return the earlier name of each.

    A move can reveal another one: if 003 became 004, and 002 became 003.
    """
    moved: dict[str, str] = {}
    while found := _find(folder, known):
        for name, origin in found.items():
            known[name] = known.pop(origin)
        moved |= found
    return moved


def _find(folder: Folder, known: Mapping[str, HistorySummary]) -> Mapping[str, str]:
    """Return the earlier file name of each renamed file.

    A file was renamed if nothing of it is in the database under its own name, and its statements are those of
    a migration whose file is missing, or now has other statements. Of several such files with the same
    statements, the first ones were renamed. Parses files only if there is such a migration.
    """
    files = {migration.name: migration for migration in folder.migrations}
    origins = {name: ran for name, ran in _ran(known) if not _has(files.get(name), ran)}
    found: dict[str, str] = {}
    if not origins:
        return found
    new = [m for m in folder.migrations if not _is_in_database(known.get(m.name))]
    for matches in (_same_bytes, _same_statements):
        for migration in new:
            origin = next((name for name, ran in origins.items() if matches(migration, ran)), None)
            if migration.name not in found and origin is not None:
                found[migration.name] = origin
                del origins[origin]
    return found


def _ran(known: Mapping[str, HistorySummary]) -> Sequence[tuple[str, HistoryEntry]]:
    """Return what is in the database, at least in part, in the order of the numbers."""
    return sorted(_entries(known), key=lambda item: (number_of(item[0]), item[0]))


def _entries(known: Mapping[str, HistorySummary]) -> Iterator[tuple[str, HistoryEntry]]:
    for name, summary in known.items():
        if _is_in_database(summary):
            yield name, summary.ran or summary.attempts[-1]


def _is_in_database(summary: HistorySummary | None) -> bool:
    if summary is None:
        return False
    return summary.applied or any(a.finished is None or a.statements_done for a in summary.attempts)


def _has(migration: Migration | None, ran: HistoryEntry) -> bool:
    """Return whether the file still has the statements that ran."""
    return migration is not None and (_same_bytes(migration, ran) or _same_statements(migration, ran))


def _same_bytes(migration: Migration, ran: HistoryEntry) -> bool:
    return migration.file_hash == ran.file_hash


def _same_statements(migration: Migration, ran: HistoryEntry) -> bool:
    prints = migration.fingerprints
    return prints.statements == ran.statements_hash and bool(migration.sections.body.statements)
