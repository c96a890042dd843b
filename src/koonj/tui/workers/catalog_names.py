"""Read the names for the pattern form, from a target and as rehearsed, and say from where they are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from koonj.config import Target
from koonj.humanize import count
from koonj.patterns.catalog_snapshot import CatalogSnapshot
from koonj.tui.workers.backend import Backend

if TYPE_CHECKING:
    from koonj.migrations.migration import Migration
    from koonj.postgres.connector import Connector
    from koonj.runner.rehearse.rehearsed_names import RehearsedNames


@dataclass(frozen=True, slots=True)
class FormNames:
    """The names that a form has, as far as they are known."""

    target: str
    pending: int = 0
    """Number of migrations that are not applied there."""
    files: int = 0
    """Number of files of the folder."""
    catalog: CatalogSnapshot | None = None
    """None while they are read, and if there are none."""
    is_read: bool = False
    has_target: bool = False
    """Whether the target could be read."""
    rehearsed: int = 0
    """Number of files after which the names are, as rehearsed; 0: no rehearsal has added any."""

    @property
    def words(self) -> str:
        """From where the names are, and what can be missing."""
        if not self.is_read:
            return f"Reading {self.target} …"
        if self.catalog is None:
            return f"No names: {self.target} cannot be read."
        more = "; not all of its objects" if self.catalog.is_cut else ""
        pending = count(self.pending, "pending file")
        if not self.has_target:
            files = count(self.files, "file")
            of = files if self.rehearsed == self.files else f"the first {self.rehearsed} of {files}"
            return f"{self.target} cannot be read. Names from {of}, as rehearsed{more}."
        if not self.pending:
            return f"Names from {self.target}{more}."
        if self.rehearsed:
            return f"Names from {self.target} and {pending}, as rehearsed{more}."
        return f"Names from {self.target}, without what {pending} would create{more}."


async def read_names(
    backend: Backend,
    target: Target,
    files: Sequence[Migration],
    pending: Sequence[Migration],
    known: FormNames,
) -> FormNames:
    """Return the names of the target with those that pending files make, as rehearsed.

    `files`: all of the folder. If the target cannot be read, the names are those of the files; if nothing was
    rehearsed either, there are none, and the form works without them.
    """
    found = await backend.read_with(lambda connector: _of_target(connector, target))
    catalog, rehearsed = await asyncio.to_thread(_with_rehearsed, found, files, pending)
    return replace(known, catalog=catalog, is_read=True, has_target=found is not None, rehearsed=rehearsed)


async def _of_target(connector: Connector, target: Target) -> CatalogSnapshot | None:
    """Return the names in the target's catalog; None if they cannot be read."""
    import psycopg  # noqa: PLC0415 - the first paint does not wait for it

    from koonj.postgres.connector import ConnectError  # noqa: PLC0415 - as above
    from koonj.postgres.form_catalog import read_form_catalog  # noqa: PLC0415 - as above

    try:
        return await read_form_catalog(connector, target)
    except (ConnectError, psycopg.Error):
        return None


def _with_rehearsed(
    target: CatalogSnapshot | None, files: Sequence[Migration], pending: Sequence[Migration]
) -> tuple[CatalogSnapshot | None, int]:
    """Return the names with those that a rehearsal has left, and after how many files these are."""
    newest = _rehearsed(files) if target is None or pending else None
    if newest is None:
        return target, 0
    if target is None:
        return newest.catalog, newest.count
    if newest.count < len(files):
        return target, 0  # the rehearsal is older than the files
    from koonj.patterns.merged_catalog import PendingFile, with_pending  # noqa: PLC0415 - brings the parser

    marked = [PendingFile(one.name.partition("_")[0], one.text) for one in pending]
    return with_pending(target, newest.catalog, marked), newest.count


def _rehearsed(files: Sequence[Migration]) -> RehearsedNames | None:
    from koonj.runner.rehearse.rehearsed_names import NamesCache  # noqa: PLC0415 - brings psycopg

    return NamesCache.of_user().newest(files)
