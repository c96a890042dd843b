"""Fill the disk of the server while koonj runs. Needs a file system of its own: a tmpfs, which only root can mount."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.embedded.temporary_server import TemporaryServer
from support.faults.fault_runner import SETTINGS, Fault, FaultRunner, Interruption
from support.fork_server import Ended

SIZE = "256m"
_FULL_SECONDS = 0.4
"""For so long there is no space; then a run that waits for its target can find out what is committed."""
_PATIENCE = 20.0
_BLOCK = b"\0" * (1 << 20)


@contextmanager
def small_disk() -> Iterator[Path]:
    """Yield a folder on a file system of SIZE.

    Raises: PermissionError if this process may not mount one.
    """
    with tempfile.TemporaryDirectory(prefix="kj-", dir="/tmp") as folder:
        command = ("mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0711", "koonj-test", folder)
        if subprocess.run(command, capture_output=True, check=False).returncode:
            raise PermissionError("a tmpfs cannot be mounted here")
        try:
            yield Path(folder)
        finally:
            subprocess.run(("umount", "--lazy", folder), check=True)


@contextmanager
def server_on_small_disk(binaries: Binaries) -> Iterator[TemporaryServer]:
    """Run a server whose data are on a small disk."""
    with small_disk() as disk, TemporaryServer(binaries, settings=SETTINGS, parent=disk) as server:
        yield server


class FullDiskRunner(FaultRunner):
    """Fills the disk at the boundary, and makes space again a moment later."""

    def __init__(self, server: TemporaryServer) -> None:
        super().__init__(server)
        self._ballast = server.data.parent / "ballast"
        self._space: threading.Timer | None = None

    def _interrupt(self, fault: Fault, dsn: str, found: list[str]) -> Ended:
        ended = super()._interrupt(fault, dsn, found)
        if self._space is not None:
            self._space.join()
            self._space = None
        self._start_server()
        self._connect()
        return ended

    def _touch_server(self, what: Interruption, dsn: str, found: list[str]) -> None:
        if what in (Interruption.FULL, Interruption.WAL_FULL):
            self._fill()
            self._space = threading.Timer(_FULL_SECONDS, self._make_space)
            self._space.start()
        if what is Interruption.WAL_FULL:
            with suppress(psycopg.Error):  # the server can panic at once
                self._admin.execute("SELECT pg_switch_wal()")
        super()._touch_server(what, dsn, found)

    def _fill(self) -> None:
        descriptor = os.open(self._ballast, os.O_WRONLY | os.O_CREAT)
        size = len(_BLOCK)
        try:
            while size:
                try:
                    os.write(descriptor, _BLOCK[:size])
                except OSError:
                    size //= 2
        finally:
            os.close(descriptor)

    def _make_space(self) -> None:
        self._ballast.unlink()
        self._start_server()

    def _start_server(self) -> None:
        """Start the server again if it did not survive. It can still be restarting by itself."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                if not self._server.is_running:
                    self._server.start()
                with psycopg.connect(self._server.dsn(), connect_timeout=5):
                    return
            except (EmbeddedError, psycopg.OperationalError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
