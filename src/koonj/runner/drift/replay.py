"""Run a target's scripts on the scratch server.

The result is saved as a checkpoint for the next time.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from koonj.config import Target
from koonj.migrations.migration import Migration
from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.catalog.read import read_catalog
from koonj.postgres.scratch.interface import ScratchError, ScratchServer
from koonj.postgres.scratch.role_settings import Settings, TargetRoles, made_by
from koonj.postgres.session import clean
from koonj.runner.drift.read_target import AppliedScript
from koonj.runner.drift.replay_session import ReplaySession
from koonj.runner.drift.report import DriftError
from koonj.runner.plan.work import make_work
from koonj.runner.rehearse.cache import hash_parts
from koonj.runner.rehearse.script_run import ScriptRun, is_alive
from koonj.runner.run.direction import Direction
from koonj.runner.run.failure import Failure
from koonj.runner.run.run import Control
from koonj.sql.problem import first_error

_CHECKPOINT_AFTER = 0.3
"""Minimum seconds of replay for which a checkpoint is saved; saving takes about as long."""

_UNKNOWN = "cannot compute the expected schema."

OnProgress = Callable[[int, int], None]
"""Called with how many scripts have run, and how many there are."""


@dataclass(slots=True)
class Replay:
    """Execution of a target's applied scripts on a scratch database."""

    server: ScratchServer
    control: Control
    scripts: Sequence[AppliedScript]
    roles: TargetRoles
    database: str
    """Name of the target's database, because a script can contain it."""
    on_progress: OnProgress
    seconds: float = 0.0
    """Time that the scripts took."""
    refused: tuple[str, ...] = ()
    """Roles that koonj could not act as; objects that their scripts create have another owner."""

    async def catalog(self) -> Catalog:
        """Run the scripts, and return the catalog that they produce.

        Raises: DriftError, ScratchError, LostError, Cancelled, psycopg.Error.
        """
        states = self._states()
        session = ReplaySession(self.server)
        try:
            done = await self.control.unless_cancelled(self._restore(states, session))
            for script in self.scripts[done:]:
                await self._run(script, session)
                done += 1
                self.on_progress(done, len(self.scripts))
            conn = await session.connection()
            catalog = await self.control.unless_cancelled(read_catalog(conn))
        finally:
            self.refused = tuple(sorted(session.refused))
            await session.close()
        if self.seconds > _CHECKPOINT_AFTER:
            await self.server.save(states[-1])
        return catalog

    async def catalogs(self) -> AsyncGenerator[Catalog]:
        """Run the scripts, and yield the catalog before the first of them and after each.

        Raises: as `catalog`.
        """
        session = ReplaySession(self.server)
        try:
            await self.control.unless_cancelled(self._begin(session))
            for done in range(len(self.scripts) + 1):
                if done:
                    await self._run(self.scripts[done - 1], session)
                    self.on_progress(done, len(self.scripts))
                conn = await session.connection()
                catalog = await self.control.unless_cancelled(read_catalog(conn))
                self.refused = tuple(sorted(session.refused))
                yield catalog
        finally:
            await session.close()

    def _states(self) -> tuple[str, ...]:
        """Return a checkpoint key for the state after each script.

        The first key is for the state before all scripts.
        A key is a hash of everything that the state depends on.
        """
        states = [hash_parts("drift", self.server.version, self.database, *self._roles())]
        for script in self.scripts:
            exact = script.migration.exact_statements_hash
            states.append(hash_parts(states[-1], script.role, *_flat(script.settings), exact))
        return tuple(states)

    def _roles(self) -> tuple[str, ...]:
        """Return the roles that must exist before the first script."""
        acting = {script.role for script in self.scripts}
        created = made_by(script.migration for script in self.scripts)
        return tuple(sorted(acting.union(self.roles.roles) - created))

    async def _restore(self, states: Sequence[str], session: ReplaySession) -> int:
        """Restore the last of `states` that is saved, or reset the database.

        Returns how many scripts the database then holds.
        """
        found = await self.server.nearest(tuple(reversed(states)))
        if found is not None:
            with suppress(ScratchError):  # another koonj process deleted it, or it is damaged
                await self.server.restore(found)
                return states.index(found)
        await self._begin(session)
        return 0

    async def _begin(self, session: ReplaySession) -> None:
        """Empty the database, and create the roles of the target."""
        await self.server.reset()
        await session.create_target_roles(self._roles())

    async def _run(self, script: AppliedScript, session: ReplaySession) -> None:
        problem = first_error(script.migration.body_problems)
        if problem is not None:
            place = _place(script.migration, problem.line, problem.column)
            cannot = f"{place}: koonj cannot run {script.migration.name}, so it {_UNKNOWN}\n{problem.message}"
            raise DriftError(cannot, problem.hint)
        conn = await session.connection_for(script.role, script.settings)
        refused = script.role in session.refused
        target = Target("scratch", "", role=None if refused else script.role)
        await clean(conn, target, computes=True)
        work = make_work(script.migration, Direction.APPLY, lock_timeout="0")
        alive = partial(is_alive, self.server, self.control)
        run = ScriptRun(conn, self.control, work, target, None, alone=self.server.alone, is_alive=alive)
        result = await run.run()
        if result.failure is not None:
            self.control.check()
            raise _failed(script.migration, result.failure)
        self.seconds += result.seconds


def _failed(migration: Migration, failure: Failure) -> DriftError:
    code = f"ERROR {failure.sqlstate}: " if failure.sqlstate else ""
    text = "\n".join(part for part in (failure.message, failure.detail, failure.hint) if part)
    place = _place(migration, failure.line, failure.column)
    return DriftError(
        _unknown_schema(migration, place, f"{code}{text}"),
        "It succeeded on the target. It might need something that no earlier migration creates; the scratch "
        "server does not have that.",
    )


def _place(migration: Migration, line: int | None, column: int | None) -> str:
    return ":".join(str(part) for part in (migration.shown_path, line, column) if part is not None)


def _unknown_schema(migration: Migration, place: str, why: str) -> str:
    return f"{place}: {migration.name} fails on the scratch server, so koonj {_UNKNOWN}\n{why}"


def _flat(settings: Settings) -> tuple[str, ...]:
    return tuple(part for setting in settings for part in setting)
