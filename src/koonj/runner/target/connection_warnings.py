"""What is risky about a connection to a target."""

from __future__ import annotations

from koonj.config import Target
from koonj.postgres.connector import ServerInfo
from koonj.postgres.encryption import unverified_words
from koonj.postgres.target_identity import IdentityCheck


def connection_warnings(target: Target, server: ServerInfo, identity: IdentityCheck) -> tuple[str, ...]:
    """Return what the user should know before anything is sent, as sentences; the worst first."""
    return tuple(filter(None, (identity.words, unverified_words(target, server.tls))))
