"""Evidence of ALTER TABLE … DETACH PARTITION … CONCURRENTLY."""

from __future__ import annotations

from psycopg import AsyncConnection

from koonj.runner.evidence.questions import Facts, row_of
from koonj.runner.evidence.statement_evidence import Effect, StatementEvidence, done, not_done


async def detach(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge a detach: no row in pg_inherits, one with a pending detach, or an ordinary one."""
    row = await row_of(conn, "detach", facts)
    if row is None:
        return done("The partition is detached.")
    pending, parent, child = row
    if not pending:
        return not_done(f"{child} is still a partition of {parent}.")
    return StatementEvidence(
        Effect.HALF,
        f"The detach of {child} from {parent} is pending: it stopped before its end.",
        repair=(f"ALTER TABLE {parent} DETACH PARTITION {child} FINALIZE",),
        done_after_repair=True,
    )
