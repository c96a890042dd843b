"""The server's main process, as the file postmaster.pid in its data folder tells of it.

The file's lines: pid, data folder, start time, port, socket folder, listen address, shared memory key, status
(PostgreSQL's src/include/utils/pidfile.h, the same in 13 to 18).
"""

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

from .problem import EmbeddedError

_NOBODYS_PID = b"999999999"  # over the highest pid of Linux and macOS, so never alive
_STATUS_LINE = 7
_READY = b"ready"
_SHUT_DOWN = 1


def is_ready(data: Path) -> bool:
    """Whether the server has written that it takes connections (what `pg_ctl -w` looks at too)."""
    lines = _lines(data)
    return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == _READY


def running(data: Path) -> int | None:
    """The pid of a server that runs on `data`; None when there is none. A reused pid is not taken for one."""
    lines = _lines(data)
    if not lines or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    return pid if _serves(pid, data) else None


def defuse(data: Path) -> None:
    """Make a dead server's postmaster.pid harmless: its pid may be reused by now, and its status lies.

    The file stays, so that PostgreSQL still looks for shared memory that survivors of that server use.
    """
    lines = _lines(data)
    if lines:
        (data / "postmaster.pid").write_bytes(b"\n".join([_NOBODYS_PID, *lines[1:_STATUS_LINE], b""]))


def stop(data: Path, first: signal.Signals, patience: float) -> None:
    """Stop the server that runs on `data`, if any: `first`, after `patience` seconds SIGQUIT, then SIGKILL.

    Raises EmbeddedError when it runs after all that.
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
    raise EmbeddedError(f"The PostgreSQL server on {data} does not stop (pid {running(data)}).")


def was_shut_down(data: Path) -> bool:
    """Whether no server runs on `data`, and the last one ended cleanly: a copy of it needs no recovery.

    pg_control begins with an 8-byte and two 4-byte numbers, and then the state, of which 1 is "shut down"
    (PostgreSQL's src/include/catalog/pg_control.h, the same in 13 to 18).
    """
    try:
        head = (data / "global" / "pg_control").read_bytes()[:20]
    except OSError:
        return False
    return not _lines(data) and int.from_bytes(head[16:], sys.byteorder) == _SHUT_DOWN


def gone(data: Path, seconds: float) -> bool:
    """Wait until no server runs on `data`; False when one still does after `seconds`."""
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
    """Whether process `pid` was started on the folder `data`, and is not a zombie."""
    if Path("/proc/self/cmdline").exists():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return (b"-D", os.fsencode(data)) in pairwise(words)
    listed = subprocess.run(  # noqa: S603  no words of others
        ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return f" -D {data} " in f"{listed.stdout.strip()} "
