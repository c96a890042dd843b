"""Apply one migration, roll it back and apply it again on the scratch database."""

from __future__ import annotations

from dataclasses import dataclass, field

from koonj.migrations.migration import Migration
from koonj.postgres.catalog.catalog import Catalog, Difference, ObjectName
from koonj.postgres.catalog.compare import compare, significant
from koonj.runner.rehearse.fixed_times import fixed_times
from koonj.runner.rehearse.harmless import demands_nothing, only_creates
from koonj.runner.rehearse.routines import Routines, routines
from koonj.runner.rehearse.scratch_chain import ScratchChain
from koonj.runner.rehearse.script_run import ScriptResult
from koonj.runner.rehearse.trial import Trial
from koonj.runner.run.direction import Direction
from koonj.runner.run.failure import Failure


@dataclass(frozen=True, slots=True)
class CycleResult:
    """Observations of one migration's rehearsal, before they are judged.

    Phases that did not run are None.
    """

    migration: Migration
    apply: ScriptResult
    rollback: ScriptResult | None = None
    rollback_differences: tuple[Difference, ...] = ()
    """Differences between the catalogs before the migration and after its rollback.

    If the file has no rollback and does not declare that: between before and after the migration.
    """
    left_outside: tuple[str, ...] = ()
    """Objects outside the schema (such as roles) that exist after the rollback and did not before."""
    missing_outside: tuple[str, ...] = ()
    """Objects outside the schema that existed before the migration and do not after the rollback."""
    trial: Trial | None = None
    """What happened to made-up rows; None if they could not be tried, or if there is no rollback."""
    reapply: ScriptResult | None = None
    reapply_differences: tuple[Difference, ...] = ()
    """Differences between the catalogs after the first and the second apply."""
    fixed_times: tuple[ObjectName, ...] = ()
    """Objects whose definition contains the time of the rehearsal."""
    routines: Routines = field(default_factory=Routines)
    """Functions, triggers and rules before the migration and after it."""
    reapply_changes_rows: bool = False
    """Whether the tables and sequences contain something else after the second apply than after the first."""

    @property
    def failed(self) -> tuple[str, Failure] | None:
        """The phase in which a statement failed, and its error."""
        for phase, ran in (("apply", self.apply), ("rollback", self.rollback), ("reapply", self.reapply)):
            if ran is not None and ran.failure is not None:
                return phase, ran.failure
        return None

    @property
    def is_clean(self) -> bool:
        """Whether the database is now as it is after the migration was applied once."""
        if self.failed is not None:
            return False
        differs = self.rollback_differences or self.reapply_differences or self.reapply_changes_rows
        return self.rollback is None or not differs


async def run_cycle(scratch: ScratchChain, migration: Migration, count: int) -> CycleResult:
    """Rehearse `migration` on a database that holds the first `count` migrations.

    Raises: Cancelled, LostError, ScratchError.
    """
    before = await scratch.catalog()
    objects_before = await scratch.outside_objects()
    touches_rows = migration.has_rollback and _can_touch_rows(migration, before)
    event_functions = routines(before, before).event_functions
    trial = await scratch.try_on_rows(migration, event_functions) if touches_rows else None
    asks_rows = _demands_rows(migration, before)
    applied = await scratch.run(migration, Direction.APPLY, traced=True, asks_rows=asks_rows)
    if applied.failure is not None:
        return CycleResult(migration, applied)
    applied_catalog = await scratch.catalog()
    known = routines(before, applied_catalog)
    rows = await scratch.contents() if touches_rows else None
    fixed = fixed_times(before.objects, applied_catalog.objects, migration.text)
    if not migration.has_rollback:
        scratch.set_position(count + 1, applied.seconds)
        if migration.sections.none_reason is not None:
            return CycleResult(migration, applied, fixed_times=fixed, routines=known)
        differences = significant(compare(before, applied_catalog))
        return CycleResult(
            migration, applied, rollback_differences=differences, fixed_times=fixed, routines=known
        )
    rolled_back = await scratch.run(migration, Direction.ROLLBACK, traced=True)
    if rolled_back.failure is not None:
        return CycleResult(migration, applied, rolled_back, trial=trial, fixed_times=fixed, routines=known)
    rollback_differences = significant(compare(before, await scratch.catalog()))
    objects_after = await scratch.outside_objects()
    left = tuple(sorted(objects_after - objects_before))
    missing = tuple(sorted(objects_before - objects_after))
    reapplied = await scratch.run(migration, Direction.APPLY, traced=False)
    if reapplied.failure is not None:
        failed = (applied, rolled_back, rollback_differences, left, missing, trial, reapplied)
        return CycleResult(migration, *failed, fixed_times=fixed, routines=known)
    reapply_differences = significant(compare(applied_catalog, await scratch.catalog()))
    changes_rows = rows is not None and rows.differs(await scratch.contents())
    outside, again = (left, missing), (reapplied, reapply_differences)
    phases = (applied, rolled_back, rollback_differences, *outside, trial, *again)
    result = CycleResult(migration, *phases, fixed, known, changes_rows)
    if result.is_clean:
        scratch.set_position(count + 1, reapplied.seconds)
    return result


def _can_touch_rows(migration: Migration, catalog: Catalog) -> bool:
    """Return whether a migration, its rollback, or an event trigger can touch rows of older tables."""
    if any(name.kind == "event trigger" for name in catalog.objects):
        return True
    rollback = migration.sections.rollback
    return not only_creates(
        migration.sections.body.statements, () if rollback is None else rollback.statements
    )


def _demands_rows(migration: Migration, catalog: Catalog) -> bool:
    """Return whether a migration can demand something of the rows of older tables."""
    has_tables = any(
        name.kind in {"table", "partitioned table", "materialized view"} for name in catalog.objects
    )
    event_triggers = any(name.kind == "event trigger" for name in catalog.objects)
    return has_tables and (event_triggers or not demands_nothing(migration.sections.body.statements))
