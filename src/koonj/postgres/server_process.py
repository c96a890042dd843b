"""A process of the server, which serves one session."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server process. Its pid alone does not identify it: the system uses pids again."""

    pid: int
    started: int | None
    """Microseconds since 1970 of the server's clock; None if the server hides it from the role."""
