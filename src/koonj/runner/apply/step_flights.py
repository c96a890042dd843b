"""Run the steps of a migration that are transactions, several of them on their way at once.

A step is a BEGIN … COMMIT block of the file, or a statement outside a transaction that may be in one: BEGIN,
the statements, the count of the committed statements and COMMIT are sent together.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

import psycopg
from psycopg.errors import Diagnostic

from koonj.postgres.errors import is_lost
from koonj.postgres.flight import Message
from koonj.postgres.queries import numbered as numbered_query
from koonj.postgres.session import CHECK_DEFERRED, fence_statements, roll_back
from koonj.runner.apply.block import opening_texts
from koonj.runner.apply.flight_messages import FlightMessage, Kind, Sent, statement_messages, with_following
from koonj.runner.apply.flight_queue import FlightQueue, fly_queue
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.statement import StatementError, notice_of
from koonj.runner.plan.work import NumberedStep
from koonj.runner.run.events import Event, Notice


class StepFlightError(Exception):
    """Raised when the flight of steps ended early. The steps before it are committed."""

    def __init__(self, error: StatementError | psycopg.Error, *, again: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.again = again
        """One of koonj's checks failed: run the first step that is not committed one message at a time."""


class StepQueue(FlightQueue[NumberedStep]):
    """Steps of one migration."""

    def __init__(self, journal: Journal, entry_id: int, steps: Sequence[NumberedStep]) -> None:
        super().__init__(steps)
        self._journal = journal
        self._entry_id = entry_id
        self.done = 0
        """Number of statements that are committed; 0: none by this flight."""

    def messages(self, part: NumberedStep) -> tuple[FlightMessage, ...]:
        """Return the messages of a step."""
        return _step_messages(self._journal, self._entry_id, part)

    def committed(self, part: NumberedStep, seconds: float) -> Iterator[Event]:
        """Note that the step is committed."""
        del seconds
        self.done = part.last
        yield from ()


async def fly_steps(journal: Journal, queue: StepQueue) -> AsyncIterator[Event]:
    """Run the steps in one flight, and yield their events (`fly_queue`).

    Raises:
        StepFlightError: A step failed, or the connection was lost. No transaction is open.
    """
    lost = None
    try:
        async for event in fly_queue(journal.session, queue, _hear):
            yield event
    except psycopg.Error as error:
        if not queue.sent and is_lost(error):
            return  # all that was sent is committed, and the connection is closed
        lost = error
    failed = queue.error(lost)
    if failed is not None:
        await roll_back(journal.session.conn)
        raise StepFlightError(failed, again=queue.must_look) from failed


def _hear(sent: Sent, diagnostic: Diagnostic) -> Notice | None:
    """Convert a notice, unless it is about koonj's own statements behind those of the file."""
    own = sent.kind in (Kind.CLOSING, Kind.ENTRY, Kind.COMMIT)
    return None if own else notice_of(sent.work.planned.name, diagnostic)


def _step_messages(journal: Journal, entry_id: int, step: NumberedStep) -> tuple[FlightMessage, ...]:
    """Return all messages of a step, in order."""
    conn, work, target = journal.session.conn, journal.work, journal.session.target
    closing, lock = Sent(work, Kind.CLOSING), work.limits.for_history
    plain = [
        *(Message(Sent(work, Kind.OPENING), text) for text in opening_texts(conn, work, step)),
        *statement_messages(work, step.statements),
        Message(Sent(work, Kind.DEFERRED), CHECK_DEFERRED.encode(), told=True),
        *(Message(closing, statement.as_bytes(conn)) for statement in fence_statements(target, lock)),
        _count(journal, entry_id, step),
        Message(Sent(work, Kind.COMMIT), b"COMMIT", told=True),
    ]
    return tuple(with_following(plain))


def _count(journal: Journal, entry_id: int, step: NumberedStep) -> FlightMessage:
    values = {"id": entry_id, "done": step.last, "complete": step.last == journal.work.total}
    text, names = numbered_query("flight/count_step")
    return Message(Sent(journal.work, Kind.ENTRY), text, tuple(str(values[name]).encode() for name in names))
