"""Decide how a statement is traced: in its transaction, from outside, or not."""

from __future__ import annotations

from koonj.sql.refusal import Refusal
from koonj.sql.statements import StatementTraits, TransactionControl

_SILENT = frozenset(
    {"close", "deallocate", "discard", "listen", "notify", "reset", "set", "show", "unlisten"},
)
_MARKS = frozenset({TransactionControl.BEGIN, TransactionControl.SAVEPOINT, TransactionControl.RELEASE})


def is_silent(statement: StatementTraits) -> bool:
    """Return whether a statement locks, reads and changes no relation.

    Such a statement is traced without a query. For SET TRANSACTION, a query would even be wrong, because it
    must come before any query of its transaction. SET CONSTRAINTS … IMMEDIATE is not silent: it runs deferred
    checks.
    """
    if statement.control is not None:
        return statement.control in _MARKS
    return statement.verb in _SILENT and not statement.summary.lower().startswith("set constraints")


def needs_watch(statement: StatementTraits) -> bool:
    """Return whether PostgreSQL refuses the statement in a transaction block.

    Its locks are then only visible from another session. Some statements are refused depending on data
    (Refusal.MAYBE) or on a called procedure: try those in a transaction, and observe them from another
    session after an error in `REFUSED`.
    """
    return statement.refusal is Refusal.YES


COMMITS_ITSELF = "2D000"
"""SQLSTATE of a CALL or a DO that ends its transaction, if it is not the outermost one."""

REFUSED = frozenset({"25001", COMMITS_ITSELF})
"""SQLSTATEs of a statement that cannot run in a transaction block.

active_sql_transaction comes from the command itself, invalid_transaction_termination from a procedure or DO
block that ends its transaction.
"""
