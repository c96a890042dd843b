"""Record what an interrupted apply or rollback has committed."""

from __future__ import annotations

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.history_entry import INTERRUPTED, Outcome
from koonj.postgres import history
from koonj.postgres.errors import TargetError
from koonj.postgres.history_inspection import inspect
from koonj.postgres.session import own_transaction, set_timeouts
from koonj.postgres.statement_intent import settle_intent
from koonj.runner.evidence.interruption import Interruption, find_interruption
from koonj.runner.evidence.interruption_wording import finding_words
from koonj.runner.run.events import InterruptionSettled


class SettleError(TargetError):
    """Raised if an interruption cannot be settled; nothing was recorded."""


async def record_known_end(
    conn: AsyncConnection, target: Target, interruption: Interruption
) -> InterruptionSettled:
    """Record what the catalog proves about an interrupted entry; repair first what its statement left.

    This session must hold the koonj lock.

    Raises:
        SettleError: A repair did not help.
        psycopg.Error: It could not be written.
    """
    reason = None
    if interruption.repair:
        reason = f"repaired with {'; '.join(interruption.repair)}"
        interruption = await repaired(conn, target, interruption)
    assert interruption.known_done is not None
    return await record_end(conn, target, interruption, interruption.known_done, reason)


async def repaired(conn: AsyncConnection, target: Target, interruption: Interruption) -> Interruption:
    """Run the commands of the repair. Return what is known after them.

    Raises:
        SettleError: The statement is still in doubt.
        psycopg.Error: A command failed.
    """
    assert interruption.evidence is not None
    await set_timeouts(conn, "0", "0", local=False)
    for command in interruption.evidence.repair:
        await conn.execute(command.encode())
    after = await find_interruption(conn, target, interruption.entry)
    if after.known_done is None or after.repair:
        message = f"The repair of {interruption.entry.name} has run, but the statement is still in doubt."
        raise SettleError(message, finding_words(after))
    return after


async def record_end(
    conn: AsyncConnection, target: Target, interruption: Interruption, done: int, reason: str | None
) -> InterruptionSettled:
    """Record that an interrupted entry has committed `done` statements, and why that is known.

    The entry of a failed statement keeps its error, unless a repair has completed the statement.

    Raises:
        psycopg.Error: It could not be written.
    """
    entry, statement, evidence = interruption.entry, interruption.statement, finding_words(interruption)
    complete = done == entry.statements_total
    is_recorded = interruption.has_failed and done == entry.statements_done
    async with own_transaction(conn, target):
        if (await inspect(conn)).has_statements:
            await settle_intent(conn, entry.id, statement, evidence, reason)
        if not is_recorded:
            await history.finish(
                conn,
                entry.id,
                Outcome.DONE if complete else Outcome.FAILED,
                done,
                error=None if complete else INTERRUPTED,
                was=entry.outcome,
            )
    return InterruptionSettled(entry.name, statement, entry.statements_total, done, evidence, reason or "")
