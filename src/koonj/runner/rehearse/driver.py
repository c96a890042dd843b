"""Rehearse the wanted migrations in their order.

Cached verdicts are used again. Migrations after one that cannot be applied get the verdict `unknown`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from koonj.runner.rehearse.cache import Chain, VerdictCache
from koonj.runner.rehearse.cycle import run_cycle
from koonj.runner.rehearse.events import MigrationRehearsalFinished, MigrationRehearsalStarted
from koonj.runner.rehearse.judge import (
    RehearsalOrigin,
    broken_rehearsal,
    failure_of_problem,
    judge,
    rehearsal_failure,
    unknown_rehearsal,
)
from koonj.runner.rehearse.scratch_chain import EarlierMigrationError, ScratchChain
from koonj.runner.rehearse.verdict import Rehearsal, RehearsalFailure, Verdict
from koonj.runner.run.events import Event
from koonj.sql.problem import first_error


@dataclass(frozen=True, slots=True)
class _EarlierFailure:
    """A migration that cannot be applied, so that no later one can be rehearsed."""

    index: int
    why: str
    failure: RehearsalFailure


class Driver:
    """Rehearsal of several migrations of one chain, on one scratch database."""

    def __init__(
        self, scratch: ScratchChain, chain: Chain, origin: RehearsalOrigin, cache: VerdictCache
    ) -> None:
        self._scratch = scratch
        self._chain = chain
        self._origin = origin
        self._cache = cache
        self._cached: dict[int, Rehearsal] = {}
        self._earlier_failure: _EarlierFailure | None = None

    async def read_cache(self, wanted: Sequence[int]) -> None:
        """Read the cached verdicts on `wanted`, which are indexes of the chain."""
        self._cached = await asyncio.to_thread(self._read_cache, wanted)

    def has_cached(self, index: int) -> bool:
        """Return whether the cache has a verdict on the migration at `index`."""
        return index in self._cached

    async def find_unrunnable_file(self, wanted: Sequence[int]) -> None:
        """Find the first file that cannot be run at all, unless all verdicts are cached."""
        if not all(map(self.has_cached, wanted)):
            self._earlier_failure = await asyncio.to_thread(self._first_unrunnable, max(wanted))

    async def rehearse(self, wanted: Sequence[int]) -> AsyncIterator[Event]:
        """Yield the events of every rehearsal, with its verdict.

        Raises: Cancelled, LostError, ScratchError.
        """
        for position, index in enumerate(wanted, start=1):
            rehearsal = self._cached.get(index)
            if rehearsal is not None:
                yield MigrationRehearsalFinished(position, len(wanted), cached=True, rehearsal=rehearsal)
                continue
            yield MigrationRehearsalStarted(self._chain.migrations[index].name, position, len(wanted))
            rehearsal = await self._rehearse_one(index)
            if rehearsal.verdict is not Verdict.UNKNOWN:
                await asyncio.to_thread(self._cache.write, rehearsal)
            yield MigrationRehearsalFinished(position, len(wanted), cached=False, rehearsal=rehearsal)

    def _read_cache(self, wanted: Sequence[int]) -> dict[int, Rehearsal]:
        found = ((index, self._cache.read(self._chain.key(index))) for index in wanted)
        return {
            index: self._with_current_path(index, rehearsal)
            for index, rehearsal in found
            if rehearsal is not None
        }

    def _with_current_path(self, index: int, rehearsal: Rehearsal) -> Rehearsal:
        """Return the rehearsal with the path of the file as it is shown in this project."""
        if rehearsal.failure is None:
            return rehearsal
        migration = self._chain.migrations[index]
        is_rollback = rehearsal.failure.phase == "rollback"
        file = migration.shown_rollback_path if is_rollback else migration.shown_path
        return replace(rehearsal, failure=replace(rehearsal.failure, file=file))

    def _first_unrunnable(self, last: int) -> _EarlierFailure | None:
        """Return the first file before index `last` whose body has an error in its text."""
        for index, migration in enumerate(self._chain.migrations[:last]):
            problem = first_error(migration.body_problems)
            if problem is not None:
                why = f"The earlier migration {migration.name} cannot be run: {problem.message}"
                return _EarlierFailure(index, why, failure_of_problem(migration, "earlier", problem))
        return None

    async def _rehearse_one(self, index: int) -> Rehearsal:
        migration, key = self._chain.migrations[index], self._chain.key(index)
        try:
            if self._earlier_failure is None or self._earlier_failure.index >= index:
                await self._scratch.go_to(index)
        except EarlierMigrationError as error:
            why = f"The earlier migration {error.migration.name} fails: {error.failure.message}"
            position = self._chain.migrations.index(error.migration)
            self._earlier_failure = _EarlierFailure(
                position, why, rehearsal_failure("earlier", error.failure)
            )
        if self._earlier_failure is not None and self._earlier_failure.index < index:
            return unknown_rehearsal(
                migration, key, self._origin, self._earlier_failure.why, self._earlier_failure.failure
            )
        if first_error((*migration.body_problems, *migration.rollback_problems)) is not None:
            return broken_rehearsal(migration, key, self._origin)
        return judge(await run_cycle(self._scratch, migration, index), key, self._origin)
