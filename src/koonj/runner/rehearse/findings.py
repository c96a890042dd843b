"""Find effects that a verdict does not cover.

For example, a lock that is held while another statement scans a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from koonj.humanize import listed, plural
from koonj.postgres.locks.trace import LockMode, RelationLock, StatementTrace
from koonj.runner.rehearse.script_effects import ScriptEffects
from koonj.sql.row_changes import plain_name

_CALLING_VERBS = frozenset({"select", "with", "call", "do", "execute"})
"""Verbs of statements whose effect can depend on the functions that they call."""
_NAMED = 3
"""Maximum number of relations in one sentence."""
_TABLES = frozenset({"table", "partitioned table"})


def findings(body: ScriptEffects, rollback: ScriptEffects) -> tuple[str, ...]:
    """Return a sentence for each finding, those of the body first.

    `rollback` is empty if no rollback was run.
    """
    remaining = _remaining_rows(body.traces, rollback.traces) if rollback.traces else ()
    return (*_script_findings(body, ""), *_script_findings(rollback, "Rollback: "), *remaining)


def outside_schema(left: Iterable[str], missing: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each object outside the schema that is not restored.

    The verdict does not depend on these objects, such as roles.
    """
    yield from (f"Rollback: outside the schema, {what} is not removed." for what in left)
    yield from (f"Rollback: outside the schema, {what} is not restored." for what in missing)


def _script_findings(script: ScriptEffects, prefix: str) -> Iterator[str]:
    invalid = _invalid_at_end(script.traces)
    yield from (f"{prefix}{sentence}" for sentence in _held_locks(script.traces))
    for trace in script.traces:
        sentences = (*_invalid_indexes(trace, invalid), *_unknown_writes(trace, script))
        yield from (f"{prefix}{sentence}" for sentence in sentences)
    pending = _not_validated(script.traces)
    if pending:
        names = ", ".join(pending)
        yield f"{prefix}constraints remain NOT VALID (existing rows are not checked): {names}."


def _unknown_writes(trace: StatementTrace, script: ScriptEffects) -> Iterator[str]:
    """Yield a sentence for each table with writes that koonj cannot judge.

    The statement locked these tables for writing, but neither its text nor the rehearsal shows changed rows.
    """
    changes = script.changes.get(trace.index, ())
    verb = trace.summary.partition(" ")[0].lower()
    if verb not in _CALLING_VERBS or (changes and verb != "do"):
        return
    known_tables = {change.plain_table for change in changes} | {
        plain_name(w.relation) for w in trace.written
    }
    for lock in trace.locks:
        writes = lock.mode is LockMode.ROW_EXCLUSIVE and lock.kind in _TABLES
        writes = writes and lock.relation not in script.tried
        if writes and plain_name(lock.relation) not in known_tables:
            yield (
                f"line {trace.line}: a function or trigger writes to {lock.relation}. The scratch table is "
                "empty, so koonj cannot tell whether rows would be changed or lost."
            )


def _remaining_rows(body: Sequence[StatementTrace], rollback: Sequence[StatementTrace]) -> Iterator[str]:
    """Yield a sentence for each table in which the rollback leaves rows.

    The migration inserted these rows; the table existed before.
    """
    deleted_from = {written.relation for trace in rollback for written in trace.written if written.deleted}
    deleted_from |= {name for trace in rollback for name in trace.truncated}
    created = {c.relation for trace in body for c in trace.relations if c.change == "created"}
    inserted: dict[str, int] = {}
    for trace in body:
        for written in trace.written:
            inserted[written.relation] = (
                inserted.get(written.relation, 0) + written.inserted - written.deleted
            )
    for relation, count in sorted(inserted.items()):
        if count > 0 and relation not in deleted_from | created:
            rows = plural(count, "the row", f"the {count} rows")
            remain = plural(count, "remains", "remain")
            yield f"Rollback: {rows} that the migration inserts into {relation} {remain}."


@dataclass(slots=True)
class _HeldLock:
    """A strong lock, and the later statements of its transaction that scan or rewrite while it is held."""

    lock: RelationLock
    line: int | None
    """Line of the statement that took it; None if that is unknown."""
    lines: list[int] = field(default_factory=list)
    relations: dict[str, None] = field(default_factory=dict)

    def sentence(self) -> str:
        start = "an earlier statement" if self.line is None else f"line {self.line}"
        work = f"line {self.lines[0]} scans or rewrites"
        if len(self.lines) > 1:
            work = f"lines {self.lines[0]} to {self.lines[-1]} scan or rewrite"
        names = listed(sorted(self.relations), _NAMED)
        return f"{start}: {self.lock.mode.value} on {self.lock.relation} is held while {work} {names}."


def _held_locks(traces: Iterable[StatementTrace]) -> Iterator[str]:
    """Yield a sentence for each strong lock that is held while later statements scan or rewrite."""
    taken: dict[str, StatementTrace] = {}
    found: dict[tuple[int, str, LockMode], _HeldLock] = {}
    for trace in traces:
        long_work = {scan.relation for scan in trace.scanned} | set(trace.rewritten)
        for lock in trace.held if long_work else ():
            if lock.mode.stops_writes and lock.kind != "index":
                origin = taken.get(lock.relation)
                key = (0 if origin is None else origin.index, lock.relation, lock.mode)
                held = found.setdefault(key, _HeldLock(lock, None if origin is None else origin.line))
                held.lines.append(trace.line)
                held.relations.update(dict.fromkeys(long_work))
        taken.update({lock.relation: trace for lock in trace.locks if lock.mode.stops_writes})
    yield from (held.sentence() for held in found.values())


def _invalid_indexes(trace: StatementTrace, invalid: set[str]) -> Iterator[str]:
    for change in trace.relations:
        if change.change == "created" and change.relation in invalid:
            yield f"line {trace.line}: index {change.relation} remains INVALID."


def _invalid_at_end(traces: Iterable[StatementTrace]) -> set[str]:
    """Return the indexes that are INVALID at the end of the script.

    An index of a partitioned table is INVALID only until an index of every partition is attached.
    """
    invalid: set[str] = set()
    for change in (change for trace in traces for change in trace.relations):
        if change.change == "created" and not change.valid:
            invalid.add(change.relation)
        else:
            invalid.discard(change.relation)
    return invalid


def _not_validated(traces: Sequence[StatementTrace]) -> list[str]:
    not_validated: dict[tuple[str, str], None] = {}
    for trace in traces:
        for change in trace.constraints:
            key = change.relation, change.constraint
            if change.change == "added_not_valid":
                not_validated[key] = None
            elif change.change in {"validated", "dropped"}:
                not_validated.pop(key, None)
    return [f"{constraint} on {relation}" for relation, constraint in not_validated]
