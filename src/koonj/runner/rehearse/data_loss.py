"""Find data that is lost when a migration is applied and rolled back.

Statements and the catalog show what can be lost. Made-up rows show whether it is. Each loss is described in
words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from koonj.postgres.locks.trace import ColumnChange, StatementTrace
from koonj.runner.rehearse.evidence import Evidence
from koonj.runner.rehearse.hidden_suspicions import hidden_suspicions
from koonj.runner.rehearse.script_effects import ScriptEffects
from koonj.runner.rehearse.suspicion import Source, Suspicion
from koonj.runner.rehearse.trial import Trial
from koonj.runner.run.direction import Direction
from koonj.sql.row_changes import RowChange, plain_name
from koonj.sql.type_names import holds_all

_KEEPS_ROWS = frozenset({"table", "partitioned table"})
_IN_ROLLBACK = " in its rollback"
_UPDATES = {"update": "UPDATE", "using": "USING"}


def losses(body: ScriptEffects, rollback: ScriptEffects, trial: Trial | None = None) -> tuple[str, ...]:
    """Return a phrase for each data loss, in the order of the statements.

    A phrase continues ``the migration``, for example ``drops the table public.a with its rows``. Objects and
    rows that the migration itself created do not count: only data from before can be lost. `trial`: what
    happened to made-up rows; it decides wherever it had some.
    """
    evidence = Evidence(trial)
    found = [
        phrase
        for suspicion in _Search(body, rollback, trial).suspicions()
        if (phrase := evidence.judged(suspicion)) is not None
    ]
    return tuple(dict.fromkeys((*found, *evidence.unexplained())))


@dataclass(frozen=True, slots=True)
class _Target:
    """A row change with the name that its table had before the migration."""

    change: RowChange
    place: tuple[Direction, int]
    table: str | None
    """None if it is not known; empty if the migration created it."""

    @property
    def columns(self) -> frozenset[str]:
        """Columns as in the catalog."""
        return frozenset(plain_name(column) for column in self.change.columns)


@dataclass(frozen=True, slots=True)
class _Created:
    """Relations and columns that a script created, by qualified names.

    A column counts if it was added to an older table, or if its type was changed.
    """

    relations: frozenset[str] = frozenset()
    columns: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def from_traces(cls, traces: Iterable[StatementTrace]) -> _Created:
        """Return the objects that the statements in `traces` created."""
        traces = list(traces)
        relations = {r.relation for t in traces for r in t.relations if r.change == "created"}
        columns = {
            (c.relation, c.column) for t in traces for c in t.columns if c.change in {"added", "type_changed"}
        }
        return cls(frozenset(relations), frozenset(columns))

    def contains(self, target: _Target) -> bool:
        """Return whether a row change touches only what the script created."""
        if target.table is None:
            return False
        if not target.table or target.table in self.relations:
            return True
        touched = {(target.table, column) for column in target.columns}
        return target.change.verb == "update" and bool(touched) and touched <= self.columns


class _Search:
    """Search for statements that can lose data."""

    def __init__(self, body: ScriptEffects, rollback: ScriptEffects, trial: Trial | None) -> None:
        self._body = body
        self._rollback = rollback
        self._trial = trial
        self._created = _Created.from_traces(body.traces)
        self._body_targets = tuple(self._targets(body, Direction.APPLY))
        self._rollback_targets = tuple(self._targets(rollback, Direction.ROLLBACK))

    def suspicions(self) -> Iterator[Suspicion]:
        """Yield them in the order of the statements."""
        body, rollback, created = self._body, self._rollback, self._created
        positions = self._trial is not None or not _sets_positions(rollback)
        yield from _catalog(body.traces, Direction.APPLY, _Created(), "", positions=positions)
        yield from self._rows(self._body_targets, self._rollback_targets, "")
        yield from hidden_suspicions(body, rollback, Direction.APPLY, created.relations, "")
        yield from _observed(body, Direction.APPLY, _written_by(rollback, "updated"), created, "")
        yield from _catalog(rollback.traces, Direction.ROLLBACK, created, _IN_ROLLBACK, positions=True)
        yield from self._rows(self._rollback_targets, self._body_targets, _IN_ROLLBACK)
        in_rollback = Direction.ROLLBACK, created.relations, _IN_ROLLBACK
        yield from hidden_suspicions(rollback, body, *in_rollback)
        written = _written_by(body, "inserted", "updated")
        yield from _observed(rollback, Direction.ROLLBACK, written, created, _IN_ROLLBACK)

    def _targets(self, script: ScriptEffects, direction: Direction) -> Iterator[_Target]:
        traces = {trace.index: trace for trace in script.traces}
        for index, changes in script.changes.items():
            place = direction, index
            retyped = (
                [c for c in traces[index].columns if c.change == "type_changed"] if index in traces else []
            )
            for change in changes:
                if change.verb == "using" and not change.table and retyped:  # a computed name, but known now
                    for one in retyped:
                        own = replace(change, table=one.relation, columns=(one.column,))
                        yield _Target(own, place, one.relation)
                    continue
                yield _Target(change, place, self._resolved(change, place, traces.get(index)))

    def _resolved(
        self, change: RowChange, place: tuple[Direction, int], trace: StatementTrace | None
    ) -> str | None:
        """Return the name that the changed table had before the migration; see _Target."""
        if not change.table:
            return None
        if self._trial is not None and place in self._trial.targets:
            return self._trial.targets[place].get(change.table)
        if trace is None:
            return None
        locked = [
            lock.relation
            for lock in trace.effective
            if lock.kind in _KEEPS_ROWS and plain_name(lock.relation) == change.plain_table
        ]
        exact = [name for name in locked if plain_schema(change.table) in {"", plain_schema(name)}]
        if len(exact) == 1:
            return exact[0]
        created = [name for name in self._created.relations if plain_name(name) == change.plain_table]
        return "" if not exact and created else None

    def _rows(
        self, targets: Iterable[_Target], others: Iterable[_Target], suffix: str
    ) -> Iterator[Suspicion]:
        """Yield suspicions that the SQL text shows: deleted rows, overwritten values."""
        others = tuple(others)
        for target in targets:
            change = target.change
            if self._created.contains(target):
                continue
            table = change.table or "a table whose name is computed at run time"
            if change.verb == "delete":
                what = "all rows" if change.everything else "rows"
                phrase = f"deletes {what} of {table} (DELETE){suffix}"
            elif change.verb in _UPDATES:
                phrase = f"overwrites {_values(table, change.columns)} ({_UPDATES[change.verb]}){suffix}"
            else:
                continue
            columns: frozenset[str] = frozenset() if change.verb == "delete" else target.columns
            excused = _excused(target, others)
            source = Source.CATALOG if change.verb == "using" and target.table else Source.TEXT
            yield Suspicion(phrase, source, target.place, target.table, columns, excused)


def _excused(target: _Target, others: Iterable[_Target]) -> bool:
    """Return whether the other script writes what corresponds to this change.

    A rollback updates the same columns of the same table, or deletes rows of a table into which the migration
    inserted some.
    """
    if target.table is None:
        return False
    same = [other for other in others if other.table == target.table]
    if target.change.verb == "delete":
        inserts = any(other.change.verb == "insert" for other in same)
        return inserts and target.place[0] is Direction.ROLLBACK and not target.change.everything
    return any(
        other.change.verb in _UPDATES and (target.columns <= other.columns or not other.columns)
        for other in same
    )


def plain_schema(name: str) -> str:
    """Return the schema of a name as in the catalog; empty if the name has none."""
    schema = name[: len(name) - len(_written_last(name))].rstrip(".")
    return plain_name(schema) if schema else ""


def _written_last(name: str) -> str:
    last = plain_name(name)
    quoted = '"' + last.replace('"', '""') + '"'
    return quoted if name.endswith(quoted) else last if not name.endswith('"') else name


def _catalog(
    traces: Iterable[StatementTrace], direction: Direction, created: _Created, suffix: str, *, positions: bool
) -> Iterator[Suspicion]:
    """Yield suspicions that the catalog shows: removed tables, columns and values.

    `positions`: also current values of sequences. `suffix`: end of each phrase.
    """
    own_relations: set[str] = set(created.relations)
    for trace in traces:
        place = direction, trace.index
        own_relations |= {r.relation for r in trace.relations if r.change == "created"}
        dropped = {r.relation: r.kind for r in trace.relations if r.change == "dropped"}
        tables = [name for name, kind in dropped.items() if kind in _KEEPS_ROWS]
        for name in tables:
            if name not in own_relations:
                yield Suspicion(f"drops the table {name} with its rows{suffix}", Source.CATALOG, place, name)
        views = {lock.relation for lock in trace.effective if lock.kind == "materialized view"}
        for table in trace.truncated:
            if table not in own_relations and table not in views:
                phrase = f"deletes all rows of {table} (TRUNCATE){suffix}"
                yield Suspicion(phrase, Source.CATALOG, place, table)
        if positions and not tables and not any(c.change == "dropped" for c in trace.columns):
            for name, kind in dropped.items():
                if kind == "sequence" and name not in own_relations:
                    phrase = f"drops the sequence {name} with its current value{suffix}"
                    yield Suspicion(phrase, Source.SEQUENCE, place, name)
        columns = (c for c in trace.columns if c.relation not in own_relations)
        yield from _columns(columns, place, created, suffix)


def _columns(
    columns: Iterable[ColumnChange], place: tuple[Direction, int], created: _Created, suffix: str
) -> Iterator[Suspicion]:
    """Yield suspicions of dropped and changed columns."""
    for column in columns:
        known = (column.relation, column.column) in created.columns
        phrase = None if known else _column_phrase(column, suffix)
        if phrase is not None:
            yield Suspicion(phrase, Source.CATALOG, place, column.relation, frozenset({column.column}))


def _column_phrase(column: ColumnChange, suffix: str) -> str | None:
    name = f"{column.relation}.{column.column}"
    if not column.existed:
        return None
    if column.change == "dropped" and not column.generated:
        return f"drops the column {name} with its values{suffix}"
    if column.change == "type_changed" and column.before == column.after:
        return (
            f"changes {name} to another type named {column.after}{suffix}, which might not hold every value"
        )
    if column.change == "type_changed" and not holds_all(column.base or column.before, column.after):
        return f"changes {name} from {column.before} to {column.after}{suffix}, which cannot hold every value"
    return None


def _sets_positions(script: ScriptEffects) -> bool:
    """Return whether the text of the script sets sequences (setval or RESTART)."""
    texts = (statement.text.lower() for statement in script.statements)
    return any("setval" in text or "restart" in text for text in texts)


def _values(table: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{table}.{column}" for column in columns) if columns else f"values of {table}"


def _observed(
    script: ScriptEffects, direction: Direction, compensated: set[str], created: _Created, suffix: str
) -> Iterator[Suspicion]:
    """Yield suspicions that only the rehearsal shows.

    A function, a trigger or a foreign key causes them. `compensated`: tables to which the other script
    writes; they are skipped.
    """
    for trace in script.traces:
        place = direction, trace.index
        changes = script.changes.get(trace.index, ())
        deleted = {c.plain_table for c in changes if c.verb == "delete"}
        updated = {c.plain_table for c in changes if c.verb == "update"}
        for written in trace.written:
            table = written.relation
            if table in created.relations or table in compensated:
                continue
            if written.deleted and plain_name(table) not in deleted:
                phrase = f"deletes rows of {table} (seen in the rehearsal){suffix}"
                yield Suspicion(phrase, Source.OBSERVED, place, table)
            if written.updated and plain_name(table) not in updated:
                phrase = f"overwrites values of {table} (seen in the rehearsal){suffix}"
                yield Suspicion(phrase, Source.OBSERVED, place, table)


def _written_by(script: ScriptEffects, *kinds: str) -> set[str]:
    """Return relations to which the script wrote in the rehearsal.

    `kinds`: ``inserted``, ``updated`` or ``deleted``.
    """
    return {w.relation for trace in script.traces for w in trace.written if any(getattr(w, k) for k in kinds)}
