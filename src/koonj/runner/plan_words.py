"""What a plan says of rehearsals, in words that the command and the screen share."""

from __future__ import annotations

from koonj.runner.events import Plan, PlannedMigration
from koonj.runner.rehearse.values import Proof

NOTE, SHORT, LONG = 1, 2, 3
"""Of PlannedLock: others may go on; they wait, but not for long; they wait for long, or rows are gone."""

ESTIMATED = "Sizes and rows are the target's own estimates; locks were measured on scratch."


def proof_words(migration: PlannedMigration) -> str:
    """``rehearsed: proved: …``, or how to get there; empty where nobody looked."""
    if migration.proof is None:
        return ""
    if migration.proof != Proof.UNKNOWN.value:
        return f"rehearsed: {migration.proof}: {migration.proof_message}"
    why = f" ({migration.proof_message.removesuffix('.')})" if migration.proof_message else ""
    return f"not rehearsed{why}: koonj rehearse {migration.name.partition('_')[0]}"


def has_sizes(plan: Plan) -> bool:
    """Does any statement of it say what it locks?"""
    return any(one.locks for migration in plan.migrations for one in migration.statements)
