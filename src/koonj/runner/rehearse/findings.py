"""What else a rehearsal shows that a person should know before the migration meets a large table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.postgres.locks.values import StatementTrace


def findings(up: Sequence[StatementTrace], down: Sequence[StatementTrace]) -> tuple[str, ...]:
    """Sentences, those of the migration first. `down`: empty where no rollback was run."""
    return (*_of(up, ""), *_of(down, "Rollback: "), *(_rows_that_stay(up, down) if down else ()))


def _of(traces: Sequence[StatementTrace], where: str) -> Iterator[str]:
    for trace in traces:
        yield from (f"{where}{sentence}" for sentence in (*_held(trace), *_left(trace)))
    pending = _not_validated(traces)
    if pending:
        names = ", ".join(pending)
        yield f"{where}left not valid, which later rows keep and older ones may not: {names}."


def _rows_that_stay(up: Sequence[StatementTrace], down: Sequence[StatementTrace]) -> Iterator[str]:
    """Rows that the migration put into a table of another one, and that its rollback does not take out."""
    taken = {written.relation for trace in down for written in trace.written if written.deleted}
    taken |= {name for trace in down for name in trace.emptied}
    made = {c.relation for trace in up for c in trace.relations if c.change == "created"}
    inserted: dict[str, int] = {}
    for trace in up:
        for written in trace.written:
            inserted[written.relation] = (
                inserted.get(written.relation, 0) + written.inserted - written.deleted
            )
    for relation, count in sorted(inserted.items()):
        if count > 0 and relation not in taken | made:
            rows = "the row" if count == 1 else f"the {count} rows"
            stays = "stays" if count == 1 else "stay"
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
