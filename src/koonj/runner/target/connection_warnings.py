"""What is risky about a connection to a target."""

from __future__ import annotations

from koonj.config import Target
from koonj.postgres.connector import ServerInfo
from koonj.postgres.encryption import unverified_words


def connection_warnings(target: Target, server: ServerInfo) -> tuple[str, ...]:
    """Return what the user should know before anything is sent, as sentences."""
    unverified = unverified_words(target, server.tls)
    return (unverified,) if unverified else ()
