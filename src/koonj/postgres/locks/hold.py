"""Transactions that hold tables, so that a statement which is done too soon to be seen has to wait."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection, DatabaseError, pq, sql
from psycopg.rows import tuple_row

from koonj.postgres.locks.values import LockMode
from koonj.postgres.queries import query
from koonj.sql.statements import Statement

MOST = 64
"""Tables that are held at once: more would take longer than they are worth."""


@dataclass(frozen=True, slots=True)
class LockableRelation:
    """A table or a materialized view."""

    oid: int
    schema: str
    name: str
    relkind: str
    populated: bool
    indexes: Sequence[str]

    @property
    def identifier(self) -> sql.Identifier:
        """Quoted, with its schema."""
        return sql.Identifier(self.schema, self.name)

    def is_named_in(self, words: frozenset[str]) -> bool:
        """Is it, or an index of it, one of these names?"""
        return self.name in words or not words.isdisjoint(self.indexes)


async def holdable(conn: AsyncConnection, statement: Statement) -> tuple[LockableRelation, ...]:
    """What to hold for a statement: the tables that it names; all where it names none, or a partitioned one.

    Raises psycopg.Error.
    """
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/holdable"), prepare=False)
        every = tuple([LockableRelation(*row) async for row in cursor])
    words = _words(statement.text)
    if "skip_locked" in words:
        return ()  # VACUUM would pass over what is held
    named = tuple(table for table in every if table.is_named_in(words))
    if named and not any(table.relkind == "p" for table in named):
        every = named
    return every if len(every) <= MOST else named[:MOST]


def _words(text: str) -> frozenset[str]:
    """All that can be a name in it: what stands in quotes, and other words in lower case."""
    quoted = {word.replace('""', '"') for word in re.findall(r'"((?:[^"]|"")+)"', text)}
    return frozenset(quoted | set(re.findall(r"[^\W\d][\w$]*", text.lower())))


def mode_for(statement: Statement) -> sql.SQL:
    """The lock that makes it wait, and that two holders can have at once.

    SHARE stops whatever can stop a write, or another such statement; but for REINDEX, which takes SHARE.
    """
    return sql.SQL("ROW EXCLUSIVE" if statement.verb == "reindex" else "SHARE")


@dataclass(frozen=True, slots=True)
class TableLocks:
    """What a holder takes."""

    locked: tuple[LockableRelation, ...]
    """In the holders' mode, and as a reader does."""
    read: tuple[LockableRelation, ...] = ()
    """Only as a reader does."""
    commented: tuple[LockableRelation, ...] = ()
    """Materialized views, which LOCK TABLE refuses: in SHARE UPDATE EXCLUSIVE, for one holder."""

    def without(self, waits: Mapping[int, LockMode]) -> TableLocks:
        """What can be held on, where these relations and modes are waited for, so that it gets on."""
        read = (*self.read, *(table for table in self.locked if table.oid in waits))
        return TableLocks(
            tuple(table for table in self.locked if table.oid not in waits),
            tuple(table for table in read if waits.get(table.oid) is not LockMode.ACCESS_EXCLUSIVE),
        )

    def statements(self, mode: sql.SQL) -> Iterator[sql.Composable]:
        """What takes it, in a transaction. The planner locks every index of a table, whatever it will use."""
        names = [sql.SQL("ONLY {}").format(table.identifier) for table in self.locked if table.relkind != "m"]
        if names:
            yield sql.SQL("LOCK TABLE {} IN {} MODE").format(sql.SQL(", ").join(names), mode)
        for table in self.commented:
            yield sql.SQL("COMMENT ON MATERIALIZED VIEW {} IS NULL").format(table.identifier)
        for table in (*self.locked, *self.read):
            if table.populated:
                yield sql.SQL("SELECT FROM ONLY {} WHERE false").format(table.identifier)


class TableLocker:
    """One session that holds tables in a transaction, without a snapshot; what it does is rolled back."""

    def __init__(self, conn: AsyncConnection, mode: sql.SQL) -> None:
        self._conn = conn
        self._mode = mode

    async def take(self, hold: TableLocks) -> None:
        """Take it; nothing where that would wait, or where the server refuses it.

        It would wait for what the statement has by now; a table can be gone, or not this role's to lock; an
        event trigger of the migrations can object. Raises psycopg.Error where the connection is lost.
        """
        steps = tuple(hold.statements(self._mode))
        if not steps:
            return
        begin = (sql.SQL("BEGIN"), sql.SQL("SET LOCAL lock_timeout TO '20ms'"))
        try:
            await self._conn.execute(sql.SQL("; ").join((*begin, *steps)), prepare=False)
        except DatabaseError:
            if self._conn.closed:
                raise
            await self.release()

    async def release(self) -> None:
        """Let go. Raises psycopg.Error where the connection is lost."""
        if self._conn.info.transaction_status is not pq.TransactionStatus.IDLE:
            await self._conn.execute("ROLLBACK", prepare=False)
