"""Evidence of statements that change no object: VACUUM, CLUSTER, CALL, and those about the session."""

from __future__ import annotations

from psycopg import AsyncConnection

from koonj.runner.evidence.questions import Facts, row_of
from koonj.runner.evidence.statement_evidence import StatementEvidence, done, not_done, repeatable, unknown

_AGAIN = "It can run again: that costs only time."


async def vacuum(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge VACUUM of one table by the table's statistics."""
    row = await row_of(conn, "relation", facts)
    if row is not None and row[1]:
        return done(f"The statistics of {facts['name']} have a VACUUM after it was sent.")
    return repeatable(_AGAIN)


async def rewrite(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge VACUUM FULL and CLUSTER of one table, which give it new storage."""
    row = await row_of(conn, "relation", facts)
    if row is None or row[0] is None or facts["file"] is None:
        return repeatable(_AGAIN)
    if row[0] != facts["file"]:
        return done(f"The table {facts['name']} has new storage.")
    return not_done(f"The table {facts['name']} has its earlier storage.")


async def maintenance(_conn: AsyncConnection, _facts: Facts) -> StatementEvidence:
    """Judge a statement about several objects: nothing shows its end."""
    return repeatable(_AGAIN)


async def session(_conn: AsyncConnection, _facts: Facts) -> StatementEvidence:
    """Judge a statement that changed only the session, which has ended."""
    return repeatable("It changes only its session, which has ended. It can run again.")


async def procedure(_conn: AsyncConnection, _facts: Facts) -> StatementEvidence:
    """Judge CALL and DO: the catalog does not show which parts they committed."""
    return unknown("It commits in parts: some can be committed.")


async def other(_conn: AsyncConnection, _facts: Facts) -> StatementEvidence:
    """Judge a statement that koonj knows nothing about."""
    return unknown("The target does not show whether it took effect.")
