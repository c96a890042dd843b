"""Errors of a target, and what an error of PostgreSQL means for a run.

SQLSTATEs: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

import psycopg

RETRIED = frozenset({"55P03", "40P01", "40001"})
"""SQLSTATEs lock_not_available, deadlock_detected and serialization_failure, for which the SQL is not the
cause.
"""


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


class CrowdedError(psycopg.errors.QueryCanceled):
    """Replaces the server's error if koonj cancelled a statement because of the sessions behind it."""

    def __init__(self, sessions: int) -> None:
        super().__init__(
            f"koonj cancelled the statement while it waited for a lock, because {sessions} sessions waited "
            "behind it"
        )


def error_message(error: psycopg.Error) -> str:
    """Return the message of the server, else of libpq or psycopg.

    If there is none, return the name of the error's class.
    """
    return error.diag.message_primary or str(error).strip() or type(error).__name__


def is_lost(error: psycopg.Error) -> bool:
    """Return whether the connection itself was lost.

    Then the server can still be running the statement, or its answer was lost. Every FATAL error of the
    server ends the session. An ERROR does not: one of class 08 (connection exception) can be about another
    connection, for example of dblink.
    """
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return (error.diag.severity_nonlocalized or error.diag.severity) in ("FATAL", "PANIC")
