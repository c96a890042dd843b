"""Describe how a migration of another tool stopped that runs outside a transaction, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import psycopg
from psycopg import AsyncConnection

from koonj.postgres.connector import ConnectError
from koonj.postgres.errors import TargetError, is_lost
from koonj.postgres.invalid_indexes import invalid_index_of
from koonj.postgres.read_transaction import reading
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.failure import (
    COMMANDS,
    done_lines,
    failure_of_cancel,
    failure_of_error,
    lead,
)
from koonj.runner.apply.invalid_index import invalid_index_sentence
from koonj.runner.apply.statement import StatementError
from koonj.runner.apply.tool_rows import ToolRows
from koonj.runner.plan.work import Work
from koonj.runner.run.failure import Failure
from koonj.sql.index_statement import index_statement
from koonj.sql.statements import Statement
from koonj.sql.transactions import might_commit


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a migration has come."""

    done: int = 0
    """Number of statements that are committed."""
    has_row: bool = False
    """The row that says that the migration has started is committed."""


async def stopped(
    session: RunContext, rows: ToolRows, work: Work, reached: Reached, error: StatementError
) -> Failure:
    """Return the failure of a statement, or of the connection while it ran."""
    cause, numbered = error.error, error.numbered
    lost = is_lost(cause) or session.conn.closed
    state = _state(rows, work, reached)
    if lost:
        state = (
            f"At least {state} The connection was lost, so it is unknown whether statement {numbered.index} "
            "is committed, or still runs on the server."
        )
    elif might_commit(numbered.statement):
        state += f" Statement {numbered.index} can have committed a part of its work before it failed."
    words, repair = await _left(session, numbered.statement, lost=lost)
    cancelled = session.control.cancelled
    return failure_of_error(
        work,
        error,
        state=state + words,
        next_steps=(*repair, *_next_steps(rows, work, reached, cause, cancelled=cancelled)),
        committed=done_lines(work, reached.done),
    )


def stopped_between(rows: ToolRows, work: Work, reached: Reached) -> Failure:
    """Return the failure of a migration that was cancelled between two statements."""
    failure = failure_of_cancel(work, _state(rows, work, reached), reached.done)
    steps = _next_steps(rows, work, reached, None, cancelled=True)
    return replace(failure, next_steps=steps)


def not_started(
    session: RunContext, rows: ToolRows, work: Work, reached: Reached, error: psycopg.Error | TargetError
) -> Failure:
    """Return the failure of what koonj does before the first statement."""
    cause = _as_psycopg(error)
    cancelled = session.control.cancelled
    steps = _next_steps(rows, work, reached, cause, cancelled=cancelled)
    return failure_of_error(work, cause, state=_state(rows, work, reached), next_steps=steps)


def not_recorded(
    session: RunContext, rows: ToolRows, work: Work, reached: Reached, error: psycopg.Error | TargetError
) -> Failure:
    """Return the failure of the row behind the last statement."""
    name, apply = work.migration.name, COMMANDS[work.direction]
    state = (
        f"All statements of {name} are committed. {_row_words(rows, reached)} "
        "The row that says that it is done could not be written."
    )
    steps = (
        f"Tell {rows.tool} that {name} is done. {apply} would run it again.",
        f"To see the states, run: koonj status{work.target_option}",
    )
    return failure_of_error(
        work,
        _as_psycopg(error),
        state=state,
        next_steps=steps,
        committed=done_lines(work, reached.done),
    )


def _state(rows: ToolRows, work: Work, reached: Reached) -> str:
    done = f"{reached.done} of {work.total} statements of {work.migration.name} are committed"
    return f"{done}{' and stay' if reached.done else ''}. {_row_words(rows, reached)}"


def _row_words(rows: ToolRows, reached: Reached) -> str:
    if reached.has_row:
        return (
            f"{rows.table.place} says that it has started and not ended, as after a failure of {rows.tool}."
        )
    return f"{rows.table.place} was not changed for it."


def _next_steps(
    rows: ToolRows, work: Work, reached: Reached, cause: psycopg.Error | None, *, cancelled: bool
) -> tuple[str, ...]:
    """Return what to do next, best first. The next run begins at the first statement, as the tool would."""
    again = f"{COMMANDS[work.direction]}{work.target_option}"
    steps = []
    if reached.done:
        steps.append(
            f"Undo the committed statements by hand: the next run begins at statement 1, as {rows.tool} does."
        )
    if reached.has_row:
        steps.append(f"Tell {rows.tool} that the migration is not applied. Until then, it runs none.")
    return (*steps, f"{lead(cause, cancelled=cancelled)}: {again}")


async def _left(session: RunContext, statement: Statement, *, lost: bool) -> tuple[str, tuple[str, ...]]:
    """Return a sentence about the INVALID index that a CONCURRENTLY statement left, and how to remove it."""
    if not statement.is_concurrent:
        return "", ()
    try:
        if lost:
            async with reading(session.connector, session.target, name="koonj settle") as conn:
                return await _index_left(conn, statement)
        return await _index_left(session.conn, statement)
    except (ConnectError, psycopg.Error):
        return " It can have left an INVALID index; koonj could not ask the target.", ()


async def _index_left(conn: AsyncConnection, statement: Statement) -> tuple[str, tuple[str, ...]]:
    named = index_statement(statement.text)
    if named is None or not named.index:
        return await invalid_index_sentence(conn, statement), ()
    found = await invalid_index_of(conn, named)
    if found is None:
        return "", ()
    return f" {found.problem}", (f"Remove what is left: DROP INDEX CONCURRENTLY {found.name};",)


def _as_psycopg(error: psycopg.Error | TargetError) -> psycopg.Error:
    return error if isinstance(error, psycopg.Error) else psycopg.OperationalError(error.message)
