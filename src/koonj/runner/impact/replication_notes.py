"""What logical replication means for a plan: it copies rows, and no changes of the schema.

Sources: PostgreSQL doc, "Logical Replication": "Restrictions" (no DDL is copied; additive changes first on
the subscriber), "Publication" (replica identity) and "Subscription" (columns are matched by name).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg import AsyncConnection

from koonj.humanize import listed
from koonj.postgres.locks.trace import StatementTrace
from koonj.postgres.replicated_tables import Replication, Side, replicated_tables
from koonj.runner.impact.lock_counts import Texts, traces_to_run
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import PlannedMigration
from koonj.sql.tokens import significant

_MOST = 3
_TABLES = frozenset({"table", "partitioned table"})
_REPLICATED = frozenset({"added", "dropped", "renamed", "type_changed"})
_REFUSING = frozenset({"added", "added_not_valid"})
_AT_SUBSCRIBER: Mapping[str, str] = {
    "added": "add columns there first",
    "created": "create new tables there first, and refresh the subscription afterwards",
    "dropped": "drop there last",
    "renamed": "replication waits from the first rename to the second",
    "type_changed": "change types there first, so that all values fit",
}
"""What to do, by the kind of the change. A subscriber may have more columns than its publisher, not fewer."""
_AT_PUBLISHER: Mapping[str, str] = {
    "dropped": "drop there first",
    "renamed": "replication waits from the first rename to the second",
    "type_changed": "change types here first, so that all values fit",
    "constraint": "a row from there that breaks a new constraint stops the subscription",
}


async def read_replication_notes(
    conn: AsyncConnection,
    migrations: Sequence[PlannedMigration],
    rehearsals: Mapping[str, Rehearsal],
    direction: Direction,
    texts: Texts,
) -> tuple[str, ...]:
    """Read who publishes or subscribes the tables of a plan, and return what `replication_notes` yields.

    Raises: psycopg.Error.
    """
    changes = replicated_changes(migrations, rehearsals, direction)
    if not changes.kinds and not changes.created:
        return ()
    found = await replicated_tables(conn, changes.kinds.keys(), changes.created)
    return tuple(replication_notes(migrations, rehearsals, direction, texts, found))


@dataclass(frozen=True, slots=True)
class ReplicatedChanges:
    """The changes of a plan that matter to logical replication."""

    kinds: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Kinds of the changes by table: those of columns, ``dropped``, ``constraint``, ``key`` (dropped)."""
    created: frozenset[str] = frozenset()
    """New tables."""


def replicated_changes(
    migrations: Iterable[PlannedMigration], rehearsals: Mapping[str, Rehearsal], direction: Direction
) -> ReplicatedChanges:
    """Return the changes of the statements that will run, as far as they were rehearsed."""
    kinds: dict[str, set[str]] = {}
    created: set[str] = set()
    for migration in migrations:
        for trace in traces_to_run(migration, rehearsals, direction):
            for name, kind in _changes(trace):
                kinds.setdefault(name, set()).add(kind)
            tables = [one for one in trace.relations if one.kind in _TABLES]
            created |= {one.relation for one in tables if one.change == "created"}
            created -= {one.relation for one in tables if one.change == "dropped"}
    return ReplicatedChanges({name: frozenset(found) for name, found in kinds.items()}, frozenset(created))


def _changes(trace: StatementTrace) -> Iterator[tuple[str, str]]:
    yield from ((one.relation, one.change) for one in trace.columns if one.change in _REPLICATED)
    yield from ((one.relation, "constraint") for one in trace.columns if one.change == "not_null")
    yield from ((one.relation, "constraint") for one in trace.constraints if one.change in _REFUSING)
    keys = (one for one in trace.constraints if one.kind == "primary key" and one.change == "dropped")
    yield from ((one.relation, "key") for one in keys)
    dropped = (one for one in trace.relations if one.kind in _TABLES and one.change == "dropped")
    yield from ((one.relation, "dropped") for one in dropped)


def replication_notes(
    migrations: Sequence[PlannedMigration],
    rehearsals: Mapping[str, Rehearsal],
    direction: Direction,
    texts: Texts,
    found: Sequence[Replication],
) -> Iterator[str]:
    """Yield what to change in other databases too, and what PostgreSQL refuses of published tables.

    `texts`: the statements by number, by file name.
    """
    changes = replicated_changes(migrations, rehearsals, direction)
    for one in found:
        yield from (_published if one.side is Side.PUBLICATION else _subscribed)(one, changes)
    published = [one for one in found if one.side is Side.PUBLICATION]
    for migration in migrations:
        traces = list(traces_to_run(migration, rehearsals, direction))
        for trace in traces:
            text = texts.get(migration.name, {}).get(trace.index, "")
            for why in _refused_columns(trace, text, published):
                yield f"{migration.name}: PostgreSQL will refuse '{trace.summary}': {why}"
        yield from _lost_keys(migration.name, traces, published)


def _published(one: Replication, changes: ReplicatedChanges) -> Iterator[str]:
    tables = [name for name in one.tables if changes.kinds.get(name, frozenset()) & _AT_SUBSCRIBER.keys()]
    kinds = {kind for name in tables for kind in changes.kinds[name]} | (
        {"created"} if one.new_tables else set()
    )
    advice = _advice(kinds, _AT_SUBSCRIBER)
    if names := [*tables, *one.new_tables]:
        yield (
            f"Publication {one.name} sends the rows of {listed(names, _MOST)} to other databases, and "
            f"logical replication copies no schema changes. Make them there too: {advice}."
        )


def _subscribed(one: Replication, changes: ReplicatedChanges) -> Iterator[str]:
    tables = [name for name in one.tables if changes.kinds.get(name, frozenset()) & _AT_PUBLISHER.keys()]
    kinds = {kind for name in tables for kind in changes.kinds[name]}
    if tables:
        yield (
            f"Subscription {one.name} writes rows of another database into {listed(tables, _MOST)}, and "
            f"logical replication copies no schema changes: {_advice(kinds, _AT_PUBLISHER)}."
        )


def _advice(kinds: set[str], words: Mapping[str, str]) -> str:
    return "; ".join(text for kind, text in words.items() if kind in kinds)


def _refused_columns(trace: StatementTrace, text: str, published: Sequence[Replication]) -> Iterator[str]:
    """Yield why a column cannot be dropped. With CASCADE, the table is no longer published instead."""
    if any(token.text.lower() == "cascade" for token in significant(text)):
        return
    dropped = [one for one in trace.columns if one.change == "dropped"]
    for one in published:
        for column in dropped:
            if (column.relation, column.column) in one.columns:
                yield (
                    f"publication {one.name} names column {column.column} of {column.relation}. First set "
                    "its tables again without it (ALTER PUBLICATION … SET TABLE)."
                )


def _lost_keys(
    migration: str, traces: Sequence[StatementTrace], published: Sequence[Replication]
) -> Iterator[str]:
    """Yield which published tables a migration leaves without the key that names their rows."""
    keys = [
        (one.relation, one.change, trace.summary)
        for trace in traces
        for one in trace.constraints
        if one.kind == "primary key"
    ]
    last = {relation: (change, summary) for relation, change, summary in keys}
    for relation, (change, summary) in last.items():
        names = [one.name for one in published if relation in one.by_key]
        if change == "dropped" and names:
            yield (
                f"{migration}: after '{summary}', PostgreSQL refuses UPDATE and DELETE on {relation}, "
                f"because publication {listed(names, _MOST)} needs its primary key. First set another "
                f"identity: ALTER TABLE {relation} REPLICA IDENTITY FULL, or USING INDEX."
            )
