"""A private cluster that is thrown away.

Closed, it leaves nothing. When its owner is killed its watchdog stops it, and the next one sweeps its folder.
"""

import secrets
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from . import postmaster
from .account import Account, server_account
from .binaries import Binaries, choose
from .conninfo import conninfo
from .folder import RunFolder, scratch_parent, scratch_parents
from .initdb import SUPERUSER
from .problem import EmbeddedError
from .process import launch, wait_ready
from .staging import reachable
from .sweep import sweep
from .template import fresh_cluster

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
    # In the data folder, which goes away; the default leaves segments in /dev/shm after a kill -9.
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""Fast, and safe only for a cluster that nobody wants back."""

Fill = Callable[[Binaries, Path, Account | None], None]
"""Makes the folder a cluster; raises EmbeddedError."""

_START = 60.0  # seconds until the server must be ready
_STOP = 5.0
_SHUT_DOWN = 30.0  # seconds; it writes out its memory


class TemporaryServer:
    """A context manager; blocking.

    Entering it starts the server (EmbeddedError when that fails), leaving it stops it and removes all.
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
        """Find the programs (EmbeddedError when there are none); `settings` come over SETTINGS.

        `environment` is added to the server's; `fill` makes the cluster; `parent` is the folder to work in:
        by default shared memory where there is room.
        """
        found = binaries or choose()
        self.account = server_account()
        self.binaries = reachable(found, self.account)
        self.cluster_name = f"koonj-{secrets.token_hex(8)}"
        """Random; ask ``current_setting('cluster_name')`` before trusting a connection."""
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
        """For libpq: the private socket, the superuser, and nothing of the user's PG* variables."""
        return conninfo(self.folder, SUPERUSER, database)

    @property
    def folder(self) -> Path:
        """Holds the socket, the data and the log. Raises RuntimeError when the server is not running."""
        if self._folder is None:
            raise RuntimeError("the scratch server is not running")
        return self._folder.path

    @property
    def data(self) -> Path:
        """The cluster. Raises RuntimeError where there is none."""
        return self.folder / "data"

    @property
    def is_running(self) -> bool:
        """Whether its server takes connections, or would if it were not busy."""
        return self._watchdog is not None and self._watchdog.poll() is None

    def stop(self) -> None:
        """Shut the server down, so that `data` can be copied, until `start`. Raises EmbeddedError."""
        postmaster.stop(self.data, signal.SIGINT, _SHUT_DOWN)
        self._end_watchdog()
        if not postmaster.was_shut_down(self.data):
            raise EmbeddedError("The scratch server did not shut down in order.", "Try again.")

    def close(self) -> None:
        """Stop the server, and remove everything. Closing twice is fine."""
        folder, self._folder = self._folder, None
        watchdog = self._end_watchdog()
        if folder is not None:
            postmaster.stop(folder.path / "data", signal.SIGQUIT, _STOP)
            folder.remove()
        if watchdog is not None:
            watchdog.wait(_STOP)

    def start(self) -> None:
        """Start the server on `data`. Raises EmbeddedError."""
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
        """Let go of the pipe, and wait; returns it, for half of it may have been killed, and lives on."""
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is not None:
            if watchdog.stdin:
                watchdog.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                watchdog.wait(_STOP)
        return watchdog
