"""Crash a server, and start it again."""

from __future__ import annotations

import os
import signal
import time

from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.embedded.temporary_server import TemporaryServer

_PATIENCE = 60.0


def crash(server: TemporaryServer) -> None:
    """Kill the postmaster (kill -9), and start the server again on the same data, when its processes are gone."""
    os.kill(int((server.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    end = time.monotonic() + _PATIENCE
    while server.is_running:
        time.sleep(0.005)
    while True:
        try:
            server.start()
        except EmbeddedError:  # a session of the dead server still runs a statement
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
