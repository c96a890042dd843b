"""What the partitions of a target mean for a plan: foreign ones, and the locks that all of them need.

A rehearsal sees only the partitions that migrations create. A target often has more: a job creates one each
day, and a sharded table has partitions that are foreign tables. Sources: PostgreSQL doc, "CREATE FOREIGN
TABLE" and "Table Partitioning"; what is refused was observed in PostgreSQL 15 and 18.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from psycopg import AsyncConnection

from koonj.humanize import count, listed, plural
from koonj.postgres.locks.trace import StatementTrace
from koonj.postgres.partitioned_tables import PartitionedTable, partitioned_tables
from koonj.runner.impact.lock_counts import Tables, Texts, is_only, new_indexes, traces_to_run
from koonj.runner.impact.plan_locks import relations_of, traces_of
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import PlannedMigration

_MOST = 3
_UNIQUE = {"primary key": "a primary key", "unique": "a unique constraint"}
_REFUSED = {
    **_UNIQUE,
    "foreign key": "a foreign key",
    "trigger": "a constraint trigger",
}
"""Kinds of constraints that PostgreSQL refuses for a table with foreign partitions."""
_ADDED = frozenset({"added", "added_not_valid"})
_REMOTE = frozenset({"added", "dropped", "renamed", "type_changed"})
"""Changes of columns that the table on the other server needs too."""


async def read_partitions(
    conn: AsyncConnection, rehearsals: Mapping[str, Rehearsal], direction: Direction
) -> Tables:
    """Read the partitions below the partitioned tables that the rehearsed statements lock.

    Raises: psycopg.Error.
    """
    traces = (trace for rehearsal in rehearsals.values() for trace in traces_of(rehearsal, direction))
    locks = (lock for trace in traces for lock in trace.effective)
    names = frozenset(lock.relation for lock in locks if lock.kind == "partitioned table")
    return await partitioned_tables(conn, names, relations_of(rehearsals, direction)) if names else {}


def partition_notes(
    migrations: Iterable[PlannedMigration],
    rehearsals: Mapping[str, Rehearsal],
    direction: Direction,
    texts: Texts,
    tables: Tables,
) -> Iterator[str]:
    """Yield what PostgreSQL refuses because partitions are foreign tables, and what it changes only here.

    `texts`: the statements by number, by file name.
    """
    changed: dict[str, None] = {}
    refused: list[str] = []
    foreign = {name: table for name, table in tables.items() if table.foreign}
    if not foreign:
        return
    for migration in migrations:
        for trace in traces_to_run(migration, rehearsals, direction):
            text = texts.get(migration.name, {}).get(trace.index, "")
            for name, table in foreign.items():
                what = _refused(trace, name, text)
                if what:
                    refused.append(
                        f"{migration.name}: PostgreSQL will refuse '{trace.summary}': {name} cannot "
                        f"have {what}, because {_foreign_words(table)}. {_instead(what)}"
                    )
                elif _changes_rows(trace, name) and not is_only(text):
                    changed[name] = None
    for name in changed:
        table = foreign[name]
        yield (
            f"{name}: {_foreign_words(table)}. PostgreSQL changes {name} only in this database. Change "
            f"{plural(table.foreign, 'the table', 'the tables')} on {_servers(table)} too: add columns "
            "there first, and drop them there last."
        )
    yield from refused


def _changes_rows(trace: StatementTrace, name: str) -> bool:
    return any(one.relation == name and one.change in _REMOTE for one in trace.columns)


def _refused(trace: StatementTrace, name: str, text: str) -> str:
    """Return what the table cannot have; empty if the statement makes nothing like that."""
    if is_only(text):
        return ""  # of the table alone: it stays INVALID until all partitions have one
    added = (one for one in trace.constraints if one.relation == name and one.change in _ADDED)
    kinds = (_REFUSED[one.kind] for one in added if one.kind in _REFUSED)
    unique = "a unique index" if trace.summary.startswith("create unique index") else ""
    return next(kinds, unique if new_indexes(trace, name) else "")


def _instead(what: str) -> str:
    if what in {*_UNIQUE.values(), "a unique index"}:
        return "Write CREATE UNIQUE INDEX for each partition that is an ordinary table."
    return "Write it for each partition that is an ordinary table."


def _foreign_words(table: PartitionedTable) -> str:
    few = listed(table.foreign_names[:_MOST], _MOST)
    more = table.foreign - len(table.foreign_names)
    names = few + (f" and {more} more" if more > 0 else "")
    return (
        f"{count(table.foreign, 'partition is a foreign table', 'partitions are foreign tables')} ({names})"
    )


def _servers(table: PartitionedTable) -> str:
    word = "server" if len(table.servers) == 1 else "servers"
    return f"{word} {listed(table.servers, _MOST)}"
