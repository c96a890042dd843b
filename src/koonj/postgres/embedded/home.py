"""The folder of a shared server, ``server-<major>``: its data, and what its processes meet over.

data/      the cluster, of the account that runs the server
log        what the server says; log.old when it had grown
name       the cluster_name, random, as old as the data
sockets    the path of the folder of its socket, in /tmp for its path must be short
clients    the FIFO (pipe.py)
gate       a lock: one process at a time joins, starts or leaves
present    a shared lock of every process: who can lock it alone is the last
"""

import os
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .account import Account, give
from .binaries import Binaries
from .folder import TEMPORARY
from .initdb import make_cluster
from .process import PORT

_SOCKETS = "koonj-sockets-"
_LOG_LIMIT = 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Home:
    """The paths in it, and what is read from them."""

    path: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """The cluster; it has its name only when initdb has finished."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.path / "log"

    @property
    def clients(self) -> Path:
        """The FIFO."""
        return self.path / "clients"

    @property
    def cluster_name(self) -> str:
        """What ``current_setting('cluster_name')`` must say on every connection to this server."""
        name = self.path / "name"
        if not name.exists():
            name.write_text(f"koonj-{secrets.token_hex(8)}", "ascii")
        return name.read_text("ascii")

    def sockets(self) -> Path | None:
        """The folder of the socket; None when there is none that only the account and we can have made."""
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
        """The folder for the socket of a server to be started, free of what an earlier server left in it."""
        folder = self.sockets()
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix=_SOCKETS, dir=TEMPORARY))
            give(folder, self.account)
            (self.path / "sockets").write_text(str(folder), "utf-8")
        for left in (socket(folder), folder / f"{socket(folder).name}.lock"):
            left.unlink(missing_ok=True)
        return folder

    def remove_sockets(self) -> None:
        """Remove the folder of the socket of a server that has stopped."""
        if folder := self.sockets():
            shutil.rmtree(folder, ignore_errors=True)

    def make_data(self, binaries: Binaries) -> bool:
        """Make the cluster if there is none; whether it was made now. Raises EmbeddedError."""
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
        """Begin a new log when the old one has grown."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.path / "log.old")


def socket(folder: Path) -> Path:
    """The server's socket in its folder."""
    return folder / f".s.PGSQL.{PORT}"
