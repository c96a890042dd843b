"""From one wanted migration to the next: what is known is not done again, what cannot be reached is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from koonj.runner.rehearse.cache import Chain, VerdictCache
from koonj.runner.rehearse.cycle import run_cycle
from koonj.runner.rehearse.events import MigrationRehearsalFinished, MigrationRehearsalStarted
from koonj.runner.rehearse.judge import (
    RehearsalOrigin,
    broken,
    failure_of_problem,
    judge,
    rehearsal_failure,
    unknown,
)
from koonj.runner.rehearse.scratch_chain import EarlierMigrationError, ScratchChain
from koonj.runner.rehearse.verdict import Rehearsal, RehearsalFailure, Verdict
from koonj.runner.run.events import Event
from koonj.sql.problem import first_error


@dataclass(frozen=True, slots=True)
class _Wall:
    """A migration that cannot be applied: no later one can be reached."""

    index: int
    why: str
    failure: RehearsalFailure


class Driver:
    """Over one chain of migrations, upward."""

    def __init__(
        self, stage: ScratchChain, chain: Chain, setting: RehearsalOrigin, kept: VerdictCache
    ) -> None:
        self._stage = stage
        self._chain = chain
        self._setting = setting
        self._kept = kept
        self._known: dict[int, Rehearsal] = {}
        self._wall: _Wall | None = None

    async def look_up(self, wanted: Sequence[int]) -> None:
        """Read the verdicts that were found before."""
        self._known = await asyncio.to_thread(self._read, wanted)

    def knows(self, index: int) -> bool:
        """Is that one's verdict known?"""
        return index in self._known

    async def look_ahead(self, wanted: Sequence[int]) -> None:
        """Find the first file that cannot be run at all, where something is to be run."""
        if not all(map(self.knows, wanted)):
            self._wall = await asyncio.to_thread(self._broken_one, max(wanted))

    async def walk(self, wanted: Sequence[int]) -> AsyncIterator[Event]:
        """A verdict for each. Raises Cancelled, LostError, ScratchError."""
        for at, index in enumerate(wanted, start=1):
            known = self._known.get(index)
            if known is not None:
                yield MigrationRehearsalFinished(at, len(wanted), cached=True, rehearsal=known)
                continue
            yield MigrationRehearsalStarted(self._chain.migrations[index].name, at, len(wanted))
            rehearsal = await self._rehearse(index)
            if rehearsal.verdict is not Verdict.UNKNOWN:
                await asyncio.to_thread(self._kept.write, rehearsal)
            yield MigrationRehearsalFinished(at, len(wanted), cached=False, rehearsal=rehearsal)

    def _read(self, wanted: Sequence[int]) -> dict[int, Rehearsal]:
        found = ((index, self._kept.read(self._chain.key(index))) for index in wanted)
        return {index: self._as_here(index, known) for index, known in found if known is not None}

    def _as_here(self, index: int, known: Rehearsal) -> Rehearsal:
        """With the path as this person knows it."""
        if known.failure is None:
            return known
        file = self._chain.migrations[index].shown_path
        return replace(known, failure=replace(known.failure, file=file))

    def _broken_one(self, last: int) -> _Wall | None:
        """The first file before the last wanted one whose body cannot be run, known from its text."""
        for index, migration in enumerate(self._chain.migrations[:last]):
            problem = first_error(migration.body_problems)
            if problem is not None:
                why = f"{migration.name}, which comes before it, cannot be run: {problem.message}"
                return _Wall(index, why, failure_of_problem(migration, "earlier", problem))
        return None

    async def _rehearse(self, index: int) -> Rehearsal:
        migration, key = self._chain.migrations[index], self._chain.key(index)
        try:
            if self._wall is None or self._wall.index >= index:
                await self._stage.go_to(index)
        except EarlierMigrationError as error:
            why = f"{error.migration.name}, which comes before it, fails: {error.failure.message}"
            at = self._chain.migrations.index(error.migration)
            self._wall = _Wall(at, why, rehearsal_failure("earlier", error.failure))
        if self._wall is not None and self._wall.index < index:
            return unknown(migration, key, self._setting, self._wall.why, self._wall.failure)
        if first_error((*migration.body_problems, *migration.rollback_problems)) is not None:
            return broken(migration, key, self._setting)
        return judge(await run_cycle(self._stage, migration, index), key, self._setting)
