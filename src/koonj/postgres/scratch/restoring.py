"""A schema as pg_dump writes it -> the scratch: as much of it as works there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import psycopg
from psycopg import AsyncConnection

from koonj.sql.script import Script
from koonj.sql.statements import Statement

_RESTRICT = re.compile(r"^\\restrict (\w+)$", re.MULTILINE)
_VALUE = r"""^(    (?:"(?:[^"]|"")+"|\w+) +)E?'(?:[^']|'')*'"""
_MAPPING = re.compile(rf"^CREATE USER MAPPING FOR .+ OPTIONS \(\n(?:{_VALUE},?\n)+\);$", re.MULTILINE)
_OPTION = re.compile(_VALUE, re.MULTILINE)
_SECRET = re.compile(r"pass(?!\w*_required)|secret|token|key", re.IGNORECASE)
_ENTRY = re.compile(r"^--\n-- Name: .+; Type: .+; Schema: .+; Owner: .*\n--$", re.MULTILINE)
"""What pg_dump writes above each object."""
_TOGETHER = 200
"""Entries in one message."""


@dataclass(frozen=True, slots=True)
class FailedStatement:
    """A statement that the scratch refused."""

    summary: str
    message: str
    extension: str | None
    """That CREATE EXTENSION asked for."""


async def restore(conn: AsyncConnection, dump: str) -> tuple[FailedStatement, ...]:
    """Run all of `dump` that can be run; returns what could not be.

    Leaves settings in the session, as pg_dump's text does. Raises psycopg.OperationalError where the
    connection is lost.
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
    """Of a message of which the server, which makes it a transaction, has done nothing."""
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
    """Some entries of the dump each; a whole one of thousands of tables would need too many locks."""
    starts = [0, *(entry.start() for entry in _ENTRY.finditer(text))][::_TOGETHER]
    for start, end in pairwise([*starts, len(text)]):
        yield text[start:end]


def _runnable(dump: str, version: int) -> str:
    r"""Without psql's \restrict, without a setting that an older server does not know, without secrets."""
    token = _RESTRICT.search(dump)
    if token:
        dump = re.sub(rf"^\\(?:un)?restrict {token[1]}$", "", dump, flags=re.MULTILINE)
    if version < 170000:
        dump = re.sub(r"^SET transaction_timeout = 0;$", "", dump, count=1, flags=re.MULTILINE)
    # Passwords for other servers have no business on a scratch, which reaches none.
    return _MAPPING.sub(lambda mapping: _OPTION.sub(_without_secret, mapping[0]), dump)


def _without_secret(option: re.Match[str]) -> str:
    return f"{option[1]}''" if _SECRET.search(option[1]) else option[0]


def _failed(statement: Statement, error: psycopg.Error) -> FailedStatement:
    is_extension = statement.verb == "create" and statement.kind == "extension"
    message = (error.diag.message_primary or str(error)).strip()
    return FailedStatement(statement.summary, message, statement.name if is_extension else None)
