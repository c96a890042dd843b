"""Evidence of COMMIT PREPARED and ROLLBACK PREPARED."""

from __future__ import annotations

from psycopg import AsyncConnection

from koonj.runner.evidence.questions import Facts, row_of
from koonj.runner.evidence.statement_evidence import StatementEvidence, done, not_done, unknown


async def commit_prepared(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge COMMIT PREPARED."""
    return await _judge(conn, facts, "committed")


async def rollback_prepared(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge ROLLBACK PREPARED."""
    return await _judge(conn, facts, "aborted")


async def _judge(conn: AsyncConnection, facts: Facts, wanted: str) -> StatementEvidence:
    row = await row_of(conn, "prepared", facts)
    assert row is not None
    is_there, status = row
    if is_there:
        return not_done(f"The transaction {facts['gid']} is still prepared.")
    if status == wanted:
        return done(f"The transaction {facts['gid']} is {status}.")
    return unknown(f"The transaction {facts['gid']} is not prepared. Its status: {status or 'unknown'}.")
