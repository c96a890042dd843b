"""Say what a migration in one transaction sends in its flight, and which statements cannot fly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from psycopg import AsyncConnection, capabilities

from koonj.postgres.flight import Message
from koonj.postgres.queries import numbered
from koonj.postgres.session import (
    CHECK_DEFERRED,
    FORGET_SEQUENCES,
    ServerSession,
    closing_texts,
    name_session,
    timeout_texts,
)
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.statement import reads_alike
from koonj.runner.plan.work import NumberedStatement, NumberedStep, WantedLock, Work
from koonj.sql.index_statement import index_statement
from koonj.sql.statements import Statement
from koonj.sql.tokens import TokenKind, significant


class Kind(Enum):
    """What a message of a flight is for."""

    LOCK = auto()
    """A lock that the migration needs, before its statements. It fails if another session is in the way."""
    OPENING = auto()
    """BEGIN and the timeouts; also an empty statement, which separates the notices of its neighbours."""
    STATEMENT = auto()
    """A statement of the file."""
    GUARD = auto()
    """A check that fails if koonj must look at the answers before it goes on."""
    DEFERRED = auto()
    """The deferred constraints."""
    CLOSING = auto()
    """The reset of what the file has set."""
    ENTRY = auto()
    """The entry in the history, or the count of statements in it. It fails if no row is written."""
    END = auto()
    """The last message of a migration that does not commit alone."""
    COMMIT = auto()


@dataclass(frozen=True, slots=True)
class Sent:
    """What koonj knows about a message."""

    work: Work
    kind: Kind
    numbered: NumberedStatement | None = None
    """The statement of the file that has finished when this message is answered."""
    lock: WantedLock | None = None
    """The lock that is taken, for Kind.LOCK."""
    following: NumberedStatement | None = None
    """The statement of the file that the server begins when this message is answered."""


FlightMessage = Message[Sent]

_CHANGES_READING = re.compile(r"standard_conforming_strings|client_encoding|\bset\s+names\b", re.IGNORECASE)
_PARAMETER = re.compile(r"\$[0-9]")
_LONG_WORD = re.compile(r"[^\s,;()]{64}|[^\x00-\x7f]{20}")
"""Perhaps an identifier of more than 63 bytes: it says before the statement that it cuts it."""

_RUNS_CODE = frozenset({"do", "call", "select", "with", "execute"})
"""Verbs of statements that can run CREATE INDEX IF NOT EXISTS out of koonj's sight."""


def can_fly(conn: AsyncConnection, work: Work) -> bool:
    """Return whether all messages of a migration in one transaction can be sent at once.

    Otherwise the messages go one at a time.
    """
    return work.in_one_transaction and can_fly_steps(conn, work.steps)


def can_fly_steps(conn: AsyncConnection, steps: Iterable[NumberedStep]) -> bool:
    """Return whether all messages of these steps can be sent at once.

    Not if one of their statements changes how the server reads the next ones.
    """
    statements = [n.statement for step in steps for n in step.statements]
    if not capabilities.has_pipeline() or not reads_alike(conn):
        return False
    return all(is_one_message(s) and not _CHANGES_READING.search(s.text) for s in statements)


def is_one_message(statement: Statement) -> bool:
    r"""Return whether a statement is one message of a flight.

    Not if a COPY needs the connection, or if ``\;`` joins statements. A message of a flight can have values
    for parameters such as ``$1``, so the server would ask for them instead of refusing the statement.
    """
    if statement.copies or len(statement.spans) > 1:
        return False
    return not _PARAMETER.search(statement.text) or not any(
        token.kind is TokenKind.PARAMETER for token in significant(statement.text)
    )


def flight_messages(
    conn: AsyncConnection,
    journal: Journal,
    session: ServerSession,
    elapsed: float,
    name: str,
) -> tuple[FlightMessage, ...]:
    """Return all messages of a migration, in order.

    `elapsed`: seconds since the migration began. `name`: the name of the session in the meantime.
    """
    statements = [n for step in journal.work.steps for n in step.statements]
    opening = _opening(conn, journal, name)
    plain = [*opening, *statement_messages(journal.work, statements)]
    plain.append(Message(Sent(journal.work, Kind.DEFERRED), CHECK_DEFERRED.encode()))
    plain += closing_messages(conn, journal, session)
    plain.append(entry_message(journal, elapsed))
    # The number of the entry is the last value of a sequence.
    plain.append(Message(Sent(journal.work, Kind.CLOSING), FORGET_SEQUENCES.encode()))
    plain.append(commit_message(journal.work))
    return tuple(with_following(plain))


def commit_message(work: Work) -> FlightMessage:
    """Return the COMMIT. `work`: of the last migration in its transaction."""
    return Message(Sent(work, Kind.COMMIT), b"COMMIT", told=True)


