"""What else a rehearsal shows that a person should know before the migration meets a large table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.postgres.locks.values import StatementTrace


def findings(up: Sequence[StatementTrace], down: Sequence[StatementTrace]) -> tuple[str, ...]:
    """Sentences, those of the migration first."""
    return (*_of(up, ""), *_of(down, "Rollback: "))


def _of(traces: Sequence[StatementTrace], where: str) -> Iterator[str]:
    for trace in traces:
        yield from (f"{where}{sentence}" for sentence in (*_held(trace), *_left(trace)))
    pending = _not_validated(traces)
    if pending:
        names = ", ".join(pending)
        yield f"{where}left not valid, which later rows keep and older ones may not: {names}."


def _held(trace: StatementTrace) -> Iterator[str]:
    """A strong lock of an earlier statement that is held while this one reads or writes a whole table."""
    long = sorted({scan.relation for scan in trace.scanned} | set(trace.rewritten))
    for lock in trace.held:
        if long and lock.mode.stops_writes and lock.kind != "index":
            yield (
                f"line {trace.line}: {lock.mode.value} on {lock.relation}, taken by an earlier statement, "
                f"is held while this one goes through {', '.join(long)}."
            )


def _left(trace: StatementTrace) -> Iterator[str]:
    for change in trace.relations:
        if change.change == "created" and not change.valid:
            yield f"line {trace.line}: the index {change.relation} is INVALID afterwards."


def _not_validated(traces: Sequence[StatementTrace]) -> list[str]:
    open_ones: dict[tuple[str, str], None] = {}
    for trace in traces:
        for change in trace.constraints:
            key = change.relation, change.constraint
            if change.change == "added not valid":
                open_ones[key] = None
            elif change.change in {"validated", "dropped"}:
                open_ones.pop(key, None)
    return [f"{constraint} on {relation}" for relation, constraint in open_ones]
