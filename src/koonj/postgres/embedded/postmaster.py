"""Control the server's main process through postmaster.pid in its data folder.

The file's lines: pid, data folder, start time, port, socket folder, listen address, shared memory key, status
(PostgreSQL's src/include/utils/pidfile.h, the same in 13 to 18).
"""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

from koonj import child_environment
from koonj.postgres.embedded.errors import EmbeddedError

_NOBODYS_PID = b"999999999"  # above the highest pid of Linux and macOS, so never in use
_MEMORY_LINE = 6
_STATUS_LINE = 7
_READY = b"ready"
_SHUT_DOWN = 1
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)


def is_ready(data: Path) -> bool:
    """Return whether the server accepts connections (`pg_ctl -w` reads the same line)."""
    lines = _lines(data)
    return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == _READY


def answers(path: Path, seconds: float) -> bool:
    """Return whether a server answers on the socket `path`; True too if it is silent for `seconds`.

    Its pid does not tell: a server that was just killed has one until its memory is returned, and no longer
    takes anybody in. It answers one byte to an SSLRequest, at any time and without a session
    (https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SSLREQUEST).
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(seconds)
        try:
            client.connect(str(path))
            client.sendall(_SSL_REQUEST)
            return client.recv(1) != b""
        except TimeoutError:
            return True
        except OSError:
            return False


def running(data: Path) -> int | None:
    """Return the pid of a server that runs on `data`; None if there is none.

    It recognizes a pid that another process uses now.
    """
    lines = _lines(data)
    if not lines or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    return pid if _serves(pid, data) else None


def defuse(data: Path) -> None:
    """Make a dead server's postmaster.pid harmless.

    Its pid can be reused by now, and its status is out of date. The file stays, so that PostgreSQL still
    checks for shared memory that surviving processes of that server use.
    """
    lines = _lines(data)
    if lines:
        (data / "postmaster.pid").write_bytes(b"\n".join([_NOBODYS_PID, *lines[1:_STATUS_LINE], b""]))


def shared_memory(data: Path) -> tuple[str, ...]:
    """Return the key and the id of the shared memory of the last server; empty if unknown.

    The error of a server that finds this memory in use contains both, in every language.
    """
    lines = _lines(data)
    words = lines[_MEMORY_LINE].decode("ascii", "replace").split() if len(lines) > _MEMORY_LINE else []
    return tuple(words) if len(words) == 2 else ()


def stop(data: Path, first: signal.Signals, patience: float) -> None:
    """Stop the server that runs on `data`, if any.

    Send `first`, after `patience` seconds SIGQUIT, then SIGKILL.

    Raises:
        EmbeddedError: it still runs after that, or belongs to another user.
    """
    for number, seconds in ((first, patience), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        pid = running(data)
        if pid is None:
            return
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise EmbeddedError(f"A PostgreSQL server of another user (pid {pid}) runs on {data}.") from error
        if _gone(data, pid, seconds):
            return
    raise EmbeddedError(f"The PostgreSQL server on {data} did not stop (pid {running(data)}).")


def was_shut_down(data: Path) -> bool:
    """Return whether no server runs on `data` and the last one ended cleanly.

    Then a copy needs no recovery. pg_control starts with an 8-byte and two 4-byte numbers, followed by the
    state; 1 is "shut down" (PostgreSQL's src/include/catalog/pg_control.h, the same in 13 to 18).
    """
    try:
        head = (data / "global" / "pg_control").read_bytes()[:20]
    except OSError:
        return False
    return not _lines(data) and int.from_bytes(head[16:], sys.byteorder) == _SHUT_DOWN


def gone(data: Path, seconds: float) -> bool:
    """Wait until no server runs on `data`; False if one still does after `seconds`."""
    pid = running(data)
    return pid is None or _gone(data, pid, seconds)


def _gone(data: Path, pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while _serves(pid, data):
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def _lines(data: Path) -> list[bytes]:
    try:
        return (data / "postmaster.pid").read_bytes().split(b"\n")
    except OSError:
        return []


def _serves(pid: int, data: Path) -> bool:
    """Return whether process `pid` was started on the folder `data` and is no zombie."""
    if Path("/proc/self/cmdline").exists():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return (b"-D", os.fsencode(data)) in pairwise(words)
    listed = subprocess.run(  # noqa: S603  no arguments from outside
        ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env=child_environment.for_program(),
    )
    return f" -D {data} " in f"{listed.stdout.strip()} "
