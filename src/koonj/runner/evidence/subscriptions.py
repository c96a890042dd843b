"""Evidence of CREATE, DROP and ALTER SUBSCRIPTION."""

from __future__ import annotations

from psycopg import AsyncConnection

from koonj.runner.evidence.questions import Facts, row_of
from koonj.runner.evidence.statement_evidence import StatementEvidence, done, not_done, repeatable


async def create_subscription(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge CREATE SUBSCRIPTION. Its slot on the publisher cannot be seen from here."""
    name = facts["name"]
    if await row_of(conn, "subscription", facts) is not None:
        return done(f"The subscription {name} was created.")
    return not_done(
        f"There is no subscription {name}. If it fails again, the publisher can have a slot of the first "
        f"attempt: to drop it there, run: SELECT pg_drop_replication_slot('{name}')"
    )


async def drop_subscription(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge DROP SUBSCRIPTION."""
    name = facts["name"]
    if await row_of(conn, "subscription", facts) is None:
        return done(f"The subscription {name} was dropped.")
    return not_done(
        f"The subscription {name} is still there. If it fails again, its slot can be gone already: "
        f"ALTER SUBSCRIPTION {name} SET (slot_name = NONE)"
    )


async def alter_subscription(_conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge ALTER SUBSCRIPTION, whose effects can be repeated."""
    return repeatable(f"ALTER SUBSCRIPTION {facts['name']} can run again.")
