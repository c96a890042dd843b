"""Follow what a migration demands of rows, statement by statement, in its own session on scratch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import psycopg
from psycopg import AsyncConnection

from koonj.postgres.demands import insertion, refresh
from koonj.postgres.demands.change import Change, Using
from koonj.postgres.demands.demand import Demand, Demands, GivenRows, Lineage, Step
from koonj.postgres.demands.find import find
from koonj.postgres.demands.layers import layer, without_domain
from koonj.postgres.demands.read import read_locked, read_snapshot
from koonj.postgres.demands.refresh import read_refreshed
from koonj.postgres.demands.snapshot import MATERIALIZED, Relation, Snapshot
from koonj.postgres.demands.usings import read_usings
from koonj.postgres.demands.value_settings import note_changed, read_changed
from koonj.postgres.locks.side_transaction import in_own_transaction, in_savepoint
from koonj.postgres.locks.strategy import is_silent
from koonj.sql.called_names import names_in, retypes
from koonj.sql.inserted_constants import MOST
from koonj.sql.row_values import plain_name
from koonj.sql.statements import Statement, TransactionControl

_ROWS_ONLY = frozenset({"insert", "update", "delete", "merge", "copy", "truncate", "lock", "values"})
"""Verbs of statements that change no catalog, unless they call a function that does."""
_NEITHER = frozenset({"grant", "revoke", "comment", "security", "analyze", "vacuum", "fetch", "move"})
_EMPTIES = frozenset({"truncate", "refresh"})
"""Verbs of statements that replace rows under a lock of another mode."""
_WRITERS = frozenset({"insert", "update", "delete", "merge", "copy", "with", "select"})
"""Verbs of statements that write rows into what they name."""
_ANYTHING = frozenset({"do", "call", "execute"})
"""Verbs of statements that can run any other one."""


@dataclass(slots=True)
class DemandWatch:
    """What the statements of one migration have demanded so far.

    Call `begin` first, `before` and `after` around each statement.
    """

    conn: AsyncConnection
    _first: Snapshot = field(default_factory=lambda: Snapshot({}, {}))
    _last: Snapshot = field(default_factory=lambda: Snapshot({}, {}))
    _names: dict[int, str] = field(default_factory=dict)
    _usings: Mapping[tuple[int, int], Using] = field(default_factory=dict)
    _written: dict[int, int] = field(default_factory=dict)
    _any_writer: int = 0
    _last_writes: dict[int, int] = field(default_factory=dict)
    _last_write_any: int = 0
    _changed: set[str] = field(default_factory=set)
    """Settings that the file has changed, on which values can depend."""
    _demands: list[Demand] = field(default_factory=list)
    _steps: dict[int, list[Step]] = field(default_factory=dict)
    _moved: set[int] = field(default_factory=set)
    _given: dict[int, list[GivenRows]] = field(default_factory=dict)
    """Rows that the statements have inserted, by the OID of the relation."""
    _unknown: str = ""

    async def begin(self) -> None:
        """Read the catalog before the migration, outside a transaction.

        Raises: psycopg.Error if the connection was lost.
        """
        self._demands, self._steps, self._written, self._any_writer = [], {}, {}, 0
        self._last_writes, self._last_write_any, self._changed = {}, 0, set()
        self._moved, self._unknown, self._given = set(), "", {}
        try:
            async with in_own_transaction(self.conn):
                self._first = self._last = await read_snapshot(self.conn)
        except psycopg.Error as error:
            self._give_up(error)
        self._names = {oid: relation.name for oid, relation in self._first.relations.items()}

    async def before(self, statement: Statement) -> bool:
        """Read what only the text of a statement tells, in its transaction. Return whether it was read.

        Raises: psycopg.Error if the connection was lost.
        """
        self._usings = {}
        note_changed(statement.text, self._changed)
        found = retypes(statement.text) if statement.verb == "alter" and not self._unknown else None
        if found is None:
            return False
        self._usings = await read_usings(self.conn, found, self._last)
        return True

    async def after(self, number: int, statement: Statement, *, inside: bool) -> None:
        """Find what a statement demands that has just run; `inside`: in a transaction that is still open.

        Raises: psycopg.Error if the connection was lost.
        """
        if self._unknown or is_silent(statement) or statement.verb in _NEITHER:
            return
        if statement.control is not None:
            if statement.control is not TransactionControl.COMMIT:
                self._unknown = "the file rolls back to a savepoint"
            return
        runs_code = self._runs_code(statement)
        try:
            settings = await read_changed(self.conn, sorted(self._changed))
            if inside:
                async with in_savepoint(self.conn):
                    locked = await read_locked(self.conn)
                    changes = runs_code or statement.verb not in _ROWS_ONLY
                    read = await read_snapshot(self.conn, locked) if changes else None
                    await self._find_in_text(number, statement, locked, settings)
            else:
                async with in_own_transaction(self.conn):
                    locked, read = {}, await read_snapshot(self.conn)
        except psycopg.Error as error:
            self._give_up(error)
            return
        if read is not None:
            now = self._last.with_read(read, locked if inside else None)
            self._compare(self._change(number, statement, now, settings))
        for oid in list(self._written_by(statement, locked)):
            self._note_write(oid, number)
        if runs_code:
            self._note_any(number)

    async def _find_in_text(
        self,
        number: int,
        statement: Statement,
        locked: Mapping[int, bool],
        settings: tuple[tuple[str, str], ...],
    ) -> None:
        """Find what a statement demands that changes no catalog."""
        change = self._change(number, statement, self._last, settings)
        if statement.verb == "insert":
            written = [oid for oid, writes in locked.items() if writes]
            self._find_inserted(change, statement, written)
        elif statement.verb == "refresh":
            refreshed = await read_refreshed(self.conn, statement.text, self._last, locked)
            self._demands += [] if refreshed is None else refresh.demands(change, refreshed)

    def _find_inserted(self, change: Change, statement: Statement, written: Sequence[int]) -> None:
        """Find what an INSERT demands, and note the rows that it inserts."""
        self._demands += insertion.demands(change, statement.text, written, self._given)
        made = insertion.given(change, statement.text, written)
        if made is not None:
            oid, rows = made
            known = self._given.setdefault(oid, [])
            if sum(len(one.rows) for one in known) < MOST:
                known.append(rows)

    def result(self) -> Demands:
        """Return what the whole migration demands."""
        end = self._last.relations
        lasts = {end[oid].name: number for oid, number in self._last_writes.items() if oid in end}
        names = () if self._any_writer else tuple(sorted(lasts))
        return Demands(
            demands=tuple(self._demands),
            lineages=tuple(self._lineages()),
            made=tuple(sorted(one.name for oid, one in end.items() if oid not in self._names)),
            writes=names,
            last_writes=tuple(lasts[name] for name in names),
            writes_any=bool(self._any_writer),
            last_write_any=max((self._last_write_any, *lasts.values())) if self._any_writer else 0,
            unknown=self._unknown,
            given=tuple(
                replace(one, relation=end[oid].name)
                for oid, rows in self._given.items()
                for one in rows
                if oid in end
            ),
        )

    def _lineages(self) -> list[Lineage]:
        changed = sorted({*self._steps, *self._moved, *(self._names.keys() - self._last.relations.keys())})
        return [
            Lineage(
                self._names[oid],
                tuple(self._steps.get(oid, ())),
                moved=oid in self._moved,
                dropped=oid not in self._last.relations,
            )
            for oid in changed
            if oid in self._names
        ]

    def _give_up(self, error: psycopg.Error) -> None:
        if self.conn.closed:
            raise error
        self._unknown = str(error).splitlines()[0]

    def _runs_code(self, statement: Statement) -> bool:
        """Return whether a statement can run code that writes into any relation."""
        if statement.verb in _ANYTHING or self._last.event_triggers:
            return True
        if statement.verb == "create" and statement.kind in {"function", "procedure"}:
            return False
        return bool(self._last.functions and names_in(statement.text) & self._last.functions)

    def _written_by(self, statement: Statement, locked: Mapping[int, bool]) -> Iterator[int]:
        """Yield the relations into which a statement can have written.

        The locks are those of the transaction so far, so that only the text tells who writes a second time.
        """
        words = names_in(statement.text)
        for oid, writes in locked.items():
            relation = self._last.relations.get(oid)
            is_named = relation is not None and plain_name(relation.alias) in words
            if statement.verb in _EMPTIES:
                is_emptied = statement.verb == "truncate" or (relation and relation.kind == MATERIALIZED)
                if relation is not None and is_emptied and (is_named or "cascade" in words):
                    yield oid
            elif writes and (oid not in self._written or (is_named and statement.verb in _WRITERS)):
                yield oid

    def _note_write(self, oid: int, number: int) -> None:
        """Note a write to a relation, and to those that its triggers and foreign keys can change."""
        relation = self._last.relations.get(oid)
        if self._last_writes.get(oid) == number:
            return
        self._last_writes[oid] = number
        self._written.setdefault(oid, number)
        if relation is None:
            return
        if relation.runs_code:
            self._note_any(number)
        for other in self._last.relations.values():
            for constraint in other.constraints.values():
                if constraint.other == oid and set(constraint.actions) - {"a", "r", " "}:
                    self._note_write(other.oid, number)

    def _note_any(self, number: int) -> None:
        self._any_writer, self._last_write_any = self._any_writer or number, number

    def _change(
        self, number: int, statement: Statement, now: Snapshot, settings: tuple[tuple[str, str], ...]
    ) -> Change:
        return Change(
            statement=number,
            line=statement.line,
            first=self._first,
            before=self._last,
            after=now,
            names=self._names,
            usings={
                (oid, number): without_domain(now, now.relations[oid].columns[number], using)
                for (oid, number), using in self._usings.items()
                if oid in now.relations and number in now.relations[oid].columns
            },
            written=self._written,
            any_writer=self._any_writer,
            last_writes=self._last_writes,
            last_write_any=self._last_write_any,
            settings=settings,
            moved=frozenset(self._moved),
        )

    def _compare(self, change: Change) -> None:
        now = change.after
        self._demands += find(change)
        for oid, after in now.relations.items():
            before = self._last.relations.get(oid)
            if before is not None and before is not after and oid in self._names:
                self._note_step(change, before, after)
        self._last = now

    def _note_step(self, change: Change, before: Relation, after: Relation) -> None:
        made = layer(change, before, after)
        if made is not None or before.name != after.name:
            step = Step(change.statement, after.schema, after.alias, made)
            self._steps.setdefault(after.oid, []).append(step)
        for parent in set(before.parents) ^ set(after.parents):
            self._note_moved(parent)

    def _note_moved(self, oid: int) -> None:
        self._moved.add(oid)
        for parent in self._last.relations[oid].parents if oid in self._last.relations else ():
            self._note_moved(parent)
