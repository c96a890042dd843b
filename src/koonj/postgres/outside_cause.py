"""Say what caused an error if neither the SQL nor the data of a file did."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import psycopg

from koonj.postgres.answer_limit import NoAnswerError
from koonj.postgres.errors import CrowdedError, is_lost

_CAUSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "55P03": ("Another session holds a lock that this needs.", "When it has released the lock"),
        "40P01": ("The server ended a deadlock with another session.", "To try again"),
        "40001": ("Another session changed the same data at the same time.", "To try again"),
        "57014": (
            "The statement reached statement_timeout, or another session cancelled it.",
            "To try again",
        ),
        "53100": ("The server has no disk space left.", "When it has free space"),
        "53200": ("The server is out of memory.", "When it has free memory"),
        "53300": ("The server has no free connection.", "When it has one"),
    }
)
"""By SQLSTATE: the cause, and the condition for a new attempt.

See https://www.postgresql.org/docs/current/errcodes-appendix.html.
"""


def outside_cause(error: psycopg.Error) -> tuple[str, str] | None:
    """Return the cause as a sentence, and when to try again as a clause that continues with a command.

    None if the SQL, the data or the target's state is the cause, so that the user must fix it.
    """
    if is_lost(error):
        return (
            "The connection was lost, or the server ended the session.",
            "When the target accepts connections again",
        )
    if isinstance(error, CrowdedError):
        return ("Many sessions use what this needs.", "When fewer do")
    return _CAUSES.get(error.sqlstate or "")


def retry_hint(error: psycopg.Error) -> str:
    """Return what to do after an error of koonj's own queries."""
    if isinstance(error, NoAnswerError):
        return error.hint
    outside = outside_cause(error)
    return "Fix the cause on the target, then retry." if outside is None else f"{outside[0]} Retry."
