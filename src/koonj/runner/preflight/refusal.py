"""Tell a row that the statement would refuse from a question that the target did not answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import psycopg

from koonj.postgres.answer_limit import LimitedAsyncConnection
from koonj.postgres.errors import error_message
from koonj.runner.run.row_check import QuickLimit

Value = TypeVar("Value")

_BACK = "ROLLBACK TO SAVEPOINT koonj_question; RELEASE SAVEPOINT koonj_question"
_OF_DATA = ("22", "21", "23", "54")
"""Classes of errors that come from the values of a row: the statement would meet them too.

Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""
_TIMEOUT = "57014"
_REASONS = {
    "42P01": "the target has no such table",
    "42703": "the table has other columns on the target, or a column gets its value only then",
    "42704": "the target does not have a type that the query names",
    "42883": "the target does not have a function or an operator that the query names",
    "42501": "the role may not read the table, or row-level security hides rows of it",
    _TIMEOUT: "the answer took too long",
    "55P03": "another session has locked the table",
    "25006": "it would change something on the target",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A query failed because of a row."""

    sqlstate: str


class UnansweredError(Exception):
    """Raised if the target did not answer, for a reason that says nothing of its rows."""

    def __init__(self, reason: str, limit: QuickLimit | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.limit = limit

    @classmethod
    def of(cls, error: psycopg.Error) -> UnansweredError:
        """Return the reason of an error of the server."""
        state = error.sqlstate or ""
        reason = _REASONS.get(state) or f"the target reported {state or 'no code'}: {_first_line(error)}"
        return cls(reason, QuickLimit.TIME if state == _TIMEOUT else None)


def _first_line(error: psycopg.Error) -> str:
    return error_message(error).splitlines()[0]


async def attempt(conn: LimitedAsyncConnection, read: Callable[[], Awaitable[Value]]) -> Value | Refused:
    """Run a query behind a savepoint. The text of an error is not kept: it can have the value of a row.

    Raises: UnansweredError; psycopg.Error if the connection was lost.
    """
    await conn.execute("SAVEPOINT koonj_question", prepare=False)
    try:
        return await read()
    except psycopg.Error as error:
        if conn.closed:
            raise
        if (error.sqlstate or "").startswith(_OF_DATA):
            return Refused(error.sqlstate or "")
        raise UnansweredError.of(error) from None
    finally:
        if not conn.closed:
            await conn.execute(_BACK, prepare=False)
