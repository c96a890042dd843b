"""Say what a migration in one transaction sends in its flight, and which migrations cannot fly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

from psycopg import AsyncConnection, capabilities

from koonj.migrations.history_entry import Outcome
from koonj.postgres.flight import Message
from koonj.postgres.history import guarded_insert
from koonj.postgres.queries import numbered
from koonj.postgres.session import (
    CHECK_DEFERRED,
    NOTICE_DEAD_CLIENT,
    ServerSession,
    closing_statements,
    name_session,
    timeout_settings,
)
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.statement import reads_alike
from koonj.runner.plan.work import NumberedStatement, Work
from koonj.sql.index_statement import index_statement
from koonj.sql.statements import Statement


class Kind(Enum):
    """What a message of a flight is for."""

    OPENING = auto()
    """BEGIN and the timeouts; also an empty statement, which separates the notices of its neighbours."""
    STATEMENT = auto()
    """A statement of the file."""
    GUARD = auto()
    """A check that fails if koonj must look at the answers before it goes on."""
    DEFERRED = auto()
    """The deferred constraints."""
    CLOSING = auto()
    """The reset of the session."""
    ENTRY = auto()
    """The entry in the history. It fails if the session does not hold the koonj lock."""
    COMMIT = auto()


@dataclass(frozen=True, slots=True)
class Sent:
    """What koonj knows about a message."""

    work: Work
    kind: Kind
    numbered: NumberedStatement | None = None
    """The statement of the file, for Kind.STATEMENT."""
    following: NumberedStatement | None = None
    """The statement of the file that the server begins when this message is answered."""


FlightMessage = Message[Sent]

_CHANGES_READING = re.compile(r"standard_conforming_strings|client_encoding|\bset\s+names\b", re.IGNORECASE)
_LONG_WORD = re.compile(r"[^\s,;()]{64}|[^\x00-\x7f]{20}")
"""Perhaps an identifier of more than 63 bytes: it says before the statement that it cuts it."""

_RUNS_CODE = frozenset({"do", "call", "select", "with", "execute"})
"""Verbs of statements that can run CREATE INDEX IF NOT EXISTS out of koonj's sight."""


def can_fly(conn: AsyncConnection, work: Work) -> bool:
    r"""Return whether all messages of a migration in one transaction can be sent at once.

    Not if a COPY needs the connection, if ``\;`` joins statements, or if the file changes how the server
    reads its text: then the messages go one at a time.
    """
    if not work.in_one_transaction or not capabilities.has_pipeline():
        return False
    statements = [n.statement for step in work.steps for n in step.statements]
    if any(s.copies or len(s.spans) > 1 for s in statements):
        return False
    return reads_alike(conn) and not any(_CHANGES_READING.search(s.text) for s in statements)


def flight_messages(
    conn: AsyncConnection, journal: Journal, session: ServerSession, elapsed: float, name: str
) -> tuple[FlightMessage, ...]:
    """Return all messages of a migration, in order.

    `elapsed`: seconds since the migration began. `name`: the name of the session in the meantime.
    """
    work = journal.work
    plain = [*_opening(conn, work, name), *_statements(work), *_closing(conn, journal, session)]
    plain.append(_entry(journal, elapsed))
    # The number of the entry is the last value of a sequence.
    plain.append(Message(Sent(journal.work, Kind.CLOSING), b"DISCARD SEQUENCES"))
    plain.append(Message(Sent(journal.work, Kind.COMMIT), b"COMMIT", told=True))
    return tuple(_with_following(plain))


def _with_following(messages: list[FlightMessage]) -> Iterator[FlightMessage]:
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


def _opening(conn: AsyncConnection, work: Work, name: str) -> Iterator[FlightMessage]:
    begin = work.steps[0].step.begin if work.steps else None
    about = Sent(work, Kind.OPENING)
    yield Message(about, b"BEGIN" if begin is None else begin.text.encode())
    version = conn.info.server_version
    for setting in timeout_settings(version, work.planned.lock_timeout, work.statement_timeout, local=True):
        yield Message(about, setting.as_bytes(conn))
    yield Message(about, name_session(name, local=True).as_bytes(conn))


def _statements(work: Work) -> Iterator[FlightMessage]:
    runs_code = beyond_ascii = False
    for numbered_statement in (n for step in work.steps for n in step.statements):
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


def _closing(conn: AsyncConnection, journal: Journal, session: ServerSession) -> Iterator[FlightMessage]:
    work, target = journal.work, journal.session.target
    yield Message(Sent(work, Kind.DEFERRED), CHECK_DEFERRED.encode(), told=True)
    about = Sent(work, Kind.CLOSING)
    for statement in closing_statements(target, conn.info.server_version, work.planned.lock_timeout):
        yield Message(about, statement.as_bytes(conn))
    if session.notices_dead_client:
        yield Message(about, NOTICE_DEAD_CLIENT.encode())


def _entry(journal: Journal, elapsed: float) -> FlightMessage:
    record = journal.record(Outcome.DONE, journal.work.total, transactional=True, elapsed=elapsed)
    text, values = guarded_insert(record)
    return Message(Sent(journal.work, Kind.ENTRY), text, values)
