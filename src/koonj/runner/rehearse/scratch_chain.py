"""Bring the scratch database to the state after the first k migrations.

Also read its catalog, and run scripts there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

import psycopg
from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.migration import Migration
from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.catalog.read import read_catalog
from koonj.postgres.catalog.serialize import from_bytes, to_bytes
from koonj.postgres.connector import ConnectError
from koonj.postgres.demands.watch import DemandWatch
from koonj.postgres.made_rows.contents import Contents, read_contents
from koonj.postgres.scratch.interface import ScratchError, ScratchServer
from koonj.postgres.scratch.server_objects import read_around
from koonj.runner.plan.work import make_work
from koonj.runner.rehearse.cache import Chain
from koonj.runner.rehearse.script_run import LostError, ScriptResult, ScriptRun, is_alive, make_fresh
from koonj.runner.rehearse.trial import Trial, try_on_rows
from koonj.runner.run.direction import Direction
from koonj.runner.run.failure import Failure
from koonj.runner.run.run import Control

if TYPE_CHECKING:
    from koonj.patterns.catalog_snapshot import CatalogSnapshot

_CHECKPOINT_AFTER = 0.05
"""Minimum seconds of replay that a checkpoint must save. It is used again after each later edit."""
_CHECKPOINT_BETWEEN = 0.5
"""The same between two rehearsed migrations; higher, because the number of checkpoints is limited."""
_MAX_REPLAYED = 8
"""Maximum number of migrations to replay without searching for a nearer checkpoint."""

_SCRATCH_TARGET = Target("scratch", "")
"""Has no role: scripts run as the superuser of the scratch server."""

Fill = Callable[[ScratchServer], Awaitable[None]]
"""Fills an empty database with the schema that a chain starts from."""


class EarlierMigrationError(Exception):
    """Raised when a migration before the wanted one cannot be applied."""

    def __init__(self, migration: Migration, failure: Failure) -> None:
        super().__init__(failure.message)
        self.migration = migration
        self.failure = failure


class ScratchChain:
    """A scratch database, and the number of migrations that it holds."""

    def __init__(
        self,
        server: ScratchServer,
        control: Control,
        chain: Chain,
        fill: Fill | None = None,
    ) -> None:
        self.server = server
        self._control = control
        self._chain = chain
        self._fill = fill
        self._conn: AsyncConnection | None = None
        self._position: int | None = None
        """How many migrations the database holds; None if it holds anything else."""
        self._catalog: Catalog | None = None
        self._since_checkpoint = 0.0
        """Seconds that a replay from the last checkpoint to the current state would take."""

    async def go_to(self, count: int) -> None:
        """Bring the database to the state after the first `count` migrations.

        Raises: EarlierMigrationError if one of these fails, ScratchError, LostError, Cancelled.
        """
        position = self._position
        if (
            position is None
            or position > count
            or (count - position > _MAX_REPLAYED and await self._has_nearer_checkpoint(position, count))
        ):
            position = await self._go_back(count)
        is_there = position == count
        for migration in self._chain.migrations[position:count]:
            started = monotonic()
            result = await self.run(migration, Direction.APPLY, traced=False)
            if result.failure is not None:
                raise EarlierMigrationError(migration, result.failure)
            position += 1
            self.set_position(position, monotonic() - started)
        await self.save_checkpoint(_CHECKPOINT_BETWEEN if is_there else _CHECKPOINT_AFTER)

    async def save_checkpoint(self, min_seconds: float = _CHECKPOINT_AFTER) -> None:
        """Save a checkpoint of the current state, unless replaying it is fast.

        `min_seconds`: minimum seconds of that replay. Raises: LostError, ScratchError, Cancelled.
        """
        if self._position is None or self._since_checkpoint <= min_seconds:
            return
        data = await asyncio.to_thread(to_bytes, await self.catalog())
        await self.close_connection()
        await self.server.save(self._chain.states[self._position], data)
        self._since_checkpoint = 0.0

    async def catalog(self) -> Catalog:
        """Return the current catalog of the database.

        Raises: LostError, ScratchError, Cancelled.
        """
        catalog = self._catalog
        if catalog is None:
            conn = await self._connection()
            try:
                catalog = await self._control.unless_cancelled(read_catalog(conn))
            except psycopg.Error as error:
                raise LostError(str(error)) from error
            self._catalog = catalog
        return catalog

    async def outside_objects(self) -> frozenset[str]:
        """Return the objects outside the schema; empty for a server that others use too.

        Raises: LostError, ScratchError, Cancelled.
        """
        if not self.server.alone:
            return frozenset()
        conn = await self._connection()
        try:
            return await self._control.unless_cancelled(read_around(conn))
        except psycopg.Error as error:
            raise LostError(str(error)) from error

    async def run(
        self, migration: Migration, direction: Direction, *, traced: bool, asks_rows: bool = False
    ) -> ScriptResult:
        """Run one script of one migration; `asks_rows`: find what it demands of rows, too.

        The caller then reports the new state with `set_position`.
        Raises: Cancelled, LostError, ScratchError.
        """
        self._position, self._catalog = None, None
        work = make_work(migration, direction, lock_timeout="0")
        conn = await self._connection()
        connect = self.server.connect if traced else None
        script = ScriptRun(
            conn,
            self._control,
            work,
            _SCRATCH_TARGET,
            connect,
            alone=self.server.alone,
            is_alive=partial(is_alive, self.server, self._control),
            watch=DemandWatch(conn) if asks_rows else None,
        )
        return await script.run()

    async def try_on_rows(self, migration: Migration, event_functions: frozenset[str]) -> Trial | None:
        """Return what a migration and its rollback do to made-up rows. Changes nothing.

        `event_functions`: names of functions that event triggers call.

        Raises: Cancelled, LostError, ScratchError.
        """
        conn = await self._connection()
        pid = conn.info.backend_pid
        try:
            trial = await try_on_rows(conn, self._control, migration, event_functions)
            await make_fresh(conn, _SCRATCH_TARGET)
        except psycopg.Error as error:
            await self.close_connection()
            if not await is_alive(self.server, self._control, pid):
                raise LostError(str(error)) from error
            return None
        return trial

    async def contents(self) -> Contents:
        """Return the contents of the tables, sequences and large objects of the database.

        Raises: LostError, ScratchError, Cancelled.
        """
        conn = await self._connection()
        try:
            return await self._control.unless_cancelled(read_contents(conn))
        except psycopg.Error as error:
            raise LostError(str(error)) from error

    @property
    def position(self) -> int | None:
        """How many migrations the database holds; None if it holds anything else."""
        return self._position

    async def names(self) -> CatalogSnapshot | None:
        """Return the names in the database, as a form needs them; None if they cannot be read.

        Raises: ScratchError, Cancelled.
        """
        from koonj.postgres.form_catalog import read_names  # noqa: PLC0415 - a cached rehearsal needs no names

        conn = await self._connection()
        try:
            return await self._control.unless_cancelled(read_names(conn, _SCRATCH_TARGET))
        except (psycopg.Error, ConnectError):
            await self.close_connection()
            return None

    def set_position(self, count: int, seconds: float) -> None:
        """Record that the database holds the first `count` migrations.

        `seconds`: the time that a replay of the last one takes.
        """
        self._position = count
        self._since_checkpoint += seconds

    async def close_connection(self) -> None:
        """Close the connection, before the scratch database is copied or deleted."""
        conn, self._conn = self._conn, None
        if conn is not None:
            await conn.close()

    async def _connection(self) -> AsyncConnection:
        if self._conn is None or self._conn.closed:
            self._conn = await self.server.connect()
            await make_fresh(self._conn, _SCRATCH_TARGET)
        return self._conn

    async def _has_nearer_checkpoint(self, position: int, count: int) -> bool:
        states = self._chain.states
        return (
            await self.server.nearest(tuple(states[k] for k in range(count, position + _MAX_REPLAYED, -1)))
            is not None
        )

    async def _go_back(self, count: int) -> int:
        """Restore a checkpoint at or before `count`, or reset the database.

        Returns how many migrations the database then holds.
        """
        await self.close_connection()
        self._position, self._catalog, self._since_checkpoint = None, None, 0.0
        states, first = self._chain.states, 0 if self._fill is None else -1
        wanted = {states[k]: k for k in range(count, first, -1)}
        found = await self.server.nearest(tuple(wanted))
        if found is not None and await self._restore(found):
            self._position = wanted[found]
        else:
            await self.server.reset()
            if self._fill is not None:
                await self._fill(self.server)
                self._since_checkpoint = 2 * _CHECKPOINT_AFTER
            self._position = 0
        return self._position

    async def _restore(self, key: str) -> bool:
        """Restore a checkpoint.

        Returns False if another koonj process has deleted it, or if it is damaged.
        """
        try:
            data = await self.server.restore(key)
        except ScratchError:
            return False
        self._catalog = await asyncio.to_thread(from_bytes, data)
        return True
