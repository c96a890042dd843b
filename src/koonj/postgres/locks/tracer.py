"""What each statement of a transaction locks, rewrites, scans and changes, read in its own session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from psycopg import AsyncConnection

from koonj.postgres.locks.changes import Comparison, column_changes, constraint_changes, relation_changes
from koonj.postgres.locks.quiet import apart, aside
from koonj.postgres.locks.reading import Modes, Touched, read_all, read_touched, read_wal
from koonj.postgres.locks.state import NONE, Counters, Relations
from koonj.postgres.locks.storage import is_emptied, rebuilt, stored_anew
from koonj.postgres.locks.strongest import raised, strongest
from koonj.postgres.locks.values import Scan, StatementTrace, Written


@dataclass(frozen=True, slots=True)
class _Moment:
    """All that was known after the last statement."""

    relations: Relations = field(default_factory=dict)
    modes: Modes = field(default_factory=dict)
    counters: Mapping[int, Counters] = field(default_factory=dict)
    wal: int = 0


class Tracer:
    """Of one connection. `begin`, then the transaction's BEGIN; `after` each statement; then the next."""

    def __init__(self, conn: AsyncConnection, *, alone: bool = True) -> None:
        """`alone`: nobody else writes on the server, so that its WAL is the statement's."""
        self._conn = conn
        self._alone = alone
        self._initial: Relations = {}
        self._last = _Moment()

    async def begin(self) -> None:
        """Before a transaction's BEGIN: read what is there. Raises psycopg.Error."""
        conn = self._conn
        async with apart(conn):
            if conn.info.server_version >= 150000:
                # Counters that are sent off between now and the first statement would count from 0 again.
                await conn.execute("SELECT pg_catalog.pg_stat_force_next_flush()", prepare=False)
            self._initial = await read_all(conn)
            wal = await read_wal(conn) if self._alone else 0
        self._last = _Moment(self._initial, wal=wal)

    async def after(
        self, *, index: int, line: int, summary: str, in_transaction: bool, seconds: float
    ) -> StatementTrace:
        """What a statement did that was answered just now, before its COMMIT.

        `summary` is the statement's: its first word is the verb. Not to be called where `is_silent` holds:
        use `silent`. Raises psycopg.Error; the transaction can go on then, if the connection is there.
        """
        last = self._last
        async with aside(self._conn):
            wal = await read_wal(self._conn) if self._alone else 0
            touched = await read_touched(self._conn, last.modes)
            then = await read_wal(self._conn) if self._alone else 0
        self._last = _Moment(
            _merged(last.relations, touched), touched.modes, {**last.counters, **touched.counters}, then
        )
        bare = StatementTrace(
            index,
            line,
            summary,
            in_transaction,
            seconds,
            wal_bytes=wal - last.wal if self._alone else None,
            held=strongest(last.modes, self._initial),
        )
        if summary.partition(" ")[0].lower() in {"rollback", "abort"}:
            return bare  # to a savepoint: what comes back, or goes, is no change of its own
        return self._compared(bare, last)

    def silent(
        self, *, index: int, line: int, summary: str, in_transaction: bool, seconds: float
    ) -> StatementTrace:
        """Of a statement that touches no relation, without a query."""
        held = strongest(self._last.modes, self._initial)
        return StatementTrace(index, line, summary, in_transaction, seconds, held=held)

    def _compared(self, bare: StatementTrace, last: _Moment) -> StatementTrace:
        now, initial = self._last, self._initial
        counted = {
            oid: counters.since(last.counters.get(oid, NONE)) for oid, counters in now.counters.items()
        }
        anew = stored_anew(initial, last.relations, now.relations)
        emptied = {oid for oid in anew if is_emptied(oid, last.relations, now.relations, counted)}
        states = Comparison(initial, last.relations, now.relations)
        return StatementTrace(
            bare.index,
            bare.line,
            bare.summary,
            bare.in_transaction,
            bare.seconds,
            wal_bytes=bare.wal_bytes,
            locks=strongest(raised(last.modes, now.modes), initial),
            held=bare.held,
            rewritten=tuple(sorted(initial[oid].name for oid in anew if oid not in emptied)),
            rebuilt=rebuilt(initial, last.relations, now.relations),
            emptied=tuple(sorted(initial[oid].name for oid in emptied)),
            scanned=_scanned(initial, counted),
            written=_written(last.relations, counted),
            relations=relation_changes(states),
            columns=column_changes(states),
            constraints=constraint_changes(states),
        )


def _merged(before: Relations, touched: Touched) -> Relations:
    """What is there now: what was not touched is as it was, and what was and is not there is gone."""
    kept = {oid: relation for oid, relation in before.items() if oid not in touched.counters}
    return {**kept, **touched.relations}


def _scanned(initial: Relations, counted: Mapping[int, Counters]) -> tuple[Scan, ...]:
    """Tables and materialized views that were there before the transaction."""
    found = (
        Scan(initial[oid].name, counters.scans, counters.read)
        for oid, counters in counted.items()
        if oid in initial and initial[oid].has_rows and (counters.scans or counters.read)
    )
    return tuple(sorted(found, key=lambda scan: scan.relation))


def _written(before: Relations, counted: Mapping[int, Counters]) -> tuple[Written, ...]:
    """Tables that were there before the statement."""
    found = (
        Written(before[oid].name, counters.inserted, counters.updated, counters.deleted)
        for oid, counters in counted.items()
        if oid in before
        and before[oid].has_rows
        and (counters.inserted or counters.updated or counters.deleted)
    )
    return tuple(sorted(found, key=lambda written: written.relation))
