"""Which statements are traced in their transaction, which are watched from outside, which need neither."""

from __future__ import annotations

from koonj.sql.refusal import Refusal
from koonj.sql.statements import StatementTraits, TransactionControl

_SILENT = frozenset(
    {"close", "deallocate", "discard", "listen", "notify", "reset", "set", "show", "unlisten"},
)
_MARKS = frozenset({TransactionControl.BEGIN, TransactionControl.SAVEPOINT, TransactionControl.RELEASE})


def is_silent(statement: StatementTraits) -> bool:
    """It locks, reads and changes no relation, so that it needs no query, and must not have one.

    A SET TRANSACTION has to come before any query of its transaction. SET CONSTRAINTS … IMMEDIATE is another
    matter: it runs what was deferred.
    """
    if statement.control is not None:
        return statement.control in _MARKS
    return statement.verb in _SILENT and not statement.summary.lower().startswith("set constraints")


def needs_watch(statement: StatementTraits) -> bool:
    """PostgreSQL refuses it in a transaction block, so its locks can only be seen from another session.

    Where that depends on data (Refusal.MAYBE), or on what a called procedure does, try it in a transaction
    and fall back to watching at one of `REFUSED`.
    """
    return statement.refusal is Refusal.YES


REFUSED = frozenset({"25001", "2D000"})
"""SQLSTATEs of a statement that cannot run in a transaction block: active_sql_transaction from the command
itself, invalid_transaction_termination from a procedure or DO block that ends its transaction."""
