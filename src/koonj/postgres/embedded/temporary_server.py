"""Run a private scratch cluster that is deleted afterwards.

When it is closed, it leaves nothing. If its owner is killed, the watchdog stops the server, and the next
Scratch deletes the folder.
"""

import secrets
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from koonj.postgres.embedded import postmaster
from koonj.postgres.embedded.binaries import Binaries, choose
from koonj.postgres.embedded.conninfo import conninfo
from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.embedded.initdb import SUPERUSER
from koonj.postgres.embedded.os_account import Account, server_account
from koonj.postgres.embedded.run_folder import RunFolder, scratch_parent, scratch_parents
from koonj.postgres.embedded.staging import reachable
from koonj.postgres.embedded.sweep import sweep
from koonj.postgres.embedded.template import fresh_cluster
from koonj.postgres.embedded.watchdog import launch, wait_ready

SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "16MB",
    "max_connections": "50",
    "autovacuum": "off",
    "max_logical_replication_workers": "0",
    "jit": "off",
    "huge_pages": "off",
    "checkpoint_timeout": "1h",
    # In the data folder, which is deleted; the default leaves segments in /dev/shm after a kill -9.
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""Fast, and safe only for a cluster whose data is not needed."""

Fill = Callable[[Binaries, Path, Account | None], None]
"""A function that creates a cluster in the folder.

It raises EmbeddedError.
"""

_START = 60.0  # seconds until the server must be ready
_STOP = 5.0
_SHUT_DOWN = 30.0  # seconds; the server writes its memory to disk


class TemporaryServer:
    """A context manager that runs a scratch server. All methods block.

    Entering starts the server (EmbeddedError if that fails), leaving stops it and deletes everything.
    """

    def __init__(
        self,
        binaries: Binaries | None = None,
        *,
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        fill: Fill = fresh_cluster,
        parent: Path | None = None,
    ) -> None:
        """Find the binaries.

        Args:
            binaries: the server binaries; None: find them.
            settings: server settings that override SETTINGS.
            environment: variables that are added to the server's environment.
            fill: creates the cluster.
            parent: the folder to work in; None: shared memory if there is enough space.

        Raises:
            EmbeddedError: there are no binaries.
        """
        found = binaries or choose()
        self.account = server_account()
        self.binaries = reachable(found, self.account)
        self.cluster_name = f"koonj-{secrets.token_hex(8)}"
        """Random. Compare ``current_setting('cluster_name')`` with it before other SQL."""
        self._settings = {**SETTINGS, **(settings or {}), "cluster_name": self.cluster_name}
        self._environment = environment
        self._fill = fill
        self._parent = parent
        self._folder: RunFolder | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        parent = self._parent or scratch_parent()
        sweep((parent, *scratch_parents()), self.account)
        self._folder = RunFolder.make(parent, self.account)
        try:
            self._fill(self.binaries, self.data, self.account)
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def dsn(self, database: str = "postgres") -> str:
        """Return a connection string that does not depend on the user's PG* variables.

        It uses the private socket and the superuser.
        """
        return conninfo(self.folder, SUPERUSER, database)

    @property
    def folder(self) -> Path:
        """The folder of the socket, the data and the log.

        Raises:
            RuntimeError: the server is not running.
        """
        if self._folder is None:
            raise RuntimeError("the scratch server is not running")
        return self._folder.path

    @property
    def data(self) -> Path:
        """The folder of the cluster.

        Raises:
            RuntimeError: the server is not running.
        """
        return self.folder / "data"

    @property
    def is_running(self) -> bool:
        """Whether the server accepts connections, or is only too busy for them."""
        return self._watchdog is not None and self._watchdog.poll() is None

    def stop(self) -> None:
        """Shut the server down until `start`, so that `data` can be copied.

        Raises:
            EmbeddedError: it did not shut down cleanly.
        """
        postmaster.stop(self.data, signal.SIGINT, _SHUT_DOWN)
        self._end_watchdog()
        if not postmaster.was_shut_down(self.data):
            raise EmbeddedError("The scratch server did not shut down cleanly.", "Run the command again.")

    def close(self) -> None:
        """Stop the server and delete everything. A second call has no effect."""
        folder, self._folder = self._folder, None
        watchdog = self._end_watchdog()
        if folder is not None:
            postmaster.stop(folder.path / "data", signal.SIGQUIT, _STOP)
            folder.remove()
        if watchdog is not None:
            watchdog.wait(_STOP)

    def start(self) -> None:
        """Start the server on `data`.

        Raises:
            EmbeddedError: it does not start.
        """
        log = self.folder / "log"
        watchdog = launch(
            self.binaries,
            self.data,
            self.folder,
            self._settings,
            account=self.account,
            pipe=subprocess.PIPE,
            log=log,
            stop_with=signal.SIGQUIT,
            environment=self._environment,
        )
        self._watchdog = watchdog
        wait_ready(self.data, lambda: watchdog.poll() is None, log, _START)

    def _end_watchdog(self) -> subprocess.Popen[bytes] | None:
        """Close the pipe and wait for the watchdog; return it.

        If one of its two shells was killed, it can still be running.
        """
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is not None:
            if watchdog.stdin:
                watchdog.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                watchdog.wait(_STOP)
        return watchdog
