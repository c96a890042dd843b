"""What data is gone after a migration was run and rolled back, in words: what no rollback brings back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from koonj.postgres.locks.trace import ColumnChange, StatementTrace
from koonj.runner.rehearse.script_effects import ScriptEffects
from koonj.sql.row_changes import RowChange, plain_name
from koonj.sql.type_names import holds_all

_KEEPS_ROWS = frozenset({"table", "partitioned table"})
_IN_ROLLBACK = " in its rollback"
_HOWS = {"update": "UPDATE", "using": "USING"}


def losses(up: ScriptEffects, down: ScriptEffects) -> tuple[str, ...]:
    """What ``the migration`` does, one for each thing that loses data, in the order of the statements.

    What the migration itself made is no loss when it goes: only what can have been there before counts.
    """
    made = _Made.by(up.traces)
    inserted = {c.plain_table for c in up.row_changes if c.verb == "insert"}
    taken_back = {c.plain_table for c in down.row_changes if c.verb in _HOWS}
    found = [
        *_of_catalog(up.traces, _Made.nothing(), "", positions=not _sets_positions(down)),
        *_of_rows(up.row_changes, made, "", updated_back=taken_back),
        *_seen(up, _written_by(down, "updated"), made, ""),
        *_of_catalog(down.traces, made, _IN_ROLLBACK, positions=True),
        *_of_rows((c for c in down.row_changes if _deletes(c, inserted)), made, _IN_ROLLBACK),
        *_seen(down, _written_by(up, "inserted", "updated"), made, _IN_ROLLBACK),
    ]
    return tuple(dict.fromkeys(found))


def _deletes(change: RowChange, inserted: set[str]) -> bool:
    """More than the rows that the migration put there?"""
    return change.verb == "delete" and (change.everything or change.plain_table not in inserted)


class _Made:
    """What a script made: relations, and columns of older ones."""

    def __init__(self, relations: frozenset[str], columns: frozenset[tuple[str, str]]) -> None:
        self.relations = relations
        self.columns = columns
        self._plain = {plain_name(name) for name in relations}
        self._plain_columns = {(plain_name(table), column) for table, column in columns}

    @classmethod
    def nothing(cls) -> _Made:
        return cls(frozenset(), frozenset())

    @classmethod
    def by(cls, traces: Iterable[StatementTrace]) -> _Made:
        seen = list(traces)
        relations = {r.relation for t in seen for r in t.relations if r.change == "created"}
        columns = {
            (c.relation, c.column) for t in seen for c in t.columns if c.change in {"added", "type_changed"}
        }
        return cls(frozenset(relations), frozenset(columns))

    def has(self, change: RowChange) -> bool:
        """Does a change of rows touch only what was made?"""
        if change.plain_table in self._plain:
            return True
        touched = {(change.plain_table, plain_name(column)) for column in change.columns}
        return change.verb == "update" and bool(touched) and touched <= self._plain_columns


def _of_catalog(
    traces: Iterable[StatementTrace], made: _Made, where: str, *, positions: bool
) -> Iterator[str]:
    """Tables, columns and values that a statement was seen to take away; `positions`: of sequences too."""
    own: set[str] = set(made.relations)
    for trace in traces:
        own |= {r.relation for r in trace.relations if r.change == "created"}
        gone = {r.relation: r.kind for r in trace.relations if r.change == "dropped"}
        tables = [name for name, kind in gone.items() if kind in _KEEPS_ROWS]
        yield from (f"drops the table {name} with its rows{where}" for name in tables if name not in own)
        views = {lock.relation for lock in trace.effective if lock.kind == "materialized view"}
        for table in trace.truncated:
            if table not in own and table not in views:
                yield f"empties {table} (TRUNCATE){where}"
        columns = [c for c in trace.columns if c.change == "dropped"]
        if positions and not tables and not columns:
            for name, kind in gone.items():
                if kind == "sequence" and name not in own:
                    yield f"drops the sequence {name} with its position{where}"
        for column in trace.columns:
            if column.relation not in own and (column.relation, column.column) not in made.columns:
                yield from _of_column(column, where)


def _of_column(column: ColumnChange, where: str) -> Iterator[str]:
    name = f"{column.relation}.{column.column}"
    if not column.existed:
        return
    if column.change == "dropped" and not column.generated:
        yield f"drops the column {name} with its values{where}"
    elif column.change == "type_changed" and column.before == column.after:
        yield f"turns {name} into another {column.after}{where}, which may not hold every value"
    elif column.change == "type_changed" and not holds_all(column.base or column.before, column.after):
        yield f"turns {name} from {column.before} into {column.after}{where}, which does not hold every value"


def _sets_positions(side: ScriptEffects) -> bool:
    """Does its text put sequences to where they are to go on?"""
    texts = (statement.text.lower() for statement in side.statements)
    return any("setval" in text or "restart" in text for text in texts)


def _of_rows(
    changes: Iterable[RowChange], made: _Made, where: str, *, updated_back: Iterable[str] = ()
) -> Iterator[str]:
    """Rows and values that a statement's text takes away."""
    for change in changes:
        if made.has(change):
            continue
        table = change.table or "a table that is named as it runs"
        if change.verb == "delete":
            what = "all rows" if change.everything else "rows"
            yield f"deletes {what} of {table} (DELETE){where}"
        elif change.verb in _HOWS and change.plain_table not in updated_back:
            yield f"overwrites {_values(table, change.columns)} ({_HOWS[change.verb]}){where}"


def _values(table: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{table}.{column}" for column in columns) if columns else f"values of {table}"


def _seen(side: ScriptEffects, excused: set[str], made: _Made, where: str) -> Iterator[str]:
    """Rows of which no text speaks: a function, a trigger or a foreign key took them, as the scratch saw."""
    for trace in side.traces:
        said = side.changes.get(trace.index, ())
        deleted = {c.plain_table for c in said if c.verb == "delete"}
        updated = {c.plain_table for c in said if c.verb == "update"}
        for written in trace.written:
            table = written.relation
            if table in made.relations or table in excused:
                continue
            if written.deleted and plain_name(table) not in deleted:
                yield f"deletes rows of {table} (as it ran){where}"
            if written.updated and plain_name(table) not in updated:
                yield f"overwrites values of {table} (as it ran){where}"


def _written_by(side: ScriptEffects, *ways: str) -> set[str]:
    """Relations in which it was seen to have inserted, updated or deleted rows."""
    return {w.relation for trace in side.traces for w in trace.written if any(getattr(w, k) for k in ways)}
