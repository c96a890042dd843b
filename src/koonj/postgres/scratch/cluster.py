"""A scratch on a server of koonj's own, which nobody else sees and which is thrown away.

Roles belong to a whole server, so a checkpoint is a copy of the whole stopped cluster, and going back is a
new cluster from such a copy. The first checkpoint of all has only the database to work in, which is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

from koonj.postgres.embedded.account import Account
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.checkpoints import Checkpoints
from koonj.postgres.embedded.problem import EmbeddedError
from koonj.postgres.embedded.scratch import Fill, TemporaryServer
from koonj.postgres.embedded.template import fresh_cluster
from koonj.postgres.scratch.apart import ScratchRoute, ThreadedScratch
from koonj.postgres.scratch.settings import DATABASE, SERVER_ENVIRONMENT, SERVER_SETTINGS

_EMPTY = "empty"
"""The checkpoint with the database and nothing in it; no other key is a word."""
_TAKEN = frozenset({"", "postgres", "template0", "template1"})
"""Databases that each server has."""
_QUESTION = b"SELECT pg_catalog.current_setting('cluster_name')"


class ClusterScratch(ThreadedScratch):
    """A ScratchServer on these programs. Closed, or killed, it leaves only checkpoints."""

    def __init__(self, binaries: Binaries, database: str = DATABASE) -> None:
        """Starts nothing yet. `database`: the name of the one to work in."""
        super().__init__(Cluster(binaries, database))


class Cluster:
    """The blocking part: at most one running server, another one after each `reset` and `restore`."""

    alone = True

    def __init__(self, binaries: Binaries, database: str = DATABASE) -> None:
        self._found = binaries
        self._database = DATABASE if database in _TAKEN else database
        self.source = f"PostgreSQL {_version(binaries)} ({_place(binaries)})"
        self.version = _version(binaries)
        self.major = binaries.major
        self._scratch: TemporaryServer | None = None
        self._kept: Checkpoints | None = None

    def way(self) -> ScratchRoute:
        """Starts the server where none runs. Raises EmbeddedError, psycopg.Error."""
        scratch = self._scratch
        if scratch is None:
            scratch = self._empty()
        elif not scratch.is_running:
            scratch.start()
        return ScratchRoute(scratch.dsn(self._database), None, _QUESTION, scratch.cluster_name)

    def reset(self) -> None:
        """Raises EmbeddedError, psycopg.Error."""
        self._empty()

    def nearest(self, keys: tuple[str, ...]) -> str | None:
        """Starts nothing. Raises EmbeddedError."""
        kept = self._checkpoints()
        return None if kept is None else next((key for key in keys if kept.has(key)), None)

    def restore(self, key: str) -> bytes:
        """Raises EmbeddedError: also where another koonj has just removed the checkpoint."""
        notes: list[bytes] = []
        self._begin(self._from(key, notes.append))
        return notes[0]

    def save(self, key: str, note: bytes) -> None:
        """Stops the server until the next `way`. Raises EmbeddedError."""
        if self._scratch is None:
            raise EmbeddedError("There is nothing on the scratch yet.", "Reset it, or restore a checkpoint.")
        self._keep(self._scratch, key, note)

    def close(self) -> None:
        """Ends the server; removes its folder."""
        scratch, self._scratch = self._scratch, None
        if scratch is not None:
            scratch.close()

    def _empty(self) -> TemporaryServer:
        empty = _EMPTY if self._database == DATABASE else f"{_EMPTY} {self._database}"
        if self.nearest((empty,)):
            with suppress(EmbeddedError):  # removed meanwhile, or broken: it is made anew
                return self._begin(self._from(empty))
        scratch = self._begin(fresh_cluster)
        with psycopg.connect(scratch.dsn(), autocommit=True) as connection:
            verify(connection, scratch)
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(self._database))
            )
        self._keep(scratch, empty)
        scratch.start()
        return scratch

    def _begin(self, fill: Fill) -> TemporaryServer:
        self.close()
        scratch = TemporaryServer(
            self._found, settings=SERVER_SETTINGS, environment=SERVER_ENVIRONMENT, fill=fill
        ).__enter__()
        self._scratch = scratch
        return scratch

    def _from(self, key: str, tell: Callable[[bytes], object] = bytes) -> Fill:
        kept = self._checkpoints()
        if kept is None:
            raise EmbeddedError("There is no folder to keep checkpoints in.", "Begin anew.")

        def fill(_binaries: Binaries, data: Path, _account: Account | None) -> None:
            tell(kept.copy(key, data))

        return fill

    def _keep(self, scratch: TemporaryServer, key: str, note: bytes = b"") -> None:
        if scratch.is_running:
            scratch.stop()
        kept = self._checkpoints()
        if kept is not None:
            kept.keep(key, scratch.data, note)

    def _checkpoints(self) -> Checkpoints | None:
        """None where no folder can be had for them: everything is replayed then. Raises EmbeddedError."""
        if self._kept is None:
            idle = TemporaryServer(self._found)
            with suppress(EmbeddedError):
                self._kept = Checkpoints.of(idle.binaries, idle.account)
                self._kept.tidy()
        return self._kept


def verify(connection: psycopg.Connection[tuple[object, ...]], scratch: TemporaryServer) -> None:
    """Raises EmbeddedError where the connection has led elsewhere."""
    if connection.execute(_QUESTION).fetchone() != (scratch.cluster_name,):
        raise EmbeddedError(
            "The connection led to another server than the scratch; nothing was changed.",
            "Look for PG* variables in the environment.",
        )


def _version(binaries: Binaries) -> str:
    return ".".join(map(str, binaries.version))


def _place(binaries: Binaries) -> str:
    """A package by its name, else the folder."""
    return binaries.source if binaries.source.startswith("Python") else str(binaries.bindir)
