"""Starting `postgres` under a watchdog: a few lines of sh that stop it when nobody holds the pipe.

`postgres` is run directly and its pid file polled: `pg_ctl -w` looks only every 100 ms.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from . import postmaster
from .account import Account, run_as
from .binaries import Binaries
from .environment import child_environment
from .initdb import last_lines
from .problem import EmbeddedError

PORT = 5432
"""Only part of the socket's name: the server listens on no address."""

ANSWER = "answer"

# Arguments: the signal, the file that answers a line from the pipe, the server's command. Standard input is
# the pipe. The server is the child of a shell that waits for it; a second shell reads the pipe. So a dead
# server ends the watchdog, the pipe's end ends the server, and with one half killed the other does its part.
_WATCH = """
signal=$1 answer=$2; shift 2
"$@" 3<&- & server=$!
{ while read -r _ <&3; do true >"$answer"; done; kill -s "$signal" "$server"; } & watch=$!
exec 3<&-
wait "$server"; status=$?
kill "$watch"
exit "$status"
"""
_KEEP_PIPE = "exec 3<&0 </dev/null\n"  # a background job of sh loses its standard input
_FOREGROUND = _KEEP_PIPE + _WATCH
_BACKGROUND = _KEEP_PIPE + "{" + _WATCH + "} &\n"


def launch(
    binaries: Binaries,
    data: Path,
    sockets: Path,
    settings: Mapping[str, str],
    *,
    account: Account | None,
    pipe: int | IO[bytes],
    log: Path,
    stop_with: signal.Signals,
    outlive: bool = False,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start the server on `data`, listening in the folder `sockets` only, and its watchdog; don't wait.

    Returns the watchdog's process. With `outlive` it is not our child: the returned process ends at once.
    The watchdog answers each line in `pipe` by making the file ANSWER in `sockets`. `environment` is added
    to the server's, which knows nothing of the user's PG*.
    """
    fixed = {
        "listen_addresses": "",
        "unix_socket_directories": _quoted(sockets),
        "unix_socket_permissions": "0700",
        "port": str(PORT),
    }
    options = [word for name, value in {**settings, **fixed}.items() for word in ("-c", f"{name}={value}")]
    script = _BACKGROUND if outlive else _FOREGROUND
    watch: list[str | Path] = [
        stop_with.name.removeprefix("SIG"),
        sockets / ANSWER,
        binaries.bindir / "postgres",
    ]
    postmaster.defuse(data)
    # The server writes failed statements into it, and these can hold a password.
    with open(log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as output:
        os.fchmod(output.fileno(), 0o600)
        return subprocess.Popen(  # noqa: S603  a program that binaries.py found
            ["/bin/sh", "-c", script, "koonj-server", *watch, "-D", data, *options],
            stdin=pipe,
            stdout=output,
            stderr=output,
            env={**child_environment(), **(environment or {})},
            cwd="/",
            start_new_session=True,  # the terminal's Ctrl-C and hang-up are not the server's
            **run_as(account),
        )


def wait_ready(data: Path, alive: Callable[[], bool], log: Path, seconds: float) -> None:
    """Return when the server on `data` takes connections; else raise EmbeddedError with the end of `log`."""
    end = time.monotonic() + seconds
    while not postmaster.is_ready(data):
        if not alive():
            raise EmbeddedError(
                f"The PostgreSQL server did not start:\n{_log(log)}", f"Its data is in {data}."
            )
        if time.monotonic() > end:
            raise EmbeddedError(
                f"The PostgreSQL server was not ready after {seconds:.0f} s:\n{_log(log)}",
                f"Its data is in {data}. It may still be recovering: try again.",
            )
        time.sleep(0.002)


def _log(log: Path) -> str:
    try:
        return last_lines(log.read_text("utf-8", "replace"))
    except OSError as error:
        return f"(its log {log} cannot be read: {error})"


def _quoted(folder: Path) -> str:
    # unix_socket_directories is a list of identifiers: a comma or a space needs the quotes.
    return '"' + str(folder).replace('"', '""') + '"'
