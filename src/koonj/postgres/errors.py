"""Errors of a target rather than of a migration, and what an error of PostgreSQL means for a run.

SQLSTATEs: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

import psycopg

RETRIED = frozenset({"55P03", "40P01", "40001"})
"""lock_not_available, deadlock_detected, serialization_failure: nothing was wrong with the SQL."""


class TargetError(Exception):
    """Raised if a target, or the history in it, cannot be used.

    Neither `message` nor `hint` contains a password.
    """

    def __init__(self, message: str, hint: str, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        """Next step for the user."""
        self.sqlstate = sqlstate


def error_message(error: psycopg.Error) -> str:
    """What the server said; else what libpq or psycopg said; else the name of the error's class."""
    return error.diag.message_primary or str(error).strip() or type(error).__name__


def is_lost(error: psycopg.Error) -> bool:
    """Was the connection itself lost? Then the server may still be at work, or have answered unheard.

    Class 08 are connection exceptions; 57P01 to 57P05 are a server's good-byes; and what is FATAL ends
    the session, such as 25P03 and 25P04, the timeouts of transactions.
    """
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    fatal = error.diag.severity_nonlocalized in ("FATAL", "PANIC")
    return fatal or error.sqlstate.startswith(("08", "57P0"))
