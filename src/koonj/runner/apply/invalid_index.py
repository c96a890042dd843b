"""Report INVALID indexes: those that a failed statement leaves, and those that a statement took for done."""

from __future__ import annotations

import re
from collections.abc import Sequence

import psycopg
from psycopg import AsyncConnection

from koonj.postgres.invalid_indexes import invalid_index_details, invalid_index_of, invalid_indexes
from koonj.sql.index_statement import index_statement
from koonj.sql.statements import Statement

SKIPPED = "42P07"
"""SQLSTATE of the notice "relation … already exists, skipping"."""


async def invalid_index_sentence(conn: AsyncConnection, statement: Statement) -> str:
    """Return a sentence about INVALID indexes after a failed statement; empty if none.

    Only a CONCURRENTLY statement leaves them.
    """
    if not statement.is_concurrent:
        return ""
    try:
        invalid = await invalid_indexes(conn)
    except psycopg.Error:
        return " It can have left an INVALID index; koonj could not ask the target."
    return f" INVALID indexes on the target now: {', '.join(invalid)}." if invalid else ""


async def must_be_valid(conn: AsyncConnection, statement: Statement, skipped: Sequence[str]) -> None:
    """Check that the statement did not take an INVALID index for done.

    PostgreSQL skips CREATE INDEX … IF NOT EXISTS if the index exists, whether it is valid or not. It also
    attaches an INVALID index of a partition, and the index of the partitioned table is INVALID then.

    `skipped`: the messages of the server that a relation already exists. They show what a statement in a
    function or in a DO block skipped.

    Raises:
        psycopg.Error: The index is INVALID, or the catalog could not be read.
    """
    named = index_statement(statement.text)
    found = None if named is None else await invalid_index_of(conn, named)
    if named is None and skipped:
        invalid = await invalid_index_details(conn)
        found = next((i for i in invalid if any(_names(text, i.bare_name) for text in skipped)), None)
    if found is not None:
        raise psycopg.errors.ObjectNotInPrerequisiteState(f"{found.problem} {found.repair}")


def _names(message: str, name: str) -> bool:
    """Return whether the message has the name in quotation marks, of any language."""
    return re.search(rf"(?<=[^\w\s]){re.escape(name)}(?=[^\w\s])", message) is not None
