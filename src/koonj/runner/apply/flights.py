"""Run migrations that are one transaction each, several of them on their way at once."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic

import psycopg
from psycopg.errors import Diagnostic

from koonj.postgres.errors import is_lost
from koonj.postgres.run_name import session_name
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.flight_messages import FlightMessage, Kind, Sent, flight_messages
from koonj.runner.apply.flight_queue import FlightQueue, fly_queue
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.statement import StatementError, notice_of
from koonj.runner.apply.transaction_failure import CommitError
from koonj.runner.plan.work import WantedLock, Work
from koonj.runner.run.events import Event, MigrationFinished, MigrationStarted, Notice


@dataclass(frozen=True, slots=True)
class Numbered:
    """A migration of the run, with its place in the plan."""

    work: Work
    index: int
    of: int


class FlightError(Exception):
    """Raised when the flight ended early. `journals`: what was on its way and has no answer to its COMMIT.

    There is at least one. The first of them is the one that failed, or that was running when the connection
    was lost.
    """

    def __init__(
        self,
        journals: Sequence[Journal],
        error: StatementError | CommitError,
        *,
        again: bool,
        missed: WantedLock | None = None,
    ) -> None:
        super().__init__(str(error))
        self.journals = tuple(journals)
        self.error = error
        self.again = again
        """One of koonj's checks failed: run the migration again, one message at a time."""
        self.missed = missed
        """The lock that could not be taken before the statements."""

    @property
    def lost(self) -> bool:
        """Whether the connection was lost, so that the answer to a COMMIT can be lost too."""
        return is_lost(self.error.error)


async def fly(
    session: RunContext, migrations: Sequence[Numbered], began: float | None = None
) -> AsyncIterator[Event]:
    """Run the migrations in one flight, and yield their events (`fly_queue`).

    `began`: when the first attempt began (`time.monotonic`), if this is another one; then without
    MigrationStarted.

    Raises:
        FlightError: A migration failed, or the connection was lost.
        psycopg.Error: No migration is on its way, and the connection is of no more use.
    """
    queue, lost = _MigrationQueue(session, migrations, began), None
    try:
        async for event in fly_queue(session, queue, _hear):
            yield event
    except psycopg.Error as error:
        if not queue.journals and is_lost(error):
            return  # all that was sent is committed, and the connection is closed
        if not queue.journals:
            raise
        lost = error
    if (failed := queue.error(lost)) is not None:
        own, about = _own_error(queue, failed), None if queue.failed is None else queue.failed.about
        missed = None if about is None else about.lock
        raise FlightError(queue.journals, own, again=queue.must_look, missed=missed) from failed


def _own_error(queue: _MigrationQueue, error: StatementError | psycopg.Error) -> StatementError | CommitError:
    """Return the error as that of a statement, or as that of the end of a transaction."""
    if isinstance(error, StatementError):
        return error
    about = None if queue.failed is None else queue.failed.about
    if about is not None and about.lock is not None:
        statements = (n for step in about.work.steps for n in step.statements)
        return StatementError(next(n for n in statements if n.index == about.lock.statement), error)
    kind = None if about is None else about.kind
    return CommitError(error, recording=kind in (Kind.CLOSING, Kind.ENTRY, Kind.GUARD))


def _hear(sent: Sent, diagnostic: Diagnostic) -> Notice:
    return notice_of(sent.work.planned.name, diagnostic)


class _MigrationQueue(FlightQueue[Numbered]):
    """Migrations of one flight, with the journal of each that is on its way."""

    def __init__(self, session: RunContext, migrations: Sequence[Numbered], began: float | None) -> None:
        super().__init__(migrations)
        self._session = session
        self._earlier = began
        self._began = self._statement_began = began or monotonic()
        self.journals: deque[Journal] = deque()
        """Of the migrations on their way."""

    def messages(self, part: Numbered) -> tuple[FlightMessage, ...]:
        """Return the messages of a migration, with its entry in the history."""
        session = self._session
        assert session.server is not None
        journal = Journal(session, part.work, self._earlier or monotonic())
        self.journals.append(journal)
        name = session_name(session.control.run_id, part.index, part.of)
        return flight_messages(session.conn, journal, session.server, journal.elapsed, name)

    def begin(self) -> Iterator[Event]:
        """Yield the event of the migration that the server runs now."""
        if self._earlier is None:
            yield from super().begin()
            self.journals[0] = replace(self.journals[0], began=self._began)
            yield started(self.sent[0])

    def committed(self, part: Numbered, seconds: float) -> Iterator[Event]:
        """Yield the last event of a migration."""
        self.journals.popleft()
        work = part.work
        yield MigrationFinished(work.migration.name, work.direction, seconds, work.total)


def started(migration: Numbered) -> MigrationStarted:
    """Return the event at the start of a migration."""
    work = migration.work
    return MigrationStarted(
        work.migration.name,
        work.direction,
        migration.index,
        migration.of,
        work.total,
        work.in_one_transaction,
    )
