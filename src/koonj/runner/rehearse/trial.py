"""Run a migration and its rollback on made-up rows, and compare the contents before and after.

Everything happens in one transaction that is rolled back, so the scratch database stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

import psycopg
from psycopg import AsyncConnection

from koonj.migrations.migration import Migration
from koonj.postgres.made_rows.contents import Contents, Lost, find_lost, read_contents
from koonj.postgres.made_rows.fill import Filling, fill, prepare_filling, words
from koonj.postgres.made_rows.trial_transaction import (
    back_to_start,
    begin_trial,
    changed_rows,
    defer_again,
    end_trial,
    finds_no_row,
    mark_start,
    release_enum_values,
    reset_session,
    topmost_tables,
)
from koonj.postgres.made_rows.values import Style
from koonj.postgres.session import check_deferred
from koonj.runner.apply.statement import StatementError, execute
from koonj.runner.plan.work import NumberedStatement, Work, make_work
from koonj.runner.rehearse.new_checks import with_new_checks
from koonj.runner.rehearse.row_styles import AlwaysFails, next_style, refused_table
from koonj.runner.run.direction import Direction
from koonj.runner.run.run import Control
from koonj.sql.conditions import deciding_tables
from koonj.sql.refusal import Refusal
from koonj.sql.row_changes import row_changes

_ATTEMPTS = 9
"""Maximum number of styles of rows that are tried."""
_PATIENCE = 8.0
"""Maximum seconds of all attempts."""

Place = tuple[Direction, int]
"""A statement: the script, and its index in it."""


class TrialError(Exception):
    """Raised when a script cannot be tried on made-up rows."""


class RefusedError(Exception):
    """Raised when a statement of one of the scripts fails."""

    def __init__(self, work: Work, error: StatementError) -> None:
        super().__init__(str(error))
        self.work = work
        self.error = error


@dataclass(frozen=True, slots=True)
class Trial:
    """What happened to made-up rows."""

    before: Contents
    lost: Lost
    hits: Mapping[Place, frozenset[str]]
    """Tables of which a statement updated or deleted rows, by their names before the migration."""
    targets: Mapping[Place, Mapping[str, str]]
    """Tables that a statement changes by its text: name as written, name before the migration.

    The name is empty if the migration created the table.
    """
    void: frozenset[Place]
    """Statements whose condition is never true."""
    roots: Mapping[str, str]
    """Partitions, each with its topmost partitioned table."""
    whole: bool
    """Whether all tables of the database were filled and compared."""
    always_fails: tuple[AlwaysFails, ...] = ()

    def holds_rows(self, table: str) -> bool:
        """Return whether the table had rows."""
        found = self.before.tables.get(table)
        return found is not None and found.count > 0

    def holds_values(self, table: str, column: str) -> bool:
        """Return whether the column had values that are not NULL.

        A column without values of its own (it is generated, or has another name) has those of all columns.
        """
        found = self.before.tables.get(table)
        if found is None or found.count == 0:
            return False
        names = [column] if column in found.columns else found.columns
        return all(found.values.get(name, (0, 0))[0] > 0 for name in names)

    def joined(self, other: Trial) -> Trial:
        """Return this trial with what another one showed too."""
        hits = {
            place: self.hits.get(place, frozenset()) | other.hits.get(place, frozenset())
            for place in {**self.hits, **other.hits}
        }
        return replace(self, lost=other.lost or self.lost, hits=hits, void=self.void & other.void)

    @property
    def tables_with_rows(self) -> frozenset[str]:
        """Names of the tables that had rows."""
        return frozenset(name for name, found in self.before.tables.items() if found.count)

    @property
    def covers_everything(self) -> bool:
        """Whether every table of the database had rows."""
        return self.whole and all(found.count for found in self.before.tables.values())


@dataclass(slots=True)
class _Seen:
    """What one attempt records."""

    hits: dict[Place, frozenset[str]] = field(default_factory=dict)
    targets: dict[Place, Mapping[str, str]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    counts: Mapping[int, int] = field(default_factory=dict)
    void: set[Place] = field(default_factory=set)
    new_labels: set[str] = field(default_factory=set)
    """Values that were added to enums."""

    def tables_changed(self, counts: Mapping[int, int]) -> frozenset[str]:
        """Return the tables of which rows changed since the last call: their names before the migration."""
        changed = [oid for oid, count in counts.items() if count > self.counts.get(oid, 0)]
        self.counts = counts
        return frozenset(self.names[oid] for oid in changed if oid in self.names)


async def try_on_rows(
    conn: AsyncConnection, control: Control, migration: Migration, event_functions: frozenset[str]
) -> Trial | None:
    """Return what happens to made-up rows; None if the scripts cannot be tried.

    `event_functions`: names of functions that event triggers call.

    Raises: Cancelled, psycopg.OperationalError if the connection is lost.
    """
    works = {d: make_work(migration, d, lock_timeout="0") for d in (Direction.APPLY, Direction.ROLLBACK)}
    texts = [[n.statement.text for step in work.steps for n in step.statements] for work in works.values()]
    control.working_on(conn)
    try:
        await begin_trial(conn)
        texts[0] += sorted(event_functions)  # every statement can call them
        filling = await prepare_filling(conn, *texts)
        await mark_start(conn)
        return await _try_styles(conn, control, works, filling)
    except (psycopg.Error, TrialError):
        if conn.closed:
            raise
        control.check()
        return None
    finally:
        control.working_on(None)
        if not conn.closed:
            await end_trial(conn)


async def _try_styles(
    conn: AsyncConnection, control: Control, works: Mapping[Direction, Work], filling: Filling
) -> Trial | None:
    """Try one style of rows after the other until the scripts accept the rows."""
    style: Style | None = Style()
    empty: set[tuple[str, str]] = set()
    always: list[AlwaysFails] = []
    end = monotonic() + _PATIENCE
    for _ in range(_ATTEMPTS):
        assert style is not None
        try:
            trial = await _attempt(conn, control, works, filling, style, empty)
        except RefusedError as refusal:
            error = refusal.error
            if conn.closed:
                raise error.error from error
            control.check()
            await back_to_start(conn)
            found = AlwaysFails.of(error, refusal.work, filling)
            if found is not None:
                always.append(found)
            refused = found.table if found is not None else None
            following = None if refused else next_style(style, error, filling)
            checked = with_new_checks(filling, error) if not refused else filling
            if checked != filling:
                filling = checked
            elif following is None:
                refused = refused or refused_table(error, filling)
                if refused is None or refused in empty:
                    return None
                empty.add(refused)
            else:
                style = following
        else:
            trial = replace(trial, always_fails=tuple(always))
            return await _with_branches(conn, control, works, filling, (style, empty), trial)
        if monotonic() > end:
            return None
    return None


async def _with_branches(
    conn: AsyncConnection,
    control: Control,
    works: Mapping[Direction, Work],
    filling: Filling,
    rows: tuple[Style, set[tuple[str, str]]],
    trial: Trial,
) -> Trial:
    """Try again where the rows decide whether a part of a script runs: without these rows.

    First the tables of the conditions are empty, then no row has a constant of the scripts; but not if a
    CASE can depend on it. `rows`: style and empty tables of the first trial.
    """
    decide = deciding_tables(filling.texts)
    tables = {(table.schema, table.name) for table in filling.tables if table.name in decide}
    style, empty = rows
    attempts = [(style, empty | tables)] if tables - empty else []
    if tables and style.literals and "case" not in words(" ".join(filling.texts)):
        attempts.append((replace(style, literals=False), empty))
    for other_style, other_empty in attempts:
        if trial.lost:
            break
        await back_to_start(conn)
        try:
            other = await _attempt(conn, control, works, filling, other_style, other_empty)
        except RefusedError as refusal:
            if conn.closed:
                raise refusal.error.error from refusal
            control.check()
        except (psycopg.Error, TrialError):
            if conn.closed:
                raise
            control.check()
        else:
            trial = trial.joined(other)
    return trial


async def _attempt(
    conn: AsyncConnection,
    control: Control,
    works: Mapping[Direction, Work],
    filling: Filling,
    style: Style,
    empty: set[tuple[str, str]],
) -> Trial:
    """Fill the tables, run both scripts, compare. Raises: RefusedError, psycopg.Error, TrialError."""
    await fill(conn, filling, style, empty)
    before = await read_contents(conn, filling.names)
    seen = _Seen(names={table.oid: name for name, table in before.tables.items()})
    seen.counts = await changed_rows(conn)
    for direction, work in works.items():
        try:
            await _run(conn, control, work, direction, seen)
        except StatementError as error:
            raise RefusedError(work, error) from error
        await reset_session(conn)
    after = await read_contents(conn, filling.names)
    roots = {part.plain: table.plain for table in filling.tables for part in table.bounds}
    lost = find_lost(before, after)
    return Trial(before, lost, seen.hits, seen.targets, frozenset(seen.void), roots, filling.whole)


async def _run(
    conn: AsyncConnection, control: Control, work: Work, direction: Direction, seen: _Seen
) -> None:
    last = None
    for step in work.steps:
        for numbered in map(_within_transaction, step.statements):
            if numbered is None:
                continue
            place, changes = (direction, numbered.index), row_changes(numbered.statement)
            if changes:
                tables = await topmost_tables(conn, [c.table for c in changes if c.table])
                seen.targets[place] = {name: seen.names.get(oid, "") for name, oid in tables.items()}
            async for _ in execute(conn, control, work, numbered):
                pass
            if changes or numbered.statement.verb not in _CHANGE_NO_ROWS:
                seen.hits[place] = seen.tables_changed(await changed_rows(conn))
                if (
                    not seen.hits[place]
                    and numbered.statement.verb in _PLANNED
                    and await finds_no_row(conn, numbered.statement.text, seen.new_labels)
                ):
                    seen.void.add(place)
            last = numbered
        await _commit(conn, last)
        if added := _added_labels(step.statements):
            seen.new_labels |= added
            await release_enum_values(conn)


_CHANGE_NO_ROWS = frozenset(
    {"create", "alter", "drop", "comment", "grant", "revoke", "set", "reset", "security"}
)
_ADDS_VALUE = re.compile(r"\badd\s+value\s+(?:if\s+not\s+exists\s+)?'([^']+)'", re.IGNORECASE)
_PLANNED = frozenset({"update", "delete", "with", "merge"})
_ALONE = frozenset({"vacuum", "reindex", "cluster", "analyze"})
"""Verbs of statements that change no contents and cannot run in a transaction, or need not."""


def _added_labels(statements: Sequence[NumberedStatement]) -> set[str]:
    """Return the values that statements add to enums."""
    return {label for one in statements for label in _ADDS_VALUE.findall(one.statement.text)}


def _within_transaction(numbered: NumberedStatement) -> NumberedStatement | None:
    """Return the statement as it can run in a transaction; None to skip it.

    Raises: TrialError if it cannot run there.
    """
    statement = numbered.statement
    summary = statement.summary.lower()
    if statement.verb in _ALONE or summary.startswith(("set transaction", "set session characteristics")):
        return None
    if statement.is_concurrent:
        text = re.sub(r"\bconcurrently\b", "", statement.text, count=1, flags=re.IGNORECASE)
        return replace(numbered, statement=replace(statement, text=text))
    if statement.refusal is Refusal.YES:
        raise TrialError(statement.refusal_reason)
    return numbered


async def _commit(conn: AsyncConnection, last: NumberedStatement | None) -> None:
    """Do what a COMMIT does to deferred constraints. Raises: StatementError."""
    try:
        await check_deferred(conn)
    except psycopg.Error as error:
        if last is None:
            raise
        raise StatementError(last, error) from error
    await defer_again(conn)
