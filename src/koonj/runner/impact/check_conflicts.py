"""Stop a plan at what the safety rules report as errors, unless a rehearsal measured otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from koonj.runner.plan.folder_conflicts import problems_as_conflicts
from koonj.runner.plan.planner import PreparedPlan
from koonj.runner.rehearse.verdict import Rehearsal


def with_check_conflicts(planned: PreparedPlan, rehearsals: Mapping[str, Rehearsal]) -> PreparedPlan:
    """Add a conflict for each error of a safety rule. `rehearsals`: by file name."""
    if not planned.check_errors:
        return planned
    # Only a plan with such errors needs these.
    from koonj.checks.measured import contradicts  # noqa: PLC0415 - as above
    from koonj.runner.rehearse.measured import measured  # noqa: PLC0415 - as above

    conflicts = tuple(
        conflict
        for error in planned.check_errors
        if not contradicts(error.finding, measured(rehearsals.get(error.migration.name)))
        for conflict in problems_as_conflicts(
            error.migration.shown_path, error.migration.name, (error.finding.problem,)
        )
    )
    return replace(planned, plan=replace(planned.plan, conflicts=(*planned.plan.conflicts, *conflicts)))
