"""Manage the folder of a shared server, ``server-<major>``.

data/      the cluster, owned by the account that runs the server
log        the server's log; log.old is the previous one
name       the cluster_name, random, created with the data
sockets    the path of the folder of its socket, in /tmp because the path must be short
clients    the FIFO (shared_process/client_fifo.py)
gate       a lock: one process at a time joins, starts or leaves
present    a shared lock of every process: a process that can lock it exclusively is the last one
"""

import os
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from koonj.postgres.embedded import postmaster
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.initdb import make_cluster
from koonj.postgres.embedded.os_account import Account, give
from koonj.postgres.embedded.run_folder import TEMPORARY
from koonj.postgres.embedded.watchdog import PORT

_SOCKETS = "koonj-sockets-"
_ANSWER = 5.0  # seconds; a silent server counts as one that answers
_LOG_LIMIT = 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Home:
    """The paths in the folder of a shared server, and their content."""

    path: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """The cluster. The folder gets this name when initdb has finished."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.path / "log"

    @property
    def clients(self) -> Path:
        """The FIFO that the clients hold open."""
        return self.path / "clients"

    @property
    def cluster_name(self) -> str:
        """The value of ``current_setting('cluster_name')`` on this server.

        Check it on every connection.
        """
        name = self.path / "name"
        if not name.exists():
            name.write_text(f"koonj-{secrets.token_hex(8)}", "ascii")
        return name.read_text("ascii")

    def sockets(self) -> Path | None:
        """Return the folder of the socket; None if it is not surely ours.

        Only koonj and the account must be able to create it.
        """
        try:
            folder = Path((self.path / "sockets").read_text("utf-8"))
            status = folder.lstat()
        except OSError:
            return None
        ours = {os.geteuid()} | ({self.account.uid} if self.account else set())
        private = stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o700
        named = folder.parent == TEMPORARY and folder.name.startswith(_SOCKETS)
        return folder if named and private and status.st_uid in ours else None

    def make_sockets(self) -> Path:
        """Return the folder for the socket of a new server, without files of an old one.

        No server of this folder runs now. If one answers all the same, this folder is a copy of that
        server's: it keeps its socket and its name, and the copy gets its own.
        """
        folder = self.sockets()
        if folder is not None and postmaster.answers(socket(folder), _ANSWER):
            folder = None
            (self.path / "sockets").unlink()
            (self.path / "name").unlink(missing_ok=True)
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix=_SOCKETS, dir=TEMPORARY))
            give(folder, self.account)
            (self.path / "sockets").write_text(str(folder), "utf-8")
        for left in (socket(folder), folder / f"{socket(folder).name}.lock"):
            left.unlink(missing_ok=True)
        return folder

    def remove_sockets(self) -> None:
        """Remove the socket folder of a server that has stopped."""
        if folder := self.sockets():
            shutil.rmtree(folder, ignore_errors=True)

    def make_data(self, binaries: Binaries) -> bool:
        """Create the cluster if it is missing, and return whether it was created.

        Raises:
            EmbeddedError: initdb failed.
        """
        if self.data.exists():
            return False
        new = self.path / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        (self.path / "name").unlink(missing_ok=True)
        new.mkdir(mode=0o700)
        give(new, self.account)
        try:
            make_cluster(binaries, new, self.account, durable=True)
            new.rename(self.data)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        return True

    def turn_log(self) -> None:
        """Start a new log if the old one is large."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.path / "log.old")


def socket(folder: Path) -> Path:
    """Return the path of the server's socket in its folder."""
    return folder / f".s.PGSQL.{PORT}"