def with_following(messages: Sequence[FlightMessage]) -> Iterator[FlightMessage]:
    """Tell each message which statement of the file begins when it is answered. That is told at once."""
    for place, message in enumerate(messages):
        behind = messages[place + 1 : place + 3]
        if (
            behind and not behind[0].text
        ):  # a separator: what the server says before the statement belongs to it
            behind = behind[1:]
        begins = behind[0].about.numbered if behind and message.text else None
        yield (
            replace(message, about=replace(message.about, following=begins), told=True) if begins else message
        )


def _opening(conn: AsyncConnection, journal: Journal, name: str) -> Iterator[FlightMessage]:
    work, rows = journal.work, journal.session.tool_rows
    begin = work.steps[0].step.begin if work.steps else None
    about = Sent(work, Kind.OPENING)
    yield Message(about, b"BEGIN" if begin is None else begin.text.encode())
    yield from lock_messages([(work, lock) for lock in work.locks])
    yield from settings_messages(conn, work, name)
    settings = None if rows is None else rows.settings()
    if settings is not None:
        yield Message(about, *settings)


def settings_messages(conn: AsyncConnection, work: Work, name: str) -> Iterator[FlightMessage]:
    """Yield the timeouts of a migration, and the name of the session while it runs."""
    about = Sent(work, Kind.OPENING)
    version = conn.info.server_version
    for setting in timeout_texts(version, work.planned.lock_timeout, work.statement_timeout):
        yield Message(about, setting)
    yield Message(about, name_session(name, local=True).as_bytes(conn))


def lock_messages(locks: Sequence[tuple[Work, WantedLock]]) -> Iterator[FlightMessage]:
    """Yield what takes locks, each for the migration that needs it.

    ONLY, because a partitioned table's children are named themselves. LOCK TABLE takes no snapshot, so a SET
    TRANSACTION of the file can follow.
    """
    for work, lock in locks:
        about, wait = Sent(work, Kind.LOCK, lock=lock), " NOWAIT"
        if lock.patience:
            limit, wait = f"{max(1, round(lock.patience * 1000))}ms", ""
            yield Message(Sent(work, Kind.OPENING), f"SET LOCAL lock_timeout TO '{limit}'".encode())
        yield Message(about, f"LOCK TABLE ONLY {lock.relation} IN {lock.mode} MODE{wait}".encode())


def statement_messages(work: Work, statements: Iterable[NumberedStatement]) -> Iterator[FlightMessage]:
    """Yield the messages of the statements of one transaction, with koonj's checks behind them."""
    runs_code = beyond_ascii = False
    for numbered_statement in statements:
        statement = numbered_statement.statement
        if _LONG_WORD.search(statement.text):
            yield Message(Sent(work, Kind.OPENING), b"")
        yield Message(Sent(work, Kind.STATEMENT, numbered_statement), statement.text.encode(), told=True)
        yield from _index_guard(work, statement)
        runs_code = runs_code or statement.verb in _RUNS_CODE
        beyond_ascii = beyond_ascii or not statement.text.isascii()
    if runs_code:
        yield _guard(work, "flight/no_invalid_index")
    if beyond_ascii:
        yield _guard(work, "flight/encoding_as_read")


def _index_guard(work: Work, statement: Statement) -> Iterator[FlightMessage]:
    """Yield the check that the statement did not take an INVALID index for done (`must_be_valid`)."""
    named = index_statement(statement.text)
    if named is None:
        return
    if named.if_not_exists or not named.table:
        yield _guard(work, "flight/no_invalid_index")
    elif not named.only:
        yield _guard(work, "flight/index_is_valid", {"table": named.table.encode()})


def _guard(work: Work, name: str, values: dict[str, bytes] | None = None) -> FlightMessage:
    text, names = numbered(name)
    return Message(Sent(work, Kind.GUARD), text, tuple((values or {})[value] for value in names))


def closing_messages(
    conn: AsyncConnection, journal: Journal, session: ServerSession
) -> Iterator[FlightMessage]:
    """Yield what resets the session behind the statements of a migration."""
    work, target = journal.work, journal.session.target
    about = Sent(work, Kind.CLOSING)
    version, lock = conn.info.server_version, work.limits.for_history
    for text in closing_texts(target.role, version, lock, session.settings):
        yield Message(about, text)


def entry_message(journal: Journal, elapsed: float, *, follows: bool = False) -> FlightMessage:
    """Return what writes the entry in the history. `follows`: as for `guarded_insert`."""
    text, values = journal.flight_entry(elapsed, follows=follows)
    return Message(Sent(journal.work, Kind.ENTRY), text, values)
