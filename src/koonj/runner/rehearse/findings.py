"""What else a rehearsal shows that a person should know before the migration meets a large table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from koonj.humanize import plural
from koonj.postgres.locks.trace import LockMode, StatementTrace
from koonj.runner.rehearse.script_effects import ScriptEffects
from koonj.sql.row_changes import plain_name

_CALLS = frozenset({"select", "with", "call", "do", "execute"})
"""Statements that can do what only the functions know that they call."""
_TABLES = frozenset({"table", "partitioned table"})


def findings(up: ScriptEffects, down: ScriptEffects) -> tuple[str, ...]:
    """Sentences, those of the migration first. `down`: empty where no rollback was run."""
    stay = _rows_that_stay(up.traces, down.traces) if down.traces else ()
    return (*_of(up, ""), *_of(down, "Rollback: "), *stay)


def outside_schema(left: Iterable[str], missing: Iterable[str]) -> Iterator[str]:
    """What a rollback does not bring back beside the schema, where no verdict looks."""
    yield from (f"Rollback: beside the schema, this stays: {what}." for what in left)
    yield from (f"Rollback: beside the schema, this is missing: {what}." for what in missing)


def _of(side: ScriptEffects, where: str) -> Iterator[str]:
    invalid = _invalid(side.traces)
    for trace in side.traces:
        of_trace = (*_held(trace), *_left(trace, invalid), *_unseen(trace, side))
        yield from (f"{where}{sentence}" for sentence in of_trace)
    pending = _not_validated(side.traces)
    if pending:
        names = ", ".join(pending)
        yield f"{where}left not valid, which later rows keep and older ones may not: {names}."


def _unseen(trace: StatementTrace, side: ScriptEffects) -> Iterator[str]:
    """Tables that a statement locked to write rows, of which neither its text nor the scratch tells more."""
    said = side.changes.get(trace.index, ())
    verb = trace.summary.partition(" ")[0].lower()
    if verb not in _CALLS or (said and verb != "do"):
        return
    known = {change.plain_table for change in said} | {plain_name(w.relation) for w in trace.written}
    for lock in trace.locks:
        writes = lock.mode is LockMode.ROW_EXCLUSIVE and lock.kind in _TABLES
        if writes and plain_name(lock.relation) not in known:
            yield (
                f"line {trace.line}: writes to {lock.relation} through what it calls; whether rows are "
                "changed or lost by that cannot be seen where there are none."
            )


def _rows_that_stay(up: Sequence[StatementTrace], down: Sequence[StatementTrace]) -> Iterator[str]:
    """Rows that the migration put into a table of another one, and that its rollback does not take out."""
    taken = {written.relation for trace in down for written in trace.written if written.deleted}
    taken |= {name for trace in down for name in trace.truncated}
    made = {c.relation for trace in up for c in trace.relations if c.change == "created"}
    inserted: dict[str, int] = {}
    for trace in up:
        for written in trace.written:
            inserted[written.relation] = (
                inserted.get(written.relation, 0) + written.inserted - written.deleted
            )
    for relation, number in sorted(inserted.items()):
        if number > 0 and relation not in taken | made:
            rows = plural(number, "the row", f"the {number} rows")
            stays = plural(number, "stays", "stay")
            yield f"Rollback: {rows} that the migration puts into {relation} {stays} there."


def _held(trace: StatementTrace) -> Iterator[str]:
    """A strong lock of an earlier statement that is held while this one reads or writes a whole table."""
    long = sorted({scan.relation for scan in trace.scanned} | set(trace.rewritten))
    for lock in trace.held:
        if long and lock.mode.stops_writes and lock.kind != "index":
            yield (
                f"line {trace.line}: {lock.mode.value} on {lock.relation}, taken by an earlier statement, "
                f"is held while this one goes through {', '.join(long)}."
            )


def _left(trace: StatementTrace, invalid: set[str]) -> Iterator[str]:
    for change in trace.relations:
        if change.change == "created" and change.relation in invalid:
            yield f"line {trace.line}: the index {change.relation} is INVALID afterwards."


def _invalid(traces: Iterable[StatementTrace]) -> set[str]:
    """Indexes that are so at the end: one of a partitioned table is at first, until all are attached."""
    invalid: set[str] = set()
    for change in (change for trace in traces for change in trace.relations):
        if change.change == "created" and not change.valid:
            invalid.add(change.relation)
        else:
            invalid.discard(change.relation)
    return invalid


def _not_validated(traces: Sequence[StatementTrace]) -> list[str]:
    open_ones: dict[tuple[str, str], None] = {}
    for trace in traces:
        for change in trace.constraints:
            key = change.relation, change.constraint
            if change.change == "added_not_valid":
                open_ones[key] = None
            elif change.change in {"validated", "dropped"}:
                open_ones.pop(key, None)
    return [f"{constraint} on {relation}" for relation, constraint in open_ones]
