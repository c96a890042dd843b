"""Start `postgres` under a watchdog, which stops the server when no process holds the pipe open.

koonj runs `postgres` directly and polls its pid file, because `pg_ctl -w` checks only every 100 ms.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from koonj import child_environment
from koonj.postgres.embedded import postmaster
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.embedded.initdb import last_lines
from koonj.postgres.embedded.os_account import Account, run_as
from koonj.postgres.shared_process.watchdog_script import BACKGROUND, FOREGROUND

PORT = 5432
"""Only a part of the socket's name, because the server listens on no address."""

ANSWER = "answer"


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
    """Start the server on `data` and its watchdog; do not wait for them.

    The server listens only in the folder `sockets`. Return the watchdog's process; with `outlive` it is not
    our child, and the returned process ends at once. The watchdog answers each line in `pipe` by creating the
    file ANSWER in `sockets`. `environment` is added to the server's environment, which has only listed
    variables of the user's.
    """
    fixed = {
        "listen_addresses": "",
        "unix_socket_directories": _quoted(sockets),
        "unix_socket_permissions": "0700",
        "port": str(PORT),
    }
    options = [word for name, value in {**settings, **fixed}.items() for word in ("-c", f"{name}={value}")]
    script = BACKGROUND if outlive else FOREGROUND
    watch: list[str | Path] = [
        stop_with.name.removeprefix("SIG"),
        sockets / ANSWER,
        binaries.bindir / "postgres",
    ]
    postmaster.defuse(data)
    # The log contains failed statements, which can contain a password.
    with open(log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as output:
        os.fchmod(output.fileno(), 0o600)
        return subprocess.Popen(  # noqa: S603  binaries.py found this program
            ["/bin/sh", "-c", script, "koonj-server", *watch, "-D", data, *options],
            stdin=pipe,
            stdout=output,
            stderr=output,
            env={**child_environment.for_program(), **(environment or {})},
            cwd="/",
            start_new_session=True,  # Ctrl-C and hang-up of the terminal must not stop the server
            **run_as(account),
        )


def wait_ready(data: Path, alive: Callable[[], bool], log: Path, seconds: float) -> None:
    """Wait until the server on `data` accepts connections.

    Raises:
        EmbeddedError: it does not start; the message contains the end of `log`.
    """
    end = time.monotonic() + seconds
    while not postmaster.is_ready(data):
        if not alive():
            raise EmbeddedError(
                f"The PostgreSQL server did not start:\n{_log(log)}", f"Its data is in {data}."
            )
        if time.monotonic() > end:
            raise EmbeddedError(
                f"The PostgreSQL server was not ready after {seconds:.0f} s:\n{_log(log)}",
                f"Its data is in {data}. It might still be recovering. Wait, then run the command again.",
            )
        time.sleep(0.002)


def _log(log: Path) -> str:
    try:
        return last_lines(log.read_text("utf-8", "replace"))
    except OSError as error:
        return f"(cannot read its log {log}: {error})"


def _quoted(folder: Path) -> str:
    # unix_socket_directories is a list of identifiers: a comma or a space needs the quotes.
    return '"' + str(folder).replace('"', '""') + '"'
