"""A private cluster that is thrown away.

Closed, it leaves nothing. When its owner is killed its watchdog stops it, and the next one sweeps its folder.
"""

import secrets
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from .account import server_account
from .binaries import Binaries, choose
from .conninfo import conninfo
from .folder import RunFolder, scratch_parent, scratch_parents
from .initdb import SUPERUSER
from .postmaster import stop
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

_START = 60.0  # seconds until the server must be ready
_STOP = 5.0


class Scratch:
    """A context manager; blocking.

    Entering it starts the server (EmbeddedError when that fails), leaving it stops it and removes all.
    """

    def __init__(
        self,
        binaries: Binaries | None = None,
        *,
        settings: Mapping[str, str] | None = None,
        parent: Path | None = None,
    ) -> None:
        """Find the programs (EmbeddedError when there are none); `settings` come over SETTINGS.

        `parent` is the folder to work in: by default shared memory where there is room.
        """
        found = binaries or choose()
        self.account = server_account()
        self.binaries = reachable(found, self.account)
        self.cluster_name = f"koonj-{secrets.token_hex(8)}"
        """Random; ask ``current_setting('cluster_name')`` before trusting a connection."""
        self._settings = {**SETTINGS, **(settings or {}), "cluster_name": self.cluster_name}
        self._parent = parent
        self._folder: RunFolder | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        parent = self._parent or scratch_parent()
        sweep((parent, *scratch_parents()), self.account)
        self._folder = RunFolder.make(parent, self.account)
        try:
            self._start(self._folder)
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

    def close(self) -> None:
        """Stop the server, and remove everything. Closing twice is fine."""
        folder, watchdog = self._folder, self._watchdog
        self._folder = self._watchdog = None
        if watchdog is not None:
            if watchdog.stdin:
                watchdog.stdin.close()
            with suppress(subprocess.TimeoutExpired):  # half of it was killed; what runs is stopped below
                watchdog.wait(_STOP)
        if folder is not None:
            stop(folder.path / "data", signal.SIGQUIT, _STOP)
            folder.remove()
        if watchdog is not None:
            watchdog.wait(_STOP)

    def _start(self, folder: RunFolder) -> None:
        data, log = folder.path / "data", folder.path / "log"
        fresh_cluster(self.binaries, data, self.account)
        watchdog = launch(
            self.binaries,
            data,
            folder.path,
            self._settings,
            account=self.account,
            pipe=subprocess.PIPE,
            log=log,
            stop_with=signal.SIGQUIT,
        )
        self._watchdog = watchdog
        wait_ready(data, lambda: watchdog.poll() is None, log, _START)
