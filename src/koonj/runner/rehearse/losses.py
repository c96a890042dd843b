"""What data is gone after a migration was run and rolled back, in words: what no rollback brings back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from koonj.postgres.locks.values import StatementTrace
from koonj.sql.row_changes import RowChange, plain_name, row_changes
from koonj.sql.script import Script
from koonj.sql.type_names import holds_all

_KEEPS_ROWS = frozenset({"table", "partitioned table"})


def losses(
    up: Sequence[StatementTrace], down: Sequence[StatementTrace], body: Script, rollback: Script | None
) -> tuple[str, ...]:
    """Sentences without a full stop, one for each thing that loses data, in the order of the statements.

    What the migration itself made is no loss when it goes: only what can have been there before counts.
    """
    made = _Made.by(up)
    inserted = {c.plain_table for c in _changes(body) if c.verb in {"insert", "merge"}}
    taken_back = {c.plain_table for c in _changes(rollback) if c.verb == "update"}
    found = [
        *_of_catalog(up, _Made.nothing(), ""),
        *_of_rows(_changes(body), made, "", updated_back=taken_back),
        *_of_catalog(down, made, "the rollback "),
        *_of_rows(
            (c for c in _changes(rollback) if c.plain_table not in inserted and c.verb != "update"),
            made,
            "the rollback ",
        ),
    ]
    return tuple(dict.fromkeys(found))


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
            (c.relation, c.column) for t in seen for c in t.columns if c.change in {"added", "retyped"}
        }
        return cls(frozenset(relations), frozenset(columns))

    def has(self, change: RowChange) -> bool:
        """Does a change of rows touch only what was made?"""
        if change.plain_table in self._plain:
            return True
        touched = {(change.plain_table, plain_name(column)) for column in change.columns}
        return change.verb == "update" and bool(touched) and touched <= self._plain_columns


def _of_catalog(traces: Iterable[StatementTrace], made: _Made, who: str) -> Iterator[str]:
    """Tables, columns and values that a statement was seen to take away."""
    own: set[str] = set(made.relations)
    for trace in traces:
        own |= {r.relation for r in trace.relations if r.change == "created"}
        for gone in trace.relations:
            if gone.change == "dropped" and gone.kind in _KEEPS_ROWS and gone.relation not in own:
                yield f"{who}drops the table {gone.relation} with its rows"
        for table in trace.emptied:
            if table not in own:
                yield f"{who}empties {table} (TRUNCATE)"
        for column in trace.columns:
            known = column.relation in own or (column.relation, column.column) in made.columns
            if known or not column.existed:
                continue
            if column.change == "dropped":
                yield f"{who}drops the column {column.relation}.{column.column} with its values"
            elif column.change == "retyped" and not holds_all(column.before, column.after):
                yield (
                    f"{who}turns {column.relation}.{column.column} from {column.before} into {column.after}, "
                    "which does not hold every value"
                )


def _of_rows(
    changes: Iterable[RowChange], made: _Made, who: str, *, updated_back: Iterable[str] = ()
) -> Iterator[str]:
    """Rows and values that a statement's text takes away."""
    for change in changes:
        if made.has(change):
            continue
        if change.verb == "delete":
            yield f"{who}deletes rows of {change.table} (DELETE)"
        elif change.verb == "update" and change.plain_table not in updated_back:
            yield f"{who}overwrites {_values(change)} (UPDATE)"


def _values(change: RowChange) -> str:
    if not change.columns:
        return f"values of {change.table}"
    return ", ".join(f"{change.table}.{column}" for column in change.columns)


def _changes(script: Script | None) -> list[RowChange]:
    return [] if script is None else [c for s in script.statements for c in row_changes(s)]
