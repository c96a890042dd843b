"""The scratch and where it stands: brought to the database after the first k migrations, and read there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic

import psycopg
from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.migration import Migration
from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.catalog.read import read_catalog
from koonj.postgres.catalog.serialize import from_bytes, to_bytes
from koonj.postgres.scratch.interface import ScratchError, ScratchServer
from koonj.postgres.scratch.server_objects import read_around
from koonj.runner.plan.work import make_work
from koonj.runner.rehearse.cache import Chain
from koonj.runner.rehearse.script_run import LostError, ScriptResult, ScriptRun, lives, make_fresh
from koonj.runner.run.events import Direction, Failure
from koonj.runner.run.run import Control

_WORTH = 0.05
"""Seconds of replaying from which on a checkpoint is worth its while: it serves each later edit."""
_PASSING = 0.5
"""The same on the way from one migration to the next: there are only so many checkpoints."""
_FAR = 8
"""Migrations that are replayed rather than looked for in a checkpoint nearer by."""

_SCRATCH = Target("scratch", "")
"""No role: scripts act as the scratch's superuser."""

Fill = Callable[[ScratchServer], Awaitable[None]]
"""Makes of an empty database the one that a chain begins from."""


class EarlierMigrationError(Exception):
    """A migration that comes before the wanted one cannot be applied."""

    def __init__(self, migration: Migration, failure: Failure) -> None:
        super().__init__(failure.message)
        self.migration = migration
        self.failure = failure


class ScratchChain:
    """One scratch, one chain of migrations; knows after which of them the database is."""

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
        self._at: int | None = None
        """How many migrations the database holds; None: something else than any beginning of the chain."""
        self._catalog: Catalog | None = None
        self._since_checkpoint = 0.0
        """Seconds that replaying from the last checkpoint to here would take."""

    async def go_to(self, count: int) -> None:
        """Bring the database to the state after the first `count` migrations.

        Raises EarlierMigrationError where one of these fails, ScratchError, LostError, Cancelled.
        """
        at = self._at
        if at is None or at > count or (count - at > _FAR and await self._nearer(at, count)):
            at = await self._go_back(count)
        is_there = at == count
        for migration in self._chain.migrations[at:count]:
            begun = monotonic()
            ran = await self.run(migration, Direction.APPLY, traced=False)
            if ran.failure is not None:
                raise EarlierMigrationError(migration, ran.failure)
            at += 1
            self.arrived(at, monotonic() - begun)
        await self.keep(_PASSING if is_there else _WORTH)

    async def keep(self, worth: float = _WORTH) -> None:
        """Make a checkpoint of where the database stands, unless there is one near.

        `worth`: seconds of replaying from which on. Raises LostError, ScratchError, Cancelled.
        """
        if self._at is None or self._since_checkpoint <= worth:
            return
        note = await asyncio.to_thread(to_bytes, await self.catalog())
        await self.close_connection()
        await self.server.save(self._chain.states[self._at], note)
        self._since_checkpoint = 0.0

    async def catalog(self) -> Catalog:
        """The database's catalog as it is now. Raises LostError, ScratchError, Cancelled."""
        catalog = self._catalog
        if catalog is None:
            conn = await self._connection()
            try:
                catalog = await self._control.unless_cancelled(read_catalog(conn))
            except psycopg.Error as error:
                raise LostError(str(error)) from error
            self._catalog = catalog
        return catalog

    async def around(self) -> frozenset[str]:
        """What there is beside the schema; of a server that others use, nothing can be said.

        Raises LostError, ScratchError, Cancelled.
        """
        if not self.server.alone:
            return frozenset()
        conn = await self._connection()
        try:
            return await self._control.unless_cancelled(read_around(conn))
        except psycopg.Error as error:
            raise LostError(str(error)) from error

    async def run(self, migration: Migration, direction: Direction, *, traced: bool) -> ScriptResult:
        """One script of one migration; where that leads, `arrived` must say.

        Raises Cancelled, LostError, ScratchError.
        """
        self._at, self._catalog = None, None
        work = make_work(migration, direction, lock_timeout="0")
        conn = await self._connection()
        more = self.server.connect if traced else None
        script = ScriptRun(
            conn,
            self._control,
            work,
            _SCRATCH,
            more,
            alone=self.server.alone,
            lives=partial(lives, self.server, self._control),
        )
        return await script.run()

    def arrived(self, count: int, seconds: float) -> None:
        """The database holds the first `count` migrations now; replaying the last of them takes `seconds`."""
        self._at = count
        self._since_checkpoint += seconds

    async def close_connection(self) -> None:
        """Before the scratch is copied, or left."""
        conn, self._conn = self._conn, None
        if conn is not None:
            await conn.close()

    async def _connection(self) -> AsyncConnection:
        if self._conn is None or self._conn.closed:
            self._conn = await self.server.connect()
            await make_fresh(self._conn, _SCRATCH)
        return self._conn

    async def _nearer(self, at: int, count: int) -> bool:
        states = self._chain.states
        return await self.server.nearest(tuple(states[k] for k in range(count, at + _FAR, -1))) is not None

    async def _go_back(self, count: int) -> int:
        """To a checkpoint at or before `count`, else to the beginning; how many migrations it holds."""
        await self.close_connection()
        self._at, self._catalog, self._since_checkpoint = None, None, 0.0
        states, first = self._chain.states, 0 if self._fill is None else -1
        wanted = {states[k]: k for k in range(count, first, -1)}
        found = await self.server.nearest(tuple(wanted))
        if found is not None and await self._restored(found):
            self._at = wanted[found]
        else:
            await self.server.reset()
            if self._fill is not None:
                await self._fill(self.server)
                self._since_checkpoint = 2 * _WORTH
            self._at = 0
        return self._at

    async def _restored(self, key: str) -> bool:
        """False where another koonj has removed the checkpoint meanwhile, or it is broken."""
        try:
            note = await self.server.restore(key)
        except ScratchError:
            return False
        self._catalog = await asyncio.to_thread(from_bytes, note)
        return True
