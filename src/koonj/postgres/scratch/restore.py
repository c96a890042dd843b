"""Restore a schema from pg_dump on a scratch server, as far as it works there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import psycopg
from psycopg import AsyncConnection

from koonj.postgres.errors import error_message
from koonj.sql.script import Script
from koonj.sql.statements import Statement

_RESTRICT = re.compile(r"^\\restrict (\w+)$", re.MULTILINE)
_VALUE = r"""^(    (?:"(?:[^"]|"")+"|\w+) +)E?'(?:[^']|'')*'"""
_MAPPING = re.compile(rf"^CREATE USER MAPPING FOR .+ OPTIONS \(\n(?:{_VALUE},?\n)+\);$", re.MULTILINE)
_OPTION = re.compile(_VALUE, re.MULTILINE)
_SECRET = re.compile(r"pass(?!\w*_required)|secret|token|key", re.IGNORECASE)
_ENTRY = re.compile(r"^--\n-- Name: .+; Type: .+; Schema: .+; Owner: .*\n--$", re.MULTILINE)
"""Comment that pg_dump writes above each object."""
_TOGETHER = 200
"""Number of entries that are sent in one message."""


@dataclass(frozen=True, slots=True)
class FailedStatement:
    """A pg_dump statement that failed on the scratch server."""

    summary: str
    message: str
    extension: str | None
    """Extension that CREATE EXTENSION tried to create; None for other statements."""


async def restore(conn: AsyncConnection, dump: str) -> tuple[FailedStatement, ...]:
    """Run all statements of `dump` that work. Return those that failed.

    Settings of the dump stay in the session.

    Raises: psycopg.OperationalError if the connection is lost.
    """
    failed: list[FailedStatement] = []
    for text in _messages(_runnable(dump, conn.info.server_version)):
        try:
            await conn.execute(text.encode())
        except psycopg.Error:
            if conn.closed:
                raise
            failed += await _one_by_one(conn, text)
    return tuple(failed)


async def _one_by_one(conn: AsyncConnection, text: str) -> list[FailedStatement]:
    """Run the statements of a failed message one by one. Return those that failed.

    The server runs a message as one transaction, so the failed message had no effect.
    """
    failed = []
    for statement in Script(text).statements:
        try:
            await conn.execute(statement.text.encode())
        except psycopg.Error as error:
            if conn.closed:
                raise
            failed.append(_failed(statement, error))
    return failed


def _messages(text: str) -> Iterator[str]:
    """Yield the dump in messages of some entries each.

    One message for thousands of tables would need too many locks.
    """
    starts = [0, *(entry.start() for entry in _ENTRY.finditer(text))][::_TOGETHER]
    for start, end in pairwise([*starts, len(text)]):
        yield text[start:end]


def _runnable(dump: str, version: int) -> str:
    """Return the dump in a form that the scratch server accepts, without a setting that it does not have."""
    dump = plain_dump(dump)
    if version < 170000:
        dump = re.sub(r"^SET transaction_timeout = 0;$", "", dump, count=1, flags=re.MULTILINE)
    return dump


def plain_dump(dump: str) -> str:
    r"""Return the dump without \restrict (a command of psql) and secrets.

    A server that does not connect to other servers needs none of their passwords, and no file should have
    them.
    """
    token = _RESTRICT.search(dump)
    if token:
        dump = re.sub(rf"^\\(?:un)?restrict {token[1]}$", "", dump, flags=re.MULTILINE)
    return _MAPPING.sub(lambda mapping: _OPTION.sub(_without_secret, mapping[0]), dump)


def _without_secret(option: re.Match[str]) -> str:
    return f"{option[1]}''" if _SECRET.search(option[1]) else option[0]


def _failed(statement: Statement, error: psycopg.Error) -> FailedStatement:
    is_extension = statement.verb == "create" and statement.kind == "extension"
    return FailedStatement(statement.summary, error_message(error), statement.name if is_extension else None)
