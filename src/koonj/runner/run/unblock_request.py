"""What a user asks for about a blocking session."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.postgres.blocking_sessions import BlockingSession, Ending
from koonj.postgres.server_process import ServerProcess
from koonj.runner.run.lock_wait_wording import blocker_words, statement_line


@dataclass(frozen=True, slots=True)
class UnblockRequest:
    """Cancel the statement of one session, or end it. The user has confirmed that."""

    process: ServerProcess
    how: Ending
    reason: str
    who: str
    """User, host and terminal."""
    session: str
    """The session, as the user has seen it: pid, application, state until now, user, address."""
    statement: str = ""
    """Its last statement, which can contain data."""
    name: str = ""
    """File name of the migration that waits; empty if none is running."""


def request_for(
    session: BlockingSession, how: Ending, reason: str, who: str, name: str = "", seconds: float = 0.0
) -> UnblockRequest:
    """Return the request about a session for which `how` is offered, and which was read `seconds` ago."""
    assert session.process is not None
    statement = statement_line(session.blocker) or ""
    words = blocker_words(session.blocker, seconds)
    return UnblockRequest(session.process, how, reason, who, words, statement, name)
