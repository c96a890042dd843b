"""Hold locks on tables, so that a fast statement has to wait and can be observed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection, DatabaseError, pq, sql
from psycopg.rows import tuple_row

from koonj.postgres.locks.trace import LockMode
from koonj.postgres.queries import query
from koonj.sql.statements import Statement

MOST = 64
"""Maximum number of tables that are held at once. More would take too long."""


@dataclass(frozen=True, slots=True)
class LockableRelation:
    """A table or a materialized view that can be held."""

    oid: int
    schema: str
    name: str
    relkind: str
    populated: bool
    indexes: Sequence[str]

    @property
    def identifier(self) -> sql.Identifier:
        """Quoted name with its schema."""
        return sql.Identifier(self.schema, self.name)

    def is_named_in(self, words: frozenset[str]) -> bool:
        """Return whether its name, or that of one of its indexes, is one of the words."""
        return self.name in words or not words.isdisjoint(self.indexes)


async def holdable(conn: AsyncConnection, statement: Statement) -> tuple[LockableRelation, ...]:
    """Return the tables to hold for a statement: those that it names.

    If it names none, or a partitioned table, then all tables.

    Raises: psycopg.Error.
    """
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/holdable"), prepare=False)
        every = tuple([LockableRelation(*row) async for row in cursor])
    words = _words(statement.text)
    if "skip_locked" in words:
        return ()  # VACUUM would skip the tables that are held
    named = tuple(table for table in every if table.is_named_in(words))
    if named and not any(table.relkind == "p" for table in named):
        every = named
    return every if len(every) <= MOST else named[:MOST]


def _words(text: str) -> frozenset[str]:
    """Return all words of the text that can be a name.

    These are words in quotes as they are, and all other words in lower case.
    """
    quoted = {word.replace('""', '"') for word in re.findall(r'"((?:[^"]|"")+)"', text)}
    return frozenset(quoted | set(re.findall(r"[^\W\d][\w$]*", text.lower())))


def mode_for(statement: Statement) -> sql.SQL:
    """Return a lock mode that stops the statement, and that two holders can share.

    SHARE conflicts with every statement that conflicts with a write, or with a statement of its own kind. The
    exception is REINDEX, which takes SHARE itself.
    """
    return sql.SQL("ROW EXCLUSIVE" if statement.verb == "reindex" else "SHARE")


@dataclass(frozen=True, slots=True)
class TableLocks:
    """Tables that a holder locks."""

    locked: tuple[LockableRelation, ...]
    """Locked in the holder's mode, and also as a reader would lock them."""
    read: tuple[LockableRelation, ...] = ()
    """Locked only as a reader would lock them."""
    commented: tuple[LockableRelation, ...] = ()
    """Materialized views, which LOCK TABLE rejects. COMMENT locks them in SHARE UPDATE EXCLUSIVE; only one
    holder can do that.
    """

    def without(self, waits: Mapping[int, LockMode]) -> TableLocks:
        """Return what can stay locked so that the statement can continue.

        `waits`: the relations and modes for which the statement waits.
        """
        read = (*self.read, *(table for table in self.locked if table.oid in waits))
        return TableLocks(
            tuple(table for table in self.locked if table.oid not in waits),
            tuple(table for table in read if waits.get(table.oid) is not LockMode.ACCESS_EXCLUSIVE),
        )

    def statements(self, mode: sql.SQL) -> Iterator[sql.Composable]:
        """Yield the statements that take the locks, to be run in a transaction.

        The planner locks every index of a table, whether or not it uses the index.
        """
        names = [sql.SQL("ONLY {}").format(table.identifier) for table in self.locked if table.relkind != "m"]
        if names:
            yield sql.SQL("LOCK TABLE {} IN {} MODE").format(sql.SQL(", ").join(names), mode)
        for table in self.commented:
            yield sql.SQL("COMMENT ON MATERIALIZED VIEW {} IS NULL").format(table.identifier)
        for table in (*self.locked, *self.read):
            if table.populated:
                yield sql.SQL("SELECT FROM ONLY {} WHERE false").format(table.identifier)


class TableLocker:
    """One session that holds tables in a transaction, without a snapshot.

    Everything it does is rolled back.
    """

    def __init__(self, conn: AsyncConnection, mode: sql.SQL) -> None:
        self._conn = conn
        self._mode = mode

    async def take(self, hold: TableLocks) -> None:
        """Take the locks, or none if that would wait or if the server refuses it.

        It would wait for locks that the statement already holds. A table can be dropped, or this role cannot
        lock it, or an event trigger of the migrations raises an error.

        Raises: psycopg.Error if the connection is lost.
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
        """Release the locks.

        Raises: psycopg.Error if the connection is lost.
        """
        if self._conn.info.transaction_status is not pq.TransactionStatus.IDLE:
            await self._conn.execute("ROLLBACK", prepare=False)
