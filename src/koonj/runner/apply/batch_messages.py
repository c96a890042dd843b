"""Say what a batch sends: migrations that run one after the other in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from koonj.postgres.flight import Message
from koonj.postgres.run_name import session_name
from koonj.postgres.session import FORGET_SEQUENCES, reopening_texts
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.flight_messages import (
    FlightMessage,
    Kind,
    Sent,
    closing_messages,
    entry_message,
    lock_messages,
    settings_messages,
    statement_messages,
    with_following,
)
from koonj.runner.apply.flights import Numbered
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.statement import StatementError
from koonj.runner.apply.transaction_failure import CommitError
from koonj.runner.plan.work import NumberedStatement, WantedLock, Work, in_order
from koonj.sql.control import TransactionControl

MARK, FORGET_MARK = b"SAVEPOINT koonj_batch", b"RELEASE SAVEPOINT koonj_batch"
"""Around the statements of a file that sets savepoints: its names end with it, as with its own COMMIT."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The migrations of one transaction. There is at least one."""

    session: RunContext
    migrations: tuple[Numbered, ...]
    began: float
    """When the first attempt began (`time.monotonic`)."""

    def journal(self, migration: Numbered) -> Journal:
        """Return the writer of its entries."""
        return Journal(self.session, migration.work, self.began)

    @property
    def locks(self) -> list[tuple[Work, WantedLock]]:
        """The locks that are taken first, each with the migration that needs it."""
        owners = {lock: migration.work for migration in self.migrations for lock in migration.work.locks}
        return [(owners[lock], lock) for lock in in_order(owners)]


class BatchError(Exception):
    """Raised when the transaction of a batch is not committed, or its COMMIT has no answer."""

    def __init__(
        self,
        migration: Numbered,
        error: StatementError | CommitError,
        *,
        again: bool = False,
        missed: WantedLock | None = None,
    ) -> None:
        super().__init__(str(error))
        self.migration = migration
        """The one that failed, or that was running when the connection was lost."""
        self.error = error
        self.again = again
        """One of koonj's checks failed: run the batch again, one message at a time."""
        self.missed = missed
        """The lock that could not be taken before the statements."""


def opening_messages(batch: Batch, patience: float) -> Iterator[FlightMessage]:
    """Yield BEGIN, and what takes the known locks of all migrations."""
    yield Message(Sent(batch.migrations[0].work, Kind.OPENING), b"BEGIN")
    yield from lock_messages(batch.locks, patience)


def before_statements(batch: Batch, migration: Numbered) -> Iterator[FlightMessage]:
    """Yield what gives a migration the session that it would have in a transaction of its own."""
    session, work = batch.session, migration.work
    assert session.server is not None
    if migration.index > 1:
        for text in reopening_texts(session.server.settings):
            yield Message(Sent(work, Kind.OPENING), text)
    name = session_name(session.control.run_id, migration.index, migration.of)
    yield from settings_messages(session.conn, work, name)
    if sets_savepoint(statements_of(work)):
        yield Message(Sent(work, Kind.OPENING), MARK)


def after_statements(work: Work) -> Iterator[FlightMessage]:
    """Yield what removes the savepoints of a migration."""
    if sets_savepoint(statements_of(work)):
        yield Message(Sent(work, Kind.CLOSING), FORGET_MARK)


def messages_of(batch: Batch, migration: Numbered) -> tuple[FlightMessage, ...]:
    """Return the messages of a migration in the open transaction, in order."""
    session, work = batch.session, migration.work
    assert session.server is not None
    journal = batch.journal(migration)
    plain = [*before_statements(batch, migration), *statement_messages(work, statements_of(work))]
    plain += [*after_statements(work), *closing_messages(session.conn, journal, session.server)]
    plain.append(entry_message(journal, journal.elapsed, follows=migration.index > 1))
    # The number of the entry is the last value of a sequence.
    plain.append(Message(Sent(work, Kind.END), FORGET_SEQUENCES.encode(), told=True))
    return tuple(with_following(plain))


def statements_of(work: Work) -> list[NumberedStatement]:
    """Return all statements of a migration."""
    return [numbered for step in work.steps for numbered in step.statements]


def sets_savepoint(statements: Sequence[NumberedStatement]) -> bool:
    """Return whether one of the statements sets a savepoint."""
    return any(one.statement.control is TransactionControl.SAVEPOINT for one in statements)
