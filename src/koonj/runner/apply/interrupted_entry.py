"""Record what an interrupted apply or rollback has committed."""

from __future__ import annotations

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.history_entry import INTERRUPTED, Outcome
from koonj.postgres import history
from koonj.postgres.history_inspection import inspect
from koonj.postgres.session import own_transaction
from koonj.postgres.statement_intent import settle_intent
from koonj.runner.evidence.interruption import Interruption
from koonj.runner.evidence.interruption_wording import finding_words
from koonj.runner.run.events import InterruptionSettled


async def record_known_end(
    conn: AsyncConnection, target: Target, interruption: Interruption
) -> InterruptionSettled:
    """Record what the catalog proves about an interrupted entry. This session must hold the koonj lock.

    Raises:
        psycopg.Error: It could not be written.
    """
    assert interruption.known_done is not None
    return await record_end(conn, target, interruption, interruption.known_done, None)


async def record_end(
    conn: AsyncConnection, target: Target, interruption: Interruption, done: int, reason: str | None
) -> InterruptionSettled:
    """Record that an interrupted entry has committed `done` statements, and why that is known.

    Raises:
        psycopg.Error: It could not be written.
    """
    entry, statement, evidence = interruption.entry, interruption.statement, finding_words(interruption)
    complete = done == entry.statements_total
    async with own_transaction(conn, target):
        if (await inspect(conn)).has_statements:
            await settle_intent(conn, entry.id, statement, evidence, reason)
        await history.finish(
            conn,
            entry.id,
            Outcome.DONE if complete else Outcome.FAILED,
            done,
            error=None if complete else INTERRUPTED,
        )
    return InterruptionSettled(entry.name, statement, entry.statements_total, done, evidence, reason or "")
