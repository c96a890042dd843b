"""What Citus refuses of a plan, and what else its nodes mean for it.

koonj rehearses on a PostgreSQL without Citus, so no rehearsal finds these. Sources: Citus documentation,
"Creating and Modifying Distributed Tables (DDL)"; error messages in Citus' own source (commands/index.c,
commands/table.c, commands/trigger.c, commands/foreign_constraint.c).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import psycopg
from psycopg import AsyncConnection

from koonj.humanize import listed
from koonj.postgres.citus import CitusNode, CitusTable, citus_node
from koonj.postgres.errors import error_message, is_lost
from koonj.postgres.locks.trace import LockMode, StatementTrace
from koonj.runner.impact.plan_locks import relations_of, traces_of
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import PlannedMigration
from koonj.sql.tokens import significant

_MOST = 3
_KEYS = {
    "primary key": "a primary key",
    "unique": "a unique constraint",
    "exclusion": "an exclusion constraint",
}
_ADDED = frozenset({"added", "added_not_valid"})
_OBJECTS = ("create type", "create function", "create or replace function")
"""Begin of the summaries of statements that Citus sends to each node over one connection."""


async def read_citus_notes(
    conn: AsyncConnection,
    migrations: Iterable[PlannedMigration],
    rehearsals: Mapping[str, Rehearsal],
    direction: Direction,
    texts: Mapping[str, Mapping[int, str]],
) -> tuple[str, ...]:
    """Read what Citus says of the tables of a plan, and return what `citus_notes` yields.

    Raises: psycopg.Error: the connection was lost.
    """
    try:
        node = await citus_node(conn, relations_of(rehearsals, direction))
    except psycopg.Error as error:
        if is_lost(error):
            raise
        return (f"koonj could not read what Citus says of the target's tables: {error_message(error)}",)
    return tuple(citus_notes(migrations, rehearsals, direction, texts, node))


def citus_notes(
    migrations: Iterable[PlannedMigration],
    rehearsals: Mapping[str, Rehearsal],
    direction: Direction,
    texts: Mapping[str, Mapping[int, str]],
    node: CitusNode,
) -> Iterator[str]:
    """Yield what Citus refuses of the statements that will run, as far as their rehearsals show what they do.

    `texts`: their texts by number, by file name.
    """
    changed: list[str] = []
    refused: list[str] = []
    for migration in migrations:
        rehearsal = rehearsals.get(migration.name)
        recorded = () if rehearsal is None else traces_of(rehearsal, direction)
        traces = [trace for trace in recorded if trace.index > migration.statements_done]
        found = texts.get(migration.name, {})
        changed += (name for trace in traces for name in _changed(trace) if name in node.tables)
        for trace in traces:
            reasons = _reasons(trace, found.get(trace.index, ""), node)
            refused += (f"{migration.name}: Citus will refuse '{trace.summary}': {why}" for why in reasons)
        refused += _mixed(migration, traces, node)
    if node.group:
        yield (
            "This node of Citus is a worker. Changes of distributed tables must run on the coordinator: "
            "point the target at it."
        )
    if changed:
        yield _cluster(tuple(dict.fromkeys(changed)), node)
    yield from refused


def _cluster(changed: Sequence[str], node: CitusNode) -> str:
    tables = listed(changed, _MOST)
    if not node.propagates:
        return (
            f"citus.enable_ddl_propagation is off: changes of {tables} stay on this node, and the shards on "
            "the other nodes do not get them. Turn it on for the role of this target."
        )
    return (
        f"Citus makes the changes of {tables} on all shards, on all nodes. koonj has rehearsed them without "
        "Citus: the locks and times are those of one table."
    )


def _changed(trace: StatementTrace) -> set[str]:
    """Return the tables whose schema the statement changes."""
    found = {column.relation for column in trace.columns}
    found |= {constraint.relation for constraint in trace.constraints}
    return found | {change.of or change.relation for change in trace.relations}


def _reasons(trace: StatementTrace, text: str, node: CitusNode) -> Iterator[str]:
    yield from _keys(trace, text, node)
    for column in trace.columns:
        table = node.tables.get(column.relation)
        if (
            table is not None
            and table.column == column.column
            and column.change in {"type_changed", "dropped"}
        ):
            yield (
                f"{column.column} is the distribution column of {column.relation}. Distribute the table by "
                "another column before (alter_distributed_table)."
            )
    yield from _foreign_keys(trace, node)
    if trace.summary.startswith("create trigger") and not node.allows_triggers:
        locked = [lock.relation for lock in trace.locks if lock.mode is LockMode.SHARE_ROW_EXCLUSIVE]
        for name in locked:
            table = node.tables.get(name)
            if table is not None and (table.is_distributed or table.is_reference):
                yield f"it allows no trigger on {_kind(table)} {name}."
    dropped = [
        change for change in trace.relations if change.of in node.tables and change.change == "dropped"
    ]
    if trace.summary.startswith("drop index") and len(dropped) > 1:
        yield "it drops one index of a distributed table at a time. Write a DROP INDEX for each."


def _keys(trace: StatementTrace, text: str, node: CitusNode) -> Iterator[str]:
    """Yield why it refuses a new key: the distribution column is not in the statement, so nor in the key."""
    new = [(one.relation, _KEYS[one.kind]) for one in trace.constraints if _is_new_key(one.kind, one.change)]
    if trace.summary.startswith("create unique index"):
        made = (one.of for one in trace.relations if one.change == "created" and one.of is not None)
        new += [(name, "a unique index") for name in made]
    for name, what in dict.fromkeys(new):
        table = node.tables.get(name)
        if table is None or not table.is_distributed or table.column is None or not text:
            continue
        if " using index " in f" {' '.join(_words(text))} " or table.column.lower() in _words(text):
            continue
        yield (
            f"{name} is distributed by {table.column}, and {what} must contain this column, because nodes do "
            "not compare their rows."
        )


def _is_new_key(kind: str, change: str) -> bool:
    return kind in _KEYS and change in _ADDED


def _words(text: str) -> list[str]:
    return [token.text.strip('"').lower() for token in significant(text)]


def _foreign_keys(trace: StatementTrace, node: CitusNode) -> Iterator[str]:
    """Yield why it refuses a new foreign key; nothing else locks the referenced table so."""
    keys = [one for one in trace.constraints if one.kind == "foreign key" and one.change in _ADDED]
    relations = {one.relation for one in keys}
    locked = {lock.relation for lock in trace.locks if lock.mode is LockMode.SHARE_ROW_EXCLUSIVE}
    for name in sorted(relations):
        for other in sorted(locked - relations):
            why = _foreign_key(node.tables.get(name), node.tables.get(other))
            if why:
                yield f"a foreign key from {name} to {other} is {why}."


def _foreign_key(table: CitusTable | None, other: CitusTable | None) -> str:
    if table is None:
        return ""
    if table.is_reference and other is not None and other.is_distributed:
        return "one from a reference table to a distributed one"
    if not table.is_distributed or (other is not None and other.is_reference):
        return ""
    if other is None or not other.is_distributed:
        return "one from a distributed table to one that is neither distributed nor a reference table"
    return (
        ""
        if table.colocation == other.colocation
        else "one between distributed tables that are not colocated"
    )


def _mixed(migration: PlannedMigration, traces: Sequence[StatementTrace], node: CitusNode) -> Iterator[str]:
    """Yield why a type or a function cannot follow a change of a distributed table in one transaction."""
    if not migration.in_transaction or not node.propagates:
        return
    before = ""
    for trace in traces:
        if before and trace.summary.startswith(_OBJECTS):
            yield (
                f"{migration.name}: Citus will refuse '{trace.summary}': the same transaction has changed "
                f"{before}, which is distributed, before. Move it into a migration before, or write "
                "SET LOCAL citus.multi_shard_modify_mode = 'sequential' first."
            )
            return
        distributed = (name for name in sorted(_changed(trace)) if _is_distributed(node, name))
        before = before or next(distributed, "")


def _is_distributed(node: CitusNode, name: str) -> bool:
    return name in node.tables and node.tables[name].is_distributed


def _kind(table: CitusTable) -> str:
    return "the reference table" if table.is_reference else "the distributed table"
