"""The scripts that ran on a target, run on scratch; what they produce is kept there for the next time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from koonj.runner.rehearse.script_run import ScriptRun, lives
from koonj.runner.run.events import Direction, Failure
from koonj.runner.run.run import Control
from koonj.sql.problem import first_error

_WORTH = 0.3
"""Seconds of replaying from which on a checkpoint is worth its while (it takes about as long)."""

Tell = Callable[[int, int], None]
"""Hears how many scripts have run, of how many."""


@dataclass(slots=True)
class Replay:
    """One replay on one scratch."""

    server: ScratchServer
    control: Control
    scripts: Sequence[AppliedScript]
    world: TargetRoles
    database: str
    """The target's name for it, which a script may mean."""
    tell: Tell
    seconds: float = 0.0
    """What running the scripts took."""
    refused: tuple[str, ...] = ()
    """Roles that could not be acted as: what their scripts made has another owner."""

    async def catalog(self) -> Catalog:
        """What the scripts produce. Raises DriftError, ScratchError, LostError, Cancelled, psycopg.Error."""
        states = self._states()
        session = ReplaySession(self.server)
        try:
            done = await self.control.unless_cancelled(self._begin(states, session))
            for script in self.scripts[done:]:
                await self._run(script, session)
                done += 1
                self.tell(done, len(self.scripts))
            conn = await session.connection()
            catalog = await self.control.unless_cancelled(read_catalog(conn))
        finally:
            self.refused = tuple(sorted(session.refused))
            await session.close()
        if self.seconds > _WORTH:
            await self.server.save(states[-1])
        return catalog

    def _states(self) -> tuple[str, ...]:
        """Names of the databases after the first k scripts, by all that they depend on."""
        states = [hash_parts("drift", self.server.version, self.database, *self._roles())]
        for script in self.scripts:
            prints = script.migration.fingerprints
            states.append(hash_parts(states[-1], script.role, *_flat(script.settings), prints.statements))
        return tuple(states)

    def _roles(self) -> tuple[str, ...]:
        """Those that have to be there before the first script."""
        acting = {script.role for script in self.scripts}
        made = made_by(script.migration for script in self.scripts)
        return tuple(sorted(acting.union(self.world.roles) - made))

    async def _begin(self, states: Sequence[str], session: ReplaySession) -> int:
        """From the last of `states` that is kept, or from nothing; how many scripts it holds."""
        found = await self.server.nearest(tuple(reversed(states)))
        if found is not None:
            with suppress(ScratchError):  # another koonj removed it meanwhile, or it is broken
                await self.server.restore(found)
                return states.index(found)
        await self.server.reset()
        await session.make_roles(self._roles())
        return 0

    async def _run(self, script: AppliedScript, session: ReplaySession) -> None:
        problem = first_error(script.migration.body_problems)
        if problem is not None:
            place = _place(script.migration, problem.line, problem.column)
            raise DriftError(_not_known(script.migration, place, problem.message), problem.hint)
        conn = await session.connection_for(script.role, script.settings)
        refused = script.role in session.refused
        target = Target("scratch", "", role=None if refused else script.role)
        await clean(conn, target)
        work = make_work(script.migration, Direction.APPLY, lock_timeout="0")
        answers = partial(lives, self.server, self.control)
        run = ScriptRun(conn, self.control, work, target, None, alone=self.server.alone, lives=answers)
        ran = await run.run()
        if ran.failure is not None:
            self.control.check()
            raise _failed(script.migration, ran.failure)
        self.seconds += ran.seconds


def _failed(migration: Migration, failure: Failure) -> DriftError:
    code = f"ERROR {failure.sqlstate}: " if failure.sqlstate else ""
    said = "\n".join(part for part in (failure.message, failure.detail, failure.hint) if part)
    place = _place(migration, failure.line, failure.column)
    return DriftError(
        _not_known(migration, place, f"{code}{said}"),
        "It ran on the target. What it needs there and no earlier migration makes, scratch does not have.",
    )


def _place(migration: Migration, line: int | None, column: int | None) -> str:
    return ":".join(str(part) for part in (migration.shown_path, line, column) if part is not None)


def _not_known(migration: Migration, place: str, why: str) -> str:
    return (
        f"{place}: {migration.name} does not run on scratch, so what the files produce is not known.\n{why}"
    )


def _flat(settings: Settings) -> tuple[str, ...]:
    return tuple(part for setting in settings for part in setting)
