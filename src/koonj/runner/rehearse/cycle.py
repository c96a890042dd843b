"""One migration up, down and up again, on a stage that stands before it."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.migrations.migration import Migration
from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.catalog.compare import compare, significant
from koonj.runner.rehearse.scratch_chain import ScratchChain
from koonj.runner.rehearse.script_run import ScriptResult
from koonj.runner.run.events import Direction, Failure


@dataclass(frozen=True, slots=True)
class CycleResult:
    """What one migration's rehearsal saw, before it is judged; what was not reached is None."""

    migration: Migration
    apply: ScriptResult
    rollback: ScriptResult | None = None
    back: tuple[Difference, ...] = ()
    """Between the catalog before and that after the rollback; after the migration, where it has none."""
    left: tuple[str, ...] = ()
    """Beside the schema, after the rollback: what is there and was not before."""
    missing: tuple[str, ...] = ()
    reapply: ScriptResult | None = None
    repeated: tuple[Difference, ...] = ()
    """Between the catalogs after the first and the second up."""

    @property
    def failed(self) -> tuple[str, Failure] | None:
        """The phase in which something failed, and how."""
        for phase, ran in (("apply", self.apply), ("rollback", self.rollback), ("reapply", self.reapply)):
            if ran is not None and ran.failure is not None:
                return phase, ran.failure
        return None

    @property
    def is_clean(self) -> bool:
        """Is the database now what applying the migration once makes of it?"""
        if self.failed is not None:
            return False
        return self.rollback is None or not (self.back or self.repeated)


async def run_cycle(stage: ScratchChain, migration: Migration, count: int) -> CycleResult:
    """Rehearse the migration that comes after the first `count`, where the stage stands.

    Raises Cancelled, LostError, ScratchError.
    """
    before = await stage.catalog()
    around = await stage.around()
    up = await stage.run(migration, Direction.APPLY, traced=True)
    if up.failure is not None:
        return CycleResult(migration, up)
    first = await stage.catalog()
    if migration.sections.rollback is None:
        stage.arrived(count + 1, up.seconds)
        forgotten = migration.sections.none_reason is None
        return CycleResult(migration, up, back=significant(compare(before, first)) if forgotten else ())
    down = await stage.run(migration, Direction.ROLLBACK, traced=True)
    if down.failure is not None:
        return CycleResult(migration, up, down)
    back = significant(compare(before, await stage.catalog()))
    now = await stage.around()
    left, missing = tuple(sorted(now - around)), tuple(sorted(around - now))
    again = await stage.run(migration, Direction.APPLY, traced=False)
    if again.failure is not None:
        return CycleResult(migration, up, down, back, left, missing, again)
    repeated = significant(compare(first, await stage.catalog()))
    seen = CycleResult(migration, up, down, back, left, missing, again, repeated)
    if seen.is_clean:
        stage.arrived(count + 1, again.seconds)
    return seen
