"""A rehearsal in words, for the command and the screen: the same words in both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.locks.trace import LockMode, RelationLock, StatementTrace
from koonj.runner.rehearse.verdict import Rehearsal, RehearsalFailure, Verdict
from koonj.sql.line_diff import line_diff

MEANINGS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.VERIFIED: "the rollback restores the schema exactly, and the migration repeats",
        Verdict.LOSSY: "as verified, but data is gone",
        Verdict.REORDERED: "as verified, but columns come back in another order",
        Verdict.INCOMPLETE: "the rollback leaves something behind, or something is missing",
        Verdict.BROKEN: "a statement of the migration or its rollback fails",
        Verdict.IRREVERSIBLE: "there is no way back",
        Verdict.UNKNOWN: "it could not be rehearsed",
    }
)
"""What each verdict means, for a legend; README has the same words."""

_COMPARED = 2_000
"""Lines of two definitions that are compared one by one: that work can grow with the square of them."""


def origin(rehearsal: Rehearsal) -> str:
    """``on PostgreSQL 18.6, from the folder's own files``."""
    start = f"from the schema of {rehearsal.like}" if rehearsal.like else "from the folder's own files"
    return f"on {rehearsal.server}, {start}" if rehearsal.server else start


def other_major(target: str, wanted: int | None, found: int, so: str) -> tuple[str, ...]:
    """The note that scratch runs another major version than the target, if it does. `so`: what follows.

    `wanted` is the target's version, None if it is not known; `found` is the scratch server's.
    """
    if wanted is None or wanted == found:
        return ()
    return (
        f"{target} is PostgreSQL {wanted}, the scratch PostgreSQL {found}: {so}. "
        f"Install PostgreSQL {wanted}'s server programs, or name a server with [scratch] dsn, "
        f"and give --pg {wanted}.",
    )


# What failed


_PHASES: Mapping[str, str] = MappingProxyType(
    {
        "earlier": "before it was its turn",
        "apply": "in the migration",
        "rollback": "in its rollback",
        "reapply": "in the migration, run again after its rollback",
    }
)


def failure_place(failure: RehearsalFailure) -> str:
    """``in its rollback, statement 2: database/migrations/014_x.sql:12:5``."""
    return f"{failure_phase(failure)}: {failure_file(failure)}"


def failure_phase(failure: RehearsalFailure) -> str:
    """``in its rollback, statement 2``."""
    which = f", statement {failure.statement}" if failure.statement else ""
    return f"{_PHASES.get(failure.phase, failure.phase)}{which}"


def failure_file(failure: RehearsalFailure) -> str:
    """``database/migrations/014_x.sql:12:5``."""
    return ":".join(str(part) for part in (failure.file, failure.line, failure.column) if part is not None)


def failure_lines(failure: RehearsalFailure) -> tuple[tuple[str, str], ...]:
    """What the server said, each part with its label: ``("ERROR 42704", "type … does not exist")``."""
    code = f"ERROR {failure.sqlstate}" if failure.sqlstate else "ERROR"
    parts = ((code, failure.message), ("DETAIL", failure.detail), ("HINT", failure.hint))
    return tuple((label, text) for label, text in parts if text)


# What a statement did


def locks_by_mode(trace: StatementTrace) -> tuple[tuple[LockMode, tuple[str, ...]], ...]:
    """Each mode with what was locked in it, strongest first.

    An index is left out where its table is locked as strongly: that says all there is to wait for.
    """
    tables = {lock.relation: lock.mode.rank for lock in trace.locks if lock.of is None}
    found: dict[LockMode, list[str]] = {}
    for lock in sorted(trace.locks, key=lambda lock: (-lock.mode.rank, lock.of is not None, lock.relation)):
        if lock.of is None or tables.get(lock.of, 0) < lock.mode.rank:
            found.setdefault(lock.mode, []).append(_locked(lock))
    return tuple((mode, tuple(names)) for mode, names in found.items())


def lock_words(trace: StatementTrace) -> tuple[str, ...]:
    """``ACCESS EXCLUSIVE documents, chunks``: one for each mode, strongest first."""
    return tuple(f"{mode.value} {', '.join(names)}" for mode, names in locks_by_mode(trace))


def held_words(trace: StatementTrace) -> tuple[str, ...]:
    """``still holds ACCESS EXCLUSIVE documents``: strong locks of earlier statements of its transaction."""
    strong = [lock for lock in trace.held if lock.of is None and lock.mode.stops_writes]
    found: dict[LockMode, list[str]] = {}
    for lock in sorted(strong, key=lambda lock: (-lock.mode.rank, lock.relation)):
        found.setdefault(lock.mode, []).append(_locked(lock))
    return tuple(f"still holds {mode.value} {', '.join(names)}" for mode, names in found.items())


def _locked(lock: RelationLock) -> str:
    name = short(lock.relation)
    return name if lock.kind in {"table", "partitioned table"} else f"{name} ({lock.kind})"


def short(relation: str) -> str:
    """A qualified name without ``public.``, which says nothing."""
    return relation.removeprefix("public.")


def effects(trace: StatementTrace) -> tuple[str, ...]:
    """What it did that takes time or stays, in a few words each: ``rewrites documents``."""
    return tuple(_effects(trace))


def _effects(trace: StatementTrace) -> Iterator[str]:
    yield from (f"rewrites {short(name)}" for name in trace.rewritten)
    yield from (f"empties {short(name)}" for name in trace.truncated)
    yield from (f"builds the index {short(name)} anew" for name in trace.rebuilt)
    for scan in (*trace.scanned, *trace.scanned_by_any_session):
        times = f" {scan.scans} times" if scan.scans > 1 else ""
        yield f"reads all of {short(scan.relation)}{times}"
    made = {change.relation for change in trace.relations if change.change == "created"}
    yield from _indexes(trace, made)
    for change in trace.constraints:
        if change.relation in made or change.kind == "not null":
            continue  # of a new table nobody waits for it; and that a column is NOT NULL is said by the text
        verb = _CONSTRAINTS.get(change.change, change.change)
        yield verb.format(f"{change.constraint} ({change.kind}) of {short(change.relation)}")


_CONSTRAINTS: Mapping[str, str] = MappingProxyType(
    {
        "added": "adds {}",
        "added_not_valid": "adds {}, not valid yet",
        "validated": "validates {}",
        "dropped": "drops {}",
    }
)


def _indexes(trace: StatementTrace, made: set[str]) -> Iterator[str]:
    """Those of tables that were there before; one that is INVALID in any case."""
    for change in trace.relations:
        if change.kind != "index" or change.change != "created" or (change.of in made and change.valid):
            continue
        of = f" on {short(change.of)}" if change.of else ""
        state = "" if change.valid else ", INVALID"
        yield f"builds the index {short(change.relation)}{of}{state}"


# What differs


def ddl_diff(difference: Difference) -> tuple[tuple[str, str], ...]:
    """The definitions of both sides, line by line: ``-`` before, ``+`` after, a blank for both."""
    before, after = _lines(difference.expected), _lines(difference.actual)
    if len(before) + len(after) > _COMPARED:
        return (*(("-", line) for line in before), *(("+", line) for line in after))
    return tuple((line.sign, line.text) for line in line_diff(before, after))


def _lines(definition: str | None) -> list[str]:
    return definition.rstrip().splitlines() if definition else []
