"""A process's share in the running server."""

import os
from contextlib import suppress
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from . import postmaster
from .conninfo import conninfo
from .home import Home
from .initdb import SUPERUSER
from .locks import lock, open_lock_file
from .pipe import Pipe
from .problem import EmbeddedError

_NAME_LIMIT = 63  # bytes; PostgreSQL cuts longer names short without a word
_STOP = 30.0  # seconds


class Lease:
    """Keeps the server running until it is closed, or until the process ends in whatever way. Blocking."""

    def __init__(self, home: Home, pipe: Pipe) -> None:
        """Made by open_shared, behind the gate."""
        sockets = home.sockets()
        if sockets is None:
            raise EmbeddedError(
                f"The folder of the socket of the server in {home.path} is gone.", "Try again."
            )
        self.home = home
        self.sockets = sockets
        """Private (0700); holds the server's socket."""
        self.cluster_name = home.cluster_name
        """Ask ``current_setting('cluster_name')`` before any other SQL."""
        self._pipe: Pipe | None = pipe
        self._present = open_lock_file(home.path / "present")
        lock(self._present, shared=True, seconds=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def dsn(self, database: str = "postgres") -> str:
        """For libpq: the private socket, the superuser, and nothing of the user's PG* variables."""
        return conninfo(self.sockets, SUPERUSER, database)

    def is_alive(self) -> bool:
        """Whether the server still runs; when it was killed, close this and open_shared again."""
        return (
            self._pipe is not None and self._pipe.is_read() and postmaster.running(self.home.data) is not None
        )

    def ensure_database(self, name: str) -> bool:
        """Create the database if it is missing; whether it was created now.

        Raises EmbeddedError for a name that PostgreSQL would cut short, or when the server is not ours;
        psycopg.Error when it cannot be reached.
        """
        if not 0 < len(name.encode()) <= _NAME_LIMIT:
            raise EmbeddedError(
                f"A database's name has 1 to {_NAME_LIMIT} bytes: {name!r}", "Choose another."
            )
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            self._verify(connection)
            if connection.execute(
                "SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", [name]
            ).fetchone():
                return False
            create = sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
            # Two at once: one of them sees either error, by how far the other has come.
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(create)
                return True
        return False

    def close(self) -> None:
        """Leave. The last one waits until the server has stopped, some 50 ms. Closing twice is fine."""
        pipe, self._pipe = self._pipe, None
        if pipe is None:
            return
        gate = open_lock_file(self.home.path / "gate")
        try:
            # Somebody behind the gate is joining, so this one is not the last.
            last = lock(gate) and lock(self._present)
            pipe.close()
            if last and postmaster.gone(self.home.data, _STOP):
                self.home.remove_sockets()
        finally:
            os.close(self._present)
            os.close(gate)

    def _verify(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        row = connection.execute("SELECT pg_catalog.current_setting('cluster_name')").fetchone()
        if row != (self.cluster_name,):
            raise EmbeddedError(
                "The connection led to another server than the embedded one; nothing was changed.",
                "Look for PG* variables in the environment.",
            )
