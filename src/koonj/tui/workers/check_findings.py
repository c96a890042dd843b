"""Find what the safety rules report about a migration that is not applied, in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem, Severity
from koonj.tui.documents.document import Document, is_large
from koonj.tui.state.snapshot import Row, Snapshot

TOO_LARGE = Problem(
    "not-checked",
    Severity.NOTE,
    "The safety rules have not read this file: it is large.",
    "The command check does.",
)
"""What the screen says about a file that takes too long to read on every change of it."""


def _is_checked(row: Row | None) -> bool:
    """Return whether findings about a migration are shown: it can still be changed.

    Before the target has answered, that is not known.
    """
    return row is not None and row.is_pending and row.migration is not None


def known_at_once(row: Row | None) -> tuple[Problem, ...]:
    """Return what can be said of the file of a row without reading it."""
    is_unread = row is not None and row.migration is not None and is_large(row.migration)
    return (TOO_LARGE,) if is_unread and _is_checked(row) else ()


async def findings(migration: Migration, snapshot: Snapshot) -> tuple[Problem, ...]:
    """Return what the safety rules report. `migration`: also with a text that is not saved yet."""
    row, folder = snapshot.row(migration.name), snapshot.folder
    if not _is_checked(row) or folder is None:
        return ()
    if is_large(migration):
        return (TOO_LARGE,)
    return await asyncio.to_thread(_findings, migration, snapshot)


async def unwritten_findings(
    place: int, unwritten: Sequence[Migration], snapshot: Snapshot
) -> tuple[Problem, ...]:
    """Return what the safety rules report about one of several files that are not written yet.

    They come after all files of the folder, in their order.
    """
    if snapshot.folder is None:
        return ()
    if is_large(unwritten[place]):
        return (TOO_LARGE,)
    return await asyncio.to_thread(_unwritten_findings, place, unwritten, snapshot)


def _unwritten_findings(
    place: int, unwritten: Sequence[Migration], snapshot: Snapshot
) -> tuple[Problem, ...]:
    from koonj.checks.check import Checker  # noqa: PLC0415 - as below
    from koonj.checks.levels import levels_of  # noqa: PLC0415 - as below

    assert snapshot.folder is not None
    checker = Checker((*snapshot.folder.migrations, *unwritten), levels_of(snapshot.target.checks))
    pending = (row.migration for row in snapshot.rows if row.is_pending and row.migration is not None)
    return checker.findings(unwritten[place], pending=(*pending, *unwritten[:place]))


def _findings(migration: Migration, snapshot: Snapshot) -> tuple[Problem, ...]:
    # The rules are imported when the first migration is checked: the first paint shows none.
    from koonj.checks.check import Checker  # noqa: PLC0415 - as above
    from koonj.checks.levels import levels_of  # noqa: PLC0415 - as above
    from koonj.runner.rehearse.measured import measured  # noqa: PLC0415 - as above

    assert snapshot.folder is not None
    files = snapshot.folder.migrations
    pending = {row.name for row in snapshot.rows if row.is_pending}
    place = (migration.number, migration.name)
    before = [one for one in files if one.name in pending and (one.number, one.name) < place]
    is_saved = any(one.name == migration.name and one.raw == migration.raw for one in files)
    rehearsal = snapshot.rehearsals.results.get(migration.name) if is_saved else None
    checker = Checker(files, levels_of(snapshot.target.checks))
    return checker.findings(migration, pending=before, measured=measured(rehearsal))


def merged(problems: tuple[Problem, ...], found: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return the problems of a text together with the findings, by line."""
    if not found:
        return problems
    from koonj.migrations.file_problems import in_order  # noqa: PLC0415 - only with findings

    return in_order((*problems, *found))


def with_findings(document: Document, found: tuple[Problem, ...], of_folder: int) -> Document:
    """Return the document with the findings among its problems.

    `of_folder`: the number of its first problems that are about the name or the number of the file.
    """
    first, rest = document.problems[:of_folder], document.problems[of_folder:]
    return replace(document, problems=(*first, *merged(rest, found)))
