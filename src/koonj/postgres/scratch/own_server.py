"""A scratch server that koonj runs itself, and deletes afterwards.

Roles belong to a whole server. Therefore a checkpoint is a copy of the whole stopped cluster, and to restore
it koonj starts a new cluster from such a copy. The first checkpoint contains only the empty scratch database.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.checkpoints import Checkpoints
from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.embedded.os_account import Account
from koonj.postgres.embedded.template import fresh_cluster
from koonj.postgres.embedded.temporary_server import Fill, TemporaryServer
from koonj.postgres.scratch.interface import Turn
from koonj.postgres.scratch.settings import DATABASE, SERVER_ENVIRONMENT, SERVER_SETTINGS
from koonj.postgres.scratch.worker_thread import ScratchRoute, ThreadedScratch

_EMPTY = "empty"
"""Checkpoint that contains only the empty database. No other key is a word."""
_TAKEN = frozenset({"", "postgres", "template0", "template1"})
"""Databases that exist on every server."""
_QUESTION = b"SELECT pg_catalog.current_setting('cluster_name')"


class ClusterScratch(ThreadedScratch):
    """A ScratchServer that uses server binaries of this machine.

    After it was closed or killed, only checkpoints remain.
    """

    def __init__(self, binaries: Binaries, database: str = DATABASE, notes: tuple[str, ...] = ()) -> None:
        """Start nothing yet. `database`: name of the scratch database; `notes`: see ScratchServer."""
        super().__init__(Cluster(binaries, database))
        self.notes = notes


class Cluster:
    """Blocking operations of a ClusterScratch.

    At most one server runs; each `reset` or `restore` replaces it.
    """

    alone = True

    def __init__(self, binaries: Binaries, database: str = DATABASE) -> None:
        self._found = binaries
        self._database = DATABASE if database in _TAKEN else database
        self.source = binaries.description
        self.version = ".".join(map(str, binaries.version))
        self.major = binaries.major
        self._scratch: TemporaryServer | None = None
        self._kept: Checkpoints | None = None

    def way(self) -> ScratchRoute:
        """Return how to connect. Start the server if it is not running.

        Raises: EmbeddedError, psycopg.Error.
        """
        scratch = self._scratch
        if scratch is None:
            scratch = self._empty()
        elif not scratch.is_running:
            scratch.start()
        return ScratchRoute(scratch.dsn(self._database), None, _QUESTION, scratch.cluster_name)

    def try_turn(self) -> Turn:
        """Return that the turn is taken: no other process uses this server."""
        return Turn(taken=True)

    def reset(self) -> None:
        """Replace the cluster by one with an empty database.

        Raises: EmbeddedError, psycopg.Error.
        """
        self._empty()

    def nearest(self, keys: tuple[str, ...]) -> str | None:
        """Return the first key that has a checkpoint. Starts nothing.

        Raises: EmbeddedError.
        """
        kept = self._checkpoints()
        return None if kept is None else next((key for key in keys if kept.has(key)), None)

    def restore(self, key: str) -> bytes:
        """Replace the cluster by a copy of the checkpoint. Return the checkpoint's note.

        Raises: EmbeddedError, also if another koonj process has just removed the checkpoint.
        """
        notes: list[bytes] = []
        self._begin(self._from(key, notes.append))
        return notes[0]

    def save(self, key: str, note: bytes) -> None:
        """Save a checkpoint. Stops the server until `way` is called again.

        Raises: EmbeddedError.
        """
        if self._scratch is None:
            raise EmbeddedError("The scratch server is still empty.", "Reset it, or restore a checkpoint.")
        self._keep(self._scratch, key, note)

    def close(self) -> None:
        """Stop the server and remove its folder."""
        scratch, self._scratch = self._scratch, None
        if scratch is not None:
            scratch.close()

    def _empty(self) -> TemporaryServer:
        empty = _EMPTY if self._database == DATABASE else f"{_EMPTY} {self._database}"
        if self.nearest((empty,)):
            with suppress(EmbeddedError):  # removed in the meantime, or damaged: it is created again
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

    def _from(self, key: str, on_note: Callable[[bytes], object] = bytes) -> Fill:
        kept = self._checkpoints()
        if kept is None:
            raise EmbeddedError("There is no folder for checkpoints.", "Start the rehearsal again.")

        def fill(_binaries: Binaries, data: Path, _account: Account | None) -> None:
            on_note(kept.copy(key, data))

        return fill

    def _keep(self, scratch: TemporaryServer, key: str, note: bytes = b"") -> None:
        if scratch.is_running:
            scratch.stop()
        kept = self._checkpoints()
        if kept is not None:
            kept.keep(key, scratch.data, note)

    def _checkpoints(self) -> Checkpoints | None:
        """Return the checkpoints, or None if there can be no folder for them.

        Without checkpoints, every rehearsal runs all migrations again.

        Raises: EmbeddedError.
        """
        if self._kept is None:
            idle = TemporaryServer(self._found)
            with suppress(EmbeddedError):
                self._kept = Checkpoints.of(idle.binaries, idle.account)
                self._kept.tidy()
        return self._kept


def verify(connection: psycopg.Connection[tuple[object, ...]], scratch: TemporaryServer) -> None:
    """Check that the connection reached this scratch server.

    Raises: EmbeddedError.
    """
    if connection.execute(_QUESTION).fetchone() != (scratch.cluster_name,):
        raise EmbeddedError(
            "The connection reached another server than the scratch server. Nothing was changed there.",
            "Check the PG* variables in the environment.",
        )
