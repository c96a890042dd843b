"""Describe a rehearsal in words, the same for the command and the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from koonj.humanize import duration, listed
from koonj.postgres.advisory_lock import LockHolder, holder_words
from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.locks.trace import LockMode, RelationLock, StatementTrace
from koonj.runner.rehearse.verdict import Rehearsal, RehearsalFailure, Verdict
from koonj.sql.line_diff import line_diff

MEANINGS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.VERIFIED: "the rollback restores the schema exactly, and the migration can be applied again",
        Verdict.LOSSY: "the rollback restores the schema, but data is lost, or might be",
        Verdict.REORDERED: "the rollback restores the schema with columns in a different order",
        Verdict.INCOMPLETE: "something remains or is missing after the rollback",
        Verdict.BROKEN: "a statement of the migration or its rollback fails",
        Verdict.IRREVERSIBLE: "the file declares that it has no rollback",
        Verdict.UNKNOWN: "it was not rehearsed, or could not be",
    }
)
"""Meaning of each verdict, for the legend of the help; docs/states.md has the same words."""

_HELD = 5
"""Maximum number of held locks that a statement names; the statements that took them name them too."""
_MAX_COMPARED = 2_000
"""Maximum lines of two definitions to compare; the time can grow with the square of their number."""


def short_reason(rehearsal: Rehearsal) -> str:
    """Return the reason of a verdict where its sentence does not fit: with the verdict, 42 characters."""
    failure = rehearsal.failure
    if rehearsal.verdict is Verdict.BROKEN and failure is not None:
        return _SHORT_PHASES.get(failure.phase, _SHORT[Verdict.BROKEN])
    if rehearsal.verdict is Verdict.INCOMPLETE and rehearsal.differences:
        return "applied again, it differs" if rehearsal.reapply_differs else "schema is not restored"
    return _SHORT[rehearsal.verdict]


_SHORT: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.VERIFIED: "rollback restores the schema",
        Verdict.LOSSY: "data is not restored",
        Verdict.REORDERED: "columns in another order",
        Verdict.INCOMPLETE: "not everything undone",
        Verdict.BROKEN: "a statement fails",
        Verdict.IRREVERSIBLE: "declared irreversible",
        Verdict.UNKNOWN: "nothing could be verified",
    }
)
_SHORT_PHASES: Mapping[str, str] = MappingProxyType(
    {
        "earlier": "an earlier migration fails",
        "apply": "the migration fails",
        "rollback": "the rollback fails",
        "reapply": "fails when applied again",
    }
)


def rehearsal_origin(rehearsal: Rehearsal) -> str:
    """Return the server and the start of a rehearsal.

    For example ``on PostgreSQL 18.6, from the folder's own files``.
    """
    start = f"from the schema of {rehearsal.like}" if rehearsal.like else "from the folder's own files"
    return f"on {rehearsal.server}, {start}" if rehearsal.server else start


def waiting_for_scratch_words(holder: LockHolder | None, seconds: float) -> str:
    """Return who is waited for: ``waiting for the scratch server, on which another koonj process …``."""
    waited = f", {duration(seconds)} so far" if seconds >= 1 else ""
    return (
        "waiting for the scratch server, on which another koonj process rehearses: "
        f"{holder_words(holder)}{waited}"
    )


def other_major(target: str, wanted: int | None, found: int, consequence: str) -> tuple[str, ...]:
    """Return a note if target and scratch server differ in major version.

    `wanted`: the target's version, None if unknown. `found`: the scratch server's. `consequence`: a clause
    that says what follows from the difference.
    """
    if wanted is None or wanted == found:
        return ()
    return (
        f"{target} runs PostgreSQL {wanted}, the scratch server runs PostgreSQL {found}: {consequence}. "
        f"Install the server binaries of PostgreSQL {wanted}, or configure a server with [scratch] dsn, "
        f"and add --pg {wanted}.",
    )


# Failures


_PHASES: Mapping[str, str] = MappingProxyType(
    {
        "earlier": "in an earlier migration",
        "apply": "in the migration",
        "rollback": "in its rollback",
        "reapply": "in the migration, applied again after its rollback",
    }
)


def failure_place(failure: RehearsalFailure) -> str:
    """Return phase, statement and position of a failure.

    For example ``in its rollback, statement 2: database/migrations/014_x.sql:12:5``.
    """
    return f"{failure_phase(failure)}: {failure_file(failure)}"


def failure_phase(failure: RehearsalFailure) -> str:
    """Return phase and statement, for example ``in its rollback, statement 2``."""
    statement = f", statement {failure.statement}" if failure.statement else ""
    return f"{_PHASES.get(failure.phase, failure.phase)}{statement}"


def failure_file(failure: RehearsalFailure) -> str:
    """Return path, line and column: ``database/migrations/014_x.sql:12:5``."""
    return ":".join(str(part) for part in (failure.file, failure.line, failure.column) if part is not None)


def failure_lines(failure: RehearsalFailure) -> tuple[tuple[str, str], ...]:
    """Return the parts of the server's message, each as (label, text).

    For example ``("ERROR 42704", "type … does not exist")``.
    """
    code = f"ERROR {failure.sqlstate}" if failure.sqlstate else "ERROR"
    parts = ((code, failure.message), ("DETAIL", failure.detail), ("HINT", failure.hint))
    return tuple((label, text) for label, text in parts if text)


# Statements


def locks_by_mode(trace: StatementTrace) -> tuple[tuple[LockMode, tuple[str, ...]], ...]:
    """Return each lock mode with the relations locked in it, strongest first.

    An index is omitted if its table is locked as strongly, because it adds nothing to wait for.
    """
    tables = {lock.relation: lock.mode.rank for lock in trace.locks if lock.of is None}
    found: dict[LockMode, list[str]] = {}
    for lock in sorted(trace.locks, key=lambda lock: (-lock.mode.rank, lock.of is not None, lock.relation)):
        if lock.of is None or tables.get(lock.of, 0) < lock.mode.rank:
            found.setdefault(lock.mode, []).append(_lock_name(lock))
    return tuple((mode, tuple(names)) for mode, names in found.items())


def lock_words(trace: StatementTrace) -> tuple[str, ...]:
    """Return a phrase for each lock mode, strongest first.

    For example ``ACCESS EXCLUSIVE documents, chunks``.
    """
    return tuple(f"{mode.value} {', '.join(names)}" for mode, names in locks_by_mode(trace))


def held_words(trace: StatementTrace) -> tuple[str, ...]:
    """Return a phrase for each mode of strong locks that were already held.

    For example ``still holds ACCESS EXCLUSIVE documents``.
    """
    strong = [lock for lock in trace.held if lock.of is None and lock.mode.stops_writes]
    found: dict[LockMode, list[str]] = {}
    for lock in sorted(strong, key=lambda lock: (-lock.mode.rank, lock.relation)):
        found.setdefault(lock.mode, []).append(_lock_name(lock))
    return tuple(f"still holds {mode.value} {listed(names, _HELD)}" for mode, names in found.items())


def _lock_name(lock: RelationLock) -> str:
    name = without_public(lock.relation)
    return name if lock.kind in {"table", "partitioned table"} else f"{name} ({lock.kind})"


def without_public(relation: str) -> str:
    """Return a qualified name without ``public.``."""
    return relation.removeprefix("public.")


def effects(trace: StatementTrace) -> tuple[str, ...]:
    """Return a phrase for each effect that takes time or lasts.

    For example ``rewrites documents``.
    """
    return tuple(_effects(trace))


def _effects(trace: StatementTrace) -> Iterator[str]:
    yield from (f"rewrites {without_public(name)}" for name in trace.rewritten)
    yield from (f"truncates {without_public(name)}" for name in trace.truncated)
    yield from (f"rebuilds index {without_public(name)}" for name in trace.rebuilt)
    for scan in (*trace.scanned, *trace.scanned_by_any_session):
        times = f", {scan.scans} times" if scan.scans > 1 else ""
        yield f"scans {without_public(scan.relation)}{times}"
    created = {change.relation for change in trace.relations if change.change == "created"}
    yield from _indexes(trace, created)
    for change in trace.constraints:
        if change.relation in created or change.kind == "not null":
            continue  # No session waits for a new table, and the statement's summary already has NOT NULL.
        verb = _CONSTRAINTS.get(change.change, change.change)
        yield verb.format(f"{change.constraint} ({change.kind}) of {without_public(change.relation)}")


_CONSTRAINTS: Mapping[str, str] = MappingProxyType(
    {
        "added": "adds {}",
        "added_not_valid": "adds {}, NOT VALID",
        "validated": "validates {}",
        "dropped": "drops {}",
    }
)


def _indexes(trace: StatementTrace, created: set[str]) -> Iterator[str]:
    """Yield a phrase for each new index of an older table, or INVALID index."""
    for change in trace.relations:
        if change.kind != "index" or change.change != "created" or (change.of in created and change.valid):
            continue
        of = f" on {without_public(change.of)}" if change.of else ""
        state = "" if change.valid else ", INVALID"
        yield f"builds index {without_public(change.relation)}{of}{state}"


# Differences


def ddl_diff(difference: Difference) -> tuple[tuple[str, str], ...]:
    """Return a diff of both definitions as (sign, line).

    Signs: ``-`` only in the expected one, ``+`` only in the actual one, blank in both.
    """
    before, after = _lines(difference.expected), _lines(difference.actual)
    if len(before) + len(after) > _MAX_COMPARED:
        return (*(("-", line) for line in before), *(("+", line) for line in after))
    return tuple((line.sign, line.text) for line in line_diff(before, after))


def _lines(definition: str | None) -> list[str]:
    return definition.rstrip().splitlines() if definition else []
