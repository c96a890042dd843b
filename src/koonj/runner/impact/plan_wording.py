"""Texts of a plan that the command and the screen share."""

from __future__ import annotations

from koonj.config.duration import milliseconds
from koonj.runner.rehearse.verdict import Verdict
from koonj.runner.run.planned import Plan, PlannedMigration

NOTE, SHORT, LONG = 1, 2, 3
"""Values of PlannedLock.impact.

NOTE: other sessions do not wait. SHORT: they wait briefly. LONG: they wait long, or rows are deleted.
"""

ESTIMATED = (
    "Locks were measured in the rehearsal. Sizes and row counts are estimates from the target's statistics."
)


def lock_limits(migration: PlannedMigration) -> str:
    """Return how long the migration waits for locks, and others because of it, and which settings say so.

    For example ``max_stall 500ms, lock_wait 10min``: each try lets others wait for at most 500 ms, and koonj
    tries for 10 minutes. koonj takes locks without queueing only in one transaction, and only measured ones.
    """
    if not milliseconds(migration.lock_timeout):
        return "no lock_timeout"
    if not migration.lock_wait:
        return f"lock_timeout {migration.lock_timeout}"
    is_stall = migration.lock_timeout == migration.max_stall
    limits = [] if is_stall else [f"lock_timeout {migration.lock_timeout}"]
    takes_first = migration.in_transaction and any(one.locks for one in migration.statements)
    limits += [f"max_stall {migration.max_stall}"] if is_stall or takes_first else []
    return ", ".join((*limits, f"lock_wait {migration.lock_wait}"))


def rehearsed_words(migration: PlannedMigration) -> str:
    """Return ``rehearsal: verified (…)``.

    Empty if there is no verdict: then the first lines of the plan say so.
    """
    reason = f" ({migration.verdict_message.removesuffix('.')})" if migration.verdict_message else ""
    if migration.verdict is None or (migration.verdict == Verdict.UNKNOWN.value and not reason):
        return ""
    return f"rehearsal: {migration.verdict}{reason}"


def has_sizes(plan: Plan) -> bool:
    """Return whether the plan shows locks, and so sizes, for any statement."""
    return any(one.locks for migration in plan.migrations for one in migration.statements)
