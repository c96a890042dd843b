"""Run a statement outside a transaction: PostgreSQL refuses it in one, or it changes only the session.

Before a statement that PostgreSQL refuses in a transaction, koonj records what it is about to do. If the
count is missing afterwards, the catalog shows whether the statement took effect (`runner/evidence`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import psycopg
from psycopg import AsyncConnection

from koonj.postgres.errors import is_lost
from koonj.postgres.session import own_transaction
from koonj.postgres.statement_intent import finish_intent, insert_intent
from koonj.runner.apply.block import count_step, run_statements
from koonj.runner.apply.invalid_index import must_be_valid
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.refused_flight import (
    NotCountedError,
    SkippedInvalidIndexError,
    can_fly_alone,
    fly_refused,
)
from koonj.runner.apply.statement import StatementError
from koonj.runner.apply.step_failure import StepError
from koonj.runner.evidence.judge import facts_before, judge_facts
from koonj.runner.evidence.statement_evidence import Effect
from koonj.runner.plan.work import NumberedStatement, NumberedStep
from koonj.runner.run.events import Event
from koonj.sql.file_hash import file_hash
from koonj.sql.refused_statement import RefusedKind, refused_statement


async def run_refused(
    journal: Journal, entry_id: int, step: NumberedStep, *, is_recorded: bool = False
) -> AsyncIterator[Event]:
    """Record what the statement is about to do, then run it outside a transaction.

    `is_recorded`: an earlier try of this run has recorded it, and took no effect.

    Raises:
        StepError: The statement failed, it could not be counted, or its outcome is unknown.
        Cancelled: The user has cancelled the run.
    """
    conn, (numbered,) = journal.session.conn, step.statements
    journal.session.control.check()
    text = numbered.statement.text
    try:
        facts = await facts_before(conn, text)
        if not is_recorded:
            async with own_transaction(conn, journal.session.target):
                await insert_intent(conn, entry_id, numbered.index, file_hash(text.encode()), facts)
    except psycopg.Error as error:
        raise StepError(error) from error
    if not can_fly_alone(conn, numbered.statement):
        async for event in run_outside_transaction(journal, entry_id, step, is_recorded=True):
            yield event
        return
    try:
        async for event in fly_refused(journal, entry_id, numbered, facts):
            yield event
    except StatementError as error:
        raise StepError(error, is_undone=_can_run_again(numbered)) from error
    except SkippedInvalidIndexError as error:
        raise StepError(await _skipped(conn, numbered)) from error
    except NotCountedError as error:
        await _count_late(journal, entry_id, step, facts, error.error)


def _can_run_again(numbered: NumberedStatement) -> bool:
    """Return whether a statement can run again if it did not get a lock.

    Not a procedure, of which a part can be committed, and not CONCURRENTLY, which leaves something.
    """
    statement = numbered.statement
    return not statement.is_concurrent and refused_statement(statement.text).kind in _REPEATABLE


_REPEATABLE = frozenset({RefusedKind.VACUUM, RefusedKind.REWRITE, RefusedKind.MAINTENANCE})


async def _skipped(conn: AsyncConnection, numbered: NumberedStatement) -> StatementError | psycopg.Error:
    """Return the error of a statement that took an INVALID index for done."""
    try:
        await must_be_valid(conn, numbered.statement, ())
    except psycopg.Error as error:
        return StatementError(numbered, error)
    return psycopg.errors.ObjectNotInPrerequisiteState("Its index was INVALID, and is valid now. Retry.")


async def _count_late(
    journal: Journal, entry_id: int, step: NumberedStep, facts: Mapping[str, Any], first: psycopg.Error
) -> None:
    """Count a statement whose count failed: probably, a late cancel request for the statement stopped it.

    Not if the statement ended in the transaction of its count, so that it failed as well.

    Raises:
        StepError: It is not counted.
    """
    conn = journal.session.conn
    if is_lost(first):
        raise StepError(first) from first
    try:
        evidence = await judge_facts(conn, {"sent": 0, **facts})
        if facts["kind"] == RefusedKind.PROCEDURE or evidence.effect in (Effect.HALF, Effect.NOT):
            raise StepError(first) from first
        await _count(journal, entry_id, step, is_recorded=True)
    except psycopg.Error as error:
        raise StepError(error, done=step.last) from error


async def run_outside_transaction(
    journal: Journal, entry_id: int, step: NumberedStep, *, is_recorded: bool = False
) -> AsyncIterator[Event]:
    """Run a statement outside a transaction, and count it after the server's response.

    `is_recorded`: there is a row about it in koonj.statement.

    Raises:
        StepError: The statement failed, or it could not be counted.
        Cancelled: The user has cancelled the run.
    """
    try:
        async for event in run_statements(journal, step):
            yield event
    except StatementError as error:
        raise StepError(error) from error
    try:
        await _count(journal, entry_id, step, is_recorded=is_recorded)
    except psycopg.Error as first:
        if is_lost(first):
            raise StepError(first, done=step.last) from first
        # Probably a late cancel request for the statement. The statement took effect, so it must be counted.
        try:
            await _count(journal, entry_id, step, is_recorded=is_recorded)
        except psycopg.Error as error:
            raise StepError(error, done=step.last) from error


async def _count(journal: Journal, entry_id: int, step: NumberedStep, *, is_recorded: bool) -> None:
    conn = journal.session.conn
    async with own_transaction(conn, journal.session.target):
        if is_recorded:
            await finish_intent(conn, entry_id, step.last)
        await count_step(journal, entry_id, step)
