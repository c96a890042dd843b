"""A server that listens on the network, with its own pg_hba.conf, TLS and sockets."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from koonj.postgres.embedded import postmaster
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.os_account import run_as
from koonj.postgres.embedded.template import fresh_cluster
from koonj.postgres.embedded.temporary_server import Fill, TemporaryServer

TRUST = "local all all trust\nhost all all 127.0.0.1/32 trust\n"


@dataclass
class NetworkServer:
    """A running server."""

    port: int
    user: str
    host: str = "127.0.0.1"

    def dsn(self, **keywords: object) -> str:
        """Return a connection string; `keywords` add to it or replace parts of it."""
        parts = {"host": self.host, "port": self.port, "dbname": "postgres", "user": self.user, **keywords}
        return " ".join(f"{name}='{value}'" for name, value in parts.items())


@contextmanager
def network_server(
    binaries: Binaries,
    hba: str = TRUST,
    files: Sequence[Path] = (),
    settings: Mapping[str, str] = MappingProxyType({}),
    fill: Fill = fresh_cluster,
) -> Iterator[NetworkServer]:
    """Run a server with these settings; `files` are copied into its data folder. `fill` makes its cluster."""
    with TemporaryServer(binaries, fill=fill) as made:
        made.stop()
        for file in files:
            copy = made.data / file.name
            shutil.copy(file, copy)
            copy.chmod(0o600)
            if made.account is not None:
                os.chown(copy, made.account.uid, made.account.gid)
        (made.data / "pg_hba.conf").write_text(hba)
        (made.data / "postmaster.pid").unlink(missing_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(made.folder),
            "port": str(port),
            "fsync": "off",
            **settings,
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        process = subprocess.Popen(
            [binaries.bindir / "postgres", "-D", made.data, *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            **run_as(made.account),
        )
        try:
            end = time.monotonic() + 30
            while not postmaster.is_ready(made.data):
                assert process.poll() is None, "the server does not start"
                assert time.monotonic() < end, "the server is not ready"
                time.sleep(0.01)
            yield NetworkServer(port, "postgres")
        finally:
            process.send_signal(signal.SIGINT)  # do not wait for sessions
            process.wait(30)
