"""The folder of one tunnel, ``tunnels/KEY`` in koonj's part of the user's state folder.

gate       a lock: one process at a time joins or opens
clients    the FIFO that every user of the tunnel holds open
ends       the forwarded ends on this machine; it exists while ssh listens on them
answer     the watchdog creates it (shared_process/watchdog_script.py)
log        what ssh wrote
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from koonj.config import Ssh
from koonj.postgres.tunnel.destination import Destination, LocalEnd
from koonj.postgres.tunnel.errors import TunnelError
from koonj.postgres.tunnel.local_address import local_end
from koonj.user_folders import STATE, UserFolderError, koonj_folder, make_trusted

_SOCKET_BYTES = 100
"""A longer path of a Unix socket does not work on every system."""


@dataclass(frozen=True, slots=True)
class TunnelFolder:
    """The paths in the folder of a tunnel, and their content."""

    path: Path

    @property
    def gate(self) -> Path:
        """The lock file."""
        return self.path / "gate"

    @property
    def clients(self) -> Path:
        """The FIFO that the users of the tunnel hold open."""
        return self.path / "clients"

    @property
    def answer(self) -> Path:
        """The file with which the watchdog answers."""
        return self.path / "answer"

    @property
    def log(self) -> Path:
        """What ssh wrote."""
        return self.path / "log"

    def ends(self) -> tuple[LocalEnd, ...]:
        """Return the ends of the tunnel that is open; empty if none is."""
        try:
            return tuple(LocalEnd(*map(str, end)) for end in json.loads(self._ends.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return ()

    def new_ends(self, servers: Sequence[Destination]) -> tuple[LocalEnd, ...]:
        """Choose the ends of a new tunnel. Those of an old one are forgotten.

        Raises:
            TunnelError: there can be none.
            OSError: the folder or this machine has no room for them.
        """
        self._ends.unlink(missing_ok=True)
        return tuple(self._end(number, server) for number, server in enumerate(servers))

    def record(self, ends: Sequence[LocalEnd]) -> None:
        """Write down that ssh listens on these ends.

        Raises:
            OSError: it cannot be written.
        """
        new = self.path / "ends.new"
        new.write_text(json.dumps([(end.address, end.port) for end in ends]), "utf-8")
        new.replace(self._ends)  # others read it at any time

    @property
    def _ends(self) -> Path:
        return self.path / "ends"

    def _end(self, number: int, server: Destination) -> LocalEnd:
        if not server.is_socket:
            return local_end(server, f"{self.path.name} {number}")
        # Only this user can open a socket here. The server can let in whoever connects to its own socket.
        folder = make_trusted(self.path / f"socket{number}", 0o700)
        if len(os.fsencode(folder)) > _SOCKET_BYTES:
            raise TunnelError(
                f"The path {folder} is too long for a Unix socket.",
                "Use host=localhost in the dsn, or set XDG_STATE_HOME to a shorter path.",
            )
        return LocalEnd(str(folder), server.port)

    def said(self, since: int = 0) -> str:
        """Return what ssh wrote after the first `since` bytes."""
        try:
            with self.log.open("rb") as file:
                file.seek(since)
                return file.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def said_bytes(self) -> int:
        """Return how much ssh wrote."""
        try:
            return self.log.stat().st_size
        except OSError:
            return 0


def tunnel_folder(
    ssh: Ssh, servers: Sequence[Destination], environ: Mapping[str, str] = os.environ
) -> TunnelFolder:
    """Return the folder that all processes of this user share for the same tunnel; create it if needed.

    Raises:
        TunnelError: it cannot be used.
    """
    folder = ssh.folder if ssh.options else ""  # only options can have relative paths
    what = [socket.gethostname(), ssh.host, ssh.options, folder, *((s.address, s.port) for s in servers)]
    key = sha256(json.dumps(what).encode()).hexdigest()[:12]
    try:
        tunnels = make_trusted(koonj_folder(STATE, None, environ) / "tunnels", 0o700)
        return TunnelFolder(make_trusted(tunnels / key, 0o700))
    except UserFolderError as error:
        raise TunnelError(error.message, error.hint) from error
