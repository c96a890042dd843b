"""States of Atlas's migrations, from the rows and the running hashes of its history."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from koonj.migrations.layouts.atlas_directives import first_directive, is_checkpoint
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State


@dataclass(frozen=True, slots=True)
class _Revision:
    """One row of the history."""

    version: str
    description: str
    applied: int
    """Number of statements that ran."""
    total: int
    hash: str
    """Running hash of the folder up to the file; empty for a baseline."""
    error: str | None


def running_hashes(files: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """Return the hashes of atlas.sum by file name, without ``h1:``: each covers the files before it, too.

    `files`: pairs (name, bytes), sorted by name. A file with the directive ``atlas:sum ignore`` has no hash.
    """
    hashes: dict[str, str] = {}
    hasher = sha256()
    for name, raw in files:
        hasher.update(name.encode())
        if first_directive(raw) == ("sum", "ignore"):
            continue
        hasher.update(raw)
        hashes[name] = b64encode(hasher.digest()).decode()
    return hashes


def statuses(migrations: Sequence[ToolMigration], history: ToolHistory) -> tuple[MigrationStatus, ...]:
    """Return the states. Files before the first row are taken as applied, as Atlas does."""
    revisions = {row[0]: _Revision(*row) for row in history.of("history")}
    known = {migration.version for migration in migrations}
    states: dict[str, AppliedRow] = {
        version: _row(revision) for version, revision in revisions.items() if version not in known
    }
    edits = _edits(migrations, revisions)
    first = min(revisions, default=None)
    checkpoint = max((m.version for m in migrations if is_checkpoint(m.raw)), default="")
    for migration in migrations:
        revision = revisions.get(migration.version)
        if revision is not None:
            found = _row(revision)
            states[migration.version] = (
                edits.get(migration.version, found) if found.state is State.APPLIED else found
            )
        elif is_checkpoint(migration.raw):
            states[migration.version] = AppliedRow(State.PENDING, _CHECKPOINT)
        elif first is not None and migration.version < first:
            states[migration.version] = AppliedRow(note=_BEFORE)
        elif first is None and migration.version < checkpoint:
            states[migration.version] = AppliedRow(State.PENDING, _INSTEAD.format(checkpoint))
    return states_by_version(migrations, states, key=str)


def _row(revision: _Revision) -> AppliedRow:
    words = revision.description
    name = f"{revision.version}_{words}.sql" if words else f"{revision.version}.sql"
    if revision.applied < revision.total or revision.error:
        error = f": {revision.error}" if revision.error else ""
        note = f"{revision.applied} of {revision.total} statements ran{error}"
        return AppliedRow(State.FAILED, note, name)
    return AppliedRow(name=name)


def _edits(migrations: Sequence[ToolMigration], revisions: Mapping[str, _Revision]) -> dict[str, AppliedRow]:
    """Return what differs from the recorded hashes.

    A hash covers all files that there were. So it is compared with that of all files up to the migration, and
    with that of those that have a row: a file may have come in between later. After the first difference, and
    after a missing file, nothing is known.
    """
    first = min(revisions, default="")
    recorded = [m for m in migrations if m.version in revisions or m.version < first]
    candidates = (
        running_hashes((m.up.file, m.raw) for m in migrations),
        running_hashes((m.up.file, m.raw) for m in recorded),
    )
    known = {migration.version for migration in migrations}
    missing = min((version for version in revisions if version not in known), default=None)
    edits: dict[str, AppliedRow] = {}
    for migration in migrations:
        revision = revisions.get(migration.version)
        stored = revision.hash.removeprefix("h1:") if revision else ""
        if not stored or any(hashes.get(migration.up.file) == stored for hashes in candidates):
            continue
        if edits or (missing is not None and missing < migration.version):
            edits[migration.version] = AppliedRow(note=_UNKNOWN)
        else:
            edits[migration.version] = AppliedRow(State.EDITED, _EDITED)
    return edits


_EDITED = "this file, or one before it, is not as it was when atlas ran it"
_UNKNOWN = "not compared: the recorded hash covers the files before it, and they differ"
_BEFORE = "it has no row: atlas takes all files before the first row as applied"
_CHECKPOINT = "a checkpoint: atlas runs it only in an empty database"
_INSTEAD = "atlas runs the checkpoint {} instead"
