"""Run a batch in one flight: its messages are on their way before the answers to the first ones arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass

import psycopg
from psycopg.errors import Diagnostic

from koonj.runner.apply.batch_messages import Batch, BatchError, messages_of, opening_messages, statements_of
from koonj.runner.apply.flight_messages import FlightMessage, Kind, Sent, commit_message
from koonj.runner.apply.flight_queue import FlightQueue, fly_queue
from koonj.runner.apply.flights import Numbered, started
from koonj.runner.apply.statement import StatementError, notice_of
from koonj.runner.apply.transaction_failure import CommitError
from koonj.runner.run.events import Event, MigrationUncommitted, Notice
from koonj.runner.run.run import Cancelled


async def fly_batch(batch: Batch, patience: float, *, goes_on: bool) -> AsyncIterator[Event]:
    """Run the batch, and yield its events up to the COMMIT.

    `patience`: seconds that the server waits for each lock that is taken first; without, it waits for none.
    `goes_on`: this is another try to take the locks, so the first migration has been announced.

    Raises:
        BatchError: A migration failed, or the connection was lost.
        Cancelled: The user has cancelled the run, and not everything was sent.
    """
    queue, lost = _BatchQueue(batch, patience, goes_on=goes_on), None
    try:
        async for event in fly_queue(batch.session, queue, _hear):
            yield event
    except psycopg.Error as error:
        lost = error
    if queue.is_committed:
        return
    failed = queue.error(lost)
    if failed is None:
        raise Cancelled
    raise queue.batch_error(failed) from failed


def _hear(sent: Sent, diagnostic: Diagnostic) -> Notice:
    return notice_of(sent.work.planned.name, diagnostic)


@dataclass(frozen=True, slots=True)
class _Commit:
    """The part of the flight behind the last migration."""


class _BatchQueue(FlightQueue[Numbered | _Commit]):
    """The migrations of a batch, and their COMMIT."""

    def __init__(self, batch: Batch, patience: float, *, goes_on: bool) -> None:
        super().__init__((*batch.migrations, _Commit()))
        self._batch = batch
        self._patience = patience
        self._goes_on = goes_on
        self.is_committed = False

    def messages(self, part: Numbered | _Commit) -> Iterable[FlightMessage]:
        """Return the messages of a migration, the first one with BEGIN; or the COMMIT."""
        if isinstance(part, _Commit):
            return (commit_message(self._batch.migrations[-1].work),)
        first = opening_messages(self._batch, self._patience) if part.index == 1 else ()
        return (*first, *messages_of(self._batch, part))

    def begin(self) -> Iterator[Event]:
        """Yield the event of the migration that the server runs now."""
        yield from super().begin()
        if isinstance(part := self.sent[0], Numbered) and not (self._goes_on and part.index == 1):
            yield started(part)

    def committed(self, part: Numbered | _Commit, seconds: float) -> Iterator[Event]:
        """Yield the event at the end of a migration: it is not committed yet."""
        if isinstance(part, _Commit):
            self.is_committed = True
        else:
            work = part.work
            yield MigrationUncommitted(work.migration.name, work.direction, seconds, work.total)

    def batch_error(self, error: StatementError | psycopg.Error) -> BatchError:
        """Return the error with the migration that it is about."""
        about = None if self.failed is None else self.failed.about
        part = self.sent[0] if self.sent else _Commit()
        migration = self._batch.migrations[-1] if isinstance(part, _Commit) else part
        if about is not None:
            migration = next(m for m in self._batch.migrations if m.work is about.work)
        missed = None if about is None else about.lock
        if isinstance(error, StatementError):
            own: StatementError | CommitError = error
        elif missed is not None:
            wanting = next(n for n in statements_of(migration.work) if n.index == missed.statement)
            own = StatementError(wanting, error)
        else:
            kind = None if about is None else about.kind
            recording = kind in (Kind.CLOSING, Kind.ENTRY, Kind.GUARD, Kind.END)
            own = CommitError(error, recording=recording)
        return BatchError(migration, own, again=self.must_look, missed=missed)
