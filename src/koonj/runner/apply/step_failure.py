"""How a migration that runs step by step stops: what is committed, unknown, and told to history."""

from __future__ import annotations

import psycopg

from koonj.migrations.history_entry import Outcome
from koonj.postgres import history
from koonj.postgres.connector import ConnectError
from koonj.postgres.session import clean, own_transaction
from koonj.runner.apply.failure import done_lines, next_steps, of_cancel, of_error
from koonj.runner.apply.invalid_index import leftover
from koonj.runner.apply.journal import Journal, words_of
from koonj.runner.apply.statement import StatementError
from koonj.runner.run.events import Failure


class StepError(Exception):
    """A step stopped."""

    def __init__(
        self, error: StatementError | psycopg.Error, *, done: int = 0, unknown: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.done = done
        """Statements that are committed though history could not be told so; 0 where it knows."""
        self.unknown = unknown
        """The connection was lost while a statement, or a COMMIT, was on its way."""

    @property
    def cause(self) -> psycopg.Error:
        """What the server or the connection said."""
        return self.error.error if isinstance(self.error, StatementError) else self.error


async def stopped(journal: Journal, entry_id: int, done: int, error: StepError) -> Failure:
    """Record where it stopped, where that is known, and say it."""
    work = journal.work
    state = _committed(journal, done)
    if error.unknown:
        state += (
            " Whether what was running then took effect is unknown; history says `started`, "
            "and koonj shows the migration as interrupted."
        )
    elif not await _end(journal, entry_id, done, error.cause):
        state += " koonj could not write that to its history: compare the two before you go on."
    elif isinstance(error.error, StatementError) and not journal.session.conn.closed:
        state += await leftover(journal.session.conn, error.error)
    return of_error(
        work,
        error.error,
        state=state,
        next_steps=next_steps(work, done, unknown=error.unknown),
        committed=done_lines(work, done),
    )


async def cancelled(journal: Journal, entry_id: int, done: int) -> Failure:
    """A person cancelled between two statements."""
    state = _committed(journal, done)
    if not await _end(journal, entry_id, done, None):
        state += " koonj could not write that to its history: compare the two before you go on."
    return of_cancel(journal.work, state, done)


def _committed(journal: Journal, done: int) -> str:
    return f"{done} of {journal.work.total} statements of {journal.work.migration.name} are committed."


async def _end(journal: Journal, entry_id: int, done: int, error: psycopg.Error | None) -> bool:
    """Tell history; False where it could not be told.

    Twice: the first try can be hit by a cancel that was meant for the statement, or find the connection lost.
    """
    for _ in range(2):
        try:
            await _tell(journal, entry_id, done, error)
        except (psycopg.Error, ConnectError):
            continue
        return True
    return False


async def _tell(journal: Journal, entry_id: int, done: int, error: psycopg.Error | None) -> None:
    session = journal.session
    if not session.conn.closed:
        await clean(session.conn, session.target)
        await _write(journal, session.conn, entry_id, done, error)
        return
    conn = await session.connector.connect(session.target, name="koonj settle")
    async with conn:
        await _write(journal, conn, entry_id, done, error)


async def _write(
    journal: Journal, conn: psycopg.AsyncConnection, entry_id: int, done: int, error: psycopg.Error | None
) -> None:
    outcome = Outcome.DONE if done == journal.work.total else Outcome.FAILED
    message = None if outcome is Outcome.DONE else words_of(error)
    sqlstate = None if outcome is Outcome.DONE or error is None else error.sqlstate
    async with own_transaction(conn, journal.session.target):
        await history.finish(conn, entry_id, outcome, done, error=message, sqlstate=sqlstate)
