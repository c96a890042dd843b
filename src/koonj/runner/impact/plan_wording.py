"""What a plan says of rehearsals, in words that the command and the screen share."""

from __future__ import annotations

from koonj.runner.rehearse.verdict import Verdict
from koonj.runner.run.events import Plan, PlannedMigration

NOTE, SHORT, LONG = 1, 2, 3
"""Of PlannedLock: others may go on; they wait, but not for long; they wait for long, or rows are gone."""

ESTIMATED = "Sizes and rows are the target's own estimates; locks were measured on scratch."


def verdict_words(migration: PlannedMigration) -> str:
    """``rehearsed: verified: …``, or how to get there; empty where nobody looked."""
    if migration.verdict is None:
        return ""
    if migration.verdict != Verdict.UNKNOWN.value:
        return f"rehearsed: {migration.verdict}: {migration.verdict_message}"
    why = f" ({migration.verdict_message.removesuffix('.')})" if migration.verdict_message else ""
    return f"not rehearsed{why}: koonj rehearse {migration.name.partition('_')[0]}"


def has_sizes(plan: Plan) -> bool:
    """Does any statement of it say what it locks?"""
    return any(one.locks for migration in plan.migrations for one in migration.statements)
