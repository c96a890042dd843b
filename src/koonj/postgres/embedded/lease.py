"""Represent a process's share in the running server."""

import os
from contextlib import suppress
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from koonj.postgres.embedded import postmaster
from koonj.postgres.embedded.conninfo import conninfo
from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.embedded.initdb import SUPERUSER
from koonj.postgres.embedded.server_folder import Home
from koonj.postgres.shared_process.client_fifo import Pipe
from koonj.postgres.shared_process.file_lock import lock, open_lock_file

_NAME_LIMIT = 63  # bytes; PostgreSQL silently truncates longer names
_STOP = 30.0  # seconds


class Lease:
    """Keeps the server running until it is closed or the process ends.

    All methods block.
    """

    def __init__(self, home: Home, pipe: Pipe) -> None:
        """Join the server. Only open_shared calls this, while it holds the gate."""
        sockets = home.sockets()
        if sockets is None:
            raise EmbeddedError(
                f"The socket folder of the server in {home.path} was deleted.", "Run the command again."
            )
        self.home = home
        self.sockets = sockets
        """The private folder (0700) of the server's socket."""
        self.cluster_name = home.cluster_name
        """Compare ``current_setting('cluster_name')`` with it before any other SQL."""
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
        """Return a connection string that does not depend on the user's PG* variables.

        It uses the private socket and the superuser.
        """
        return conninfo(self.sockets, SUPERUSER, database)

    def is_alive(self) -> bool:
        """Return whether the server that this lease joined is still running.

        If it was stopped, also if another process has started it again since, with other sockets, close this
        lease and call open_shared again.
        """
        return (
            self._pipe is not None
            and self._pipe.is_read()
            and self.home.sockets() == self.sockets
            and postmaster.running(self.home.data) is not None
        )

    def ensure_database(self, name: str) -> bool:
        """Create the database if it is missing, and return whether it was created.

        Raises:
            EmbeddedError: PostgreSQL would truncate the name, or the server is another one.
            psycopg.Error: the server cannot be reached.
        """
        if not 0 < len(name.encode()) <= _NAME_LIMIT:
            raise EmbeddedError(
                f"The name of a database must have 1 to {_NAME_LIMIT} bytes: {name!r}", "Use another name."
            )
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            self._verify(connection)
            if connection.execute(
                "SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", [name]
            ).fetchone():
                return False
            create = sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
            # If two processes create it, one gets either error, depending on the progress of the other.
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(create)
                return True
        return False

    def close(self) -> None:
        """Leave the server. The last process waits until it has stopped, about 50 ms.

        A second call has no effect.
        """
        pipe, self._pipe = self._pipe, None
        if pipe is None:
            return
        gate = open_lock_file(self.home.path / "gate")
        try:
            # A process that holds the gate is joining, so this one is not the last.
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
                "The connection reached a different server than the embedded one. Nothing was changed.",
                "Check the PG* variables in the environment.",
            )
