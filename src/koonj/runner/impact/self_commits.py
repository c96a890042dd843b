"""Let migrations run outside a transaction if a rehearsal found that a statement commits by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from koonj.runner.plan.planner import PreparedPlan
from koonj.runner.plan.work import Work, can_run_as_written, work_as_written
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.direction import Direction


def with_commits(planned: PreparedPlan, rehearsals: Mapping[str, Rehearsal]) -> PreparedPlan:
    """Return the plan with the transactions that the rehearsals found possible.

    A CALL or a DO block with COMMIT fails in koonj's transaction. ``psql -f`` runs it outside one, if the
    file has no BEGIN.
    """
    works = tuple(_as_rehearsed(work, rehearsals.get(work.migration.name)) for work in planned.works)
    plan = replace(planned.plan, migrations=tuple(work.planned for work in works))
    return replace(planned, works=works, plan=plan)


def _as_rehearsed(work: Work, rehearsal: Rehearsal | None) -> Work:
    if rehearsal is None or not can_run_as_written(work):
        return work
    apply = work.direction is Direction.APPLY
    commits = rehearsal.apply_commits if apply else rehearsal.rollback_commits
    return work_as_written(work, commits) if commits else work
