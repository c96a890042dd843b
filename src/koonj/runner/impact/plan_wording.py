"""Texts of a plan that the command and the screen share."""

from __future__ import annotations

from koonj.runner.rehearse.verdict import Verdict
from koonj.runner.run.events import Plan, PlannedMigration

NOTE, SHORT, LONG = 1, 2, 3
"""Values of PlannedLock.impact.

NOTE: other sessions do not wait. SHORT: they wait briefly. LONG: they wait long, or rows are deleted.
"""

ESTIMATED = (
    "Locks were measured in the rehearsal. Sizes and row counts are estimates from the target's statistics."
)


def verdict_words(migration: PlannedMigration) -> str:
    """Return ``rehearsal: verified (…)``, or how to get a verdict.

    Empty if the verdict was not looked up.
    """
    if migration.verdict is None:
        return ""
    reason = f" ({migration.verdict_message.removesuffix('.')})" if migration.verdict_message else ""
    if migration.verdict == Verdict.UNKNOWN.value and not reason:
        return f"not rehearsed. Run: koonj rehearse {migration.name.partition('_')[0]}"
    return f"rehearsal: {migration.verdict}{reason}"


def has_sizes(plan: Plan) -> bool:
    """Return whether the plan shows locks, and so sizes, for any statement."""
    return any(one.locks for migration in plan.migrations for one in migration.statements)
