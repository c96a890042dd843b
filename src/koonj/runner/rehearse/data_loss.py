"""Find data that is lost when a migration is applied and rolled back.

Each loss is described in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from koonj.postgres.locks.trace import ColumnChange, StatementTrace
from koonj.runner.rehearse.script_effects import ScriptEffects
from koonj.sql.row_changes import RowChange, plain_name
from koonj.sql.type_names import holds_all

_KEEPS_ROWS = frozenset({"table", "partitioned table"})
_IN_ROLLBACK = " in its rollback"
_UPDATES = {"update": "UPDATE", "using": "USING"}


def losses(body: ScriptEffects, rollback: ScriptEffects) -> tuple[str, ...]:
    """Return a phrase for each data loss, in the order of the statements.

    A phrase continues ``the migration``, for example ``drops the table public.a with its rows``. Objects and
    rows that the migration itself created do not count: only data from before can be lost.
    """
    created = _Created.from_traces(body.traces)
    inserted_into = {c.plain_table for c in body.row_changes if c.verb == "insert"}
    updated_back = {c.plain_table for c in rollback.row_changes if c.verb in _UPDATES}
    found = [
        *_catalog_losses(body.traces, _Created.nothing(), "", positions=not _sets_positions(rollback)),
        *_row_losses(body.row_changes, created, "", updated_back=updated_back),
        *_observed_losses(body, _written_by(rollback, "updated"), created, ""),
        *_catalog_losses(rollback.traces, created, _IN_ROLLBACK, positions=True),
        *_row_losses((c for c in rollback.row_changes if _deletes(c, inserted_into)), created, _IN_ROLLBACK),
        *_observed_losses(rollback, _written_by(body, "inserted", "updated"), created, _IN_ROLLBACK),
    ]
    return tuple(dict.fromkeys(found))


def _deletes(change: RowChange, inserted_into: set[str]) -> bool:
    """Return whether a statement deletes more rows than the migration inserted."""
    return change.verb == "delete" and (change.everything or change.plain_table not in inserted_into)


class _Created:
    """Relations and columns that a script created.

    A column counts if it was added to an older table, or if its type was changed.
    """

    def __init__(self, relations: frozenset[str], columns: frozenset[tuple[str, str]]) -> None:
        self.relations = relations
        self.columns = columns
        self._plain_relations = {plain_name(name) for name in relations}
        self._plain_columns = {(plain_name(table), column) for table, column in columns}

    @classmethod
    def nothing(cls) -> _Created:
        """Return an empty set of objects."""
        return cls(frozenset(), frozenset())

    @classmethod
    def from_traces(cls, traces: Iterable[StatementTrace]) -> _Created:
        """Return the objects that the statements in `traces` created."""
        traces = list(traces)
        relations = {r.relation for t in traces for r in t.relations if r.change == "created"}
        columns = {
            (c.relation, c.column) for t in traces for c in t.columns if c.change in {"added", "type_changed"}
        }
        return cls(frozenset(relations), frozenset(columns))

    def touches_only_created(self, change: RowChange) -> bool:
        """Return whether a row change touches only what the script created."""
        if change.plain_table in self._plain_relations:
            return True
        touched = {(change.plain_table, plain_name(column)) for column in change.columns}
        return change.verb == "update" and bool(touched) and touched <= self._plain_columns


def _catalog_losses(
    traces: Iterable[StatementTrace], created: _Created, suffix: str, *, positions: bool
) -> Iterator[str]:
    """Yield losses that the catalog shows: removed tables, columns and values.

    `positions`: also current values of sequences. `suffix`: end of each phrase.
    """
    own_relations: set[str] = set(created.relations)
    for trace in traces:
        own_relations |= {r.relation for r in trace.relations if r.change == "created"}
        dropped = {r.relation: r.kind for r in trace.relations if r.change == "dropped"}
        tables = [name for name, kind in dropped.items() if kind in _KEEPS_ROWS]
        yield from (
            f"drops the table {name} with its rows{suffix}" for name in tables if name not in own_relations
        )
        views = {lock.relation for lock in trace.effective if lock.kind == "materialized view"}
        for table in trace.truncated:
            if table not in own_relations and table not in views:
                yield f"deletes all rows of {table} (TRUNCATE){suffix}"
        columns = [c for c in trace.columns if c.change == "dropped"]
        if positions and not tables and not columns:
            for name, kind in dropped.items():
                if kind == "sequence" and name not in own_relations:
                    yield f"drops the sequence {name} with its current value{suffix}"
        for column in trace.columns:
            if (
                column.relation not in own_relations
                and (column.relation, column.column) not in created.columns
            ):
                yield from _column_losses(column, suffix)


def _column_losses(column: ColumnChange, suffix: str) -> Iterator[str]:
    name = f"{column.relation}.{column.column}"
    if not column.existed:
        return
    if column.change == "dropped" and not column.generated:
        yield f"drops the column {name} with its values{suffix}"
    elif column.change == "type_changed" and column.before == column.after:
        yield f"changes {name} to another type named {column.after}{suffix}, which might not hold every value"
    elif column.change == "type_changed" and not holds_all(column.base or column.before, column.after):
        yield f"changes {name} from {column.before} to {column.after}{suffix}, which cannot hold every value"


def _sets_positions(script: ScriptEffects) -> bool:
    """Return whether the text of the script sets sequences (setval or RESTART)."""
    texts = (statement.text.lower() for statement in script.statements)
    return any("setval" in text or "restart" in text for text in texts)


def _row_losses(
    changes: Iterable[RowChange], created: _Created, suffix: str, *, updated_back: Iterable[str] = ()
) -> Iterator[str]:
    """Yield losses that the SQL text shows: deleted rows, overwritten values."""
    for change in changes:
        if created.touches_only_created(change):
            continue
        table = change.table or "a table whose name is computed at run time"
        if change.verb == "delete":
            what = "all rows" if change.everything else "rows"
            yield f"deletes {what} of {table} (DELETE){suffix}"
        elif change.verb in _UPDATES and change.plain_table not in updated_back:
            yield f"overwrites {_values(table, change.columns)} ({_UPDATES[change.verb]}){suffix}"


def _values(table: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{table}.{column}" for column in columns) if columns else f"values of {table}"


def _observed_losses(
    script: ScriptEffects, compensated: set[str], created: _Created, suffix: str
) -> Iterator[str]:
    """Yield losses that only the rehearsal shows.

    A function, a trigger or a foreign key causes them. `compensated`: tables to which the other script
    writes; they are skipped.
    """
    for trace in script.traces:
        changes = script.changes.get(trace.index, ())
        deleted = {c.plain_table for c in changes if c.verb == "delete"}
        updated = {c.plain_table for c in changes if c.verb == "update"}
        for written in trace.written:
            table = written.relation
            if table in created.relations or table in compensated:
                continue
            if written.deleted and plain_name(table) not in deleted:
                yield f"deletes rows of {table} (seen in the rehearsal){suffix}"
            if written.updated and plain_name(table) not in updated:
                yield f"overwrites values of {table} (seen in the rehearsal){suffix}"


def _written_by(script: ScriptEffects, *kinds: str) -> set[str]:
    """Return relations to which the script wrote in the rehearsal.

    `kinds`: ``inserted``, ``updated`` or ``deleted``.
    """
    return {w.relation for trace in script.traces for w in trace.written if any(getattr(w, k) for k in kinds)}
