"""Say how long the statements of a file queue for their locks, which nobody has taken for them before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from koonj.config.duration import milliseconds
from koonj.sql.statements import Statement
from koonj.sql.validation import only_validates

NO_LIMIT = "0"

_OF_ROWS = frozenset({"insert", "update", "delete", "merge", "copy", "with"})
"""Verbs of statements that wait for rows. Nobody waits behind them but who wants the same rows."""


@dataclass(frozen=True, slots=True)
class LockLimits:
    """What limits how long a statement queues, in PostgreSQL's notation."""

    target: str
    """lock_timeout of the target."""
    own: str | None = None
    """lock_timeout in the comments of the file: it holds for each of its statements."""
    max_stall: str = ""
    """How long others may wait because of koonj; empty: as long as koonj waits itself."""

    def of(self, statements: Collection[Statement]) -> str:
        """Return the lock_timeout of statements that commit together.

        CONCURRENTLY and VALIDATE CONSTRAINT have none: nobody who reads or writes waits behind them, and a
        timeout would leave an INVALID index.
        """
        if self.own is not None:
            return self.own
        if statements and all(map(is_patient, statements)):
            return NO_LIMIT
        if statements and all(statement.verb in _OF_ROWS for statement in statements):
            return self.target
        return shorter(self.target, self.max_stall)

    @property
    def for_history(self) -> str:
        """The lock_timeout of koonj's own entry in the history, at the end of a transaction."""
        return shorter(self.target, self.max_stall) if self.own is None else self.own


def is_patient(statement: Statement) -> bool:
    """Return whether nobody who only reads or writes waits behind a statement that waits for its locks."""
    return statement.is_concurrent or (statement.verb == "alter" and only_validates(statement.text))


def shorter(one: str, other: str) -> str:
    """Return the smaller of two limits; empty or 0 is none."""
    limit, second = milliseconds(one or NO_LIMIT), milliseconds(other or NO_LIMIT)
    if not second:
        return one
    return one if limit and limit <= second else other
