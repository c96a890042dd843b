"""Share one server between all koonj processes of a user.

The first process starts it; it stops when the last one leaves or dies. Every process holds a FIFO open for
writing. The server's watchdog reads it, and stops the server at end of file, which the kernel causes however
the processes end. Opening the FIFO fails if no process reads it: then there is no server. A watchdog that has
seen the end of file does not answer any more, so a process that joins asks it and waits for the answer. Only
one process at a time joins, starts or leaves, protected by a lock.
"""

import os
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from koonj.postgres.embedded import postmaster
from koonj.postgres.embedded.binaries import Binaries, choose
from koonj.postgres.embedded.errors import EmbeddedError, folders_explained
from koonj.postgres.embedded.lease import Lease
from koonj.postgres.embedded.os_account import Account, server_account
from koonj.postgres.embedded.server_folder import Home, socket
from koonj.postgres.embedded.staging import reachable
from koonj.postgres.embedded.watchdog import ANSWER, launch, wait_ready
from koonj.postgres.shared_process.client_fifo import Pipe
from koonj.postgres.shared_process.file_lock import lock, open_lock_file
from koonj.user_folders import DATA, koonj_folder, make_trusted

SETTINGS: Mapping[str, str] = {
    "shared_buffers": "32MB",
    "max_connections": "50",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""PostgreSQL's defaults for everything that concerns durability."""

_GATE = 120.0  # seconds; another process can be running initdb on a slow disk
_START = 120.0  # seconds; includes recovery after a power failure
_ANSWER = 60.0  # seconds; a server that stops writes its memory to disk first
_STOP = 15.0  # seconds
_REMAINS = 20.0  # seconds; sessions of a killed server
_LINES = 3  # the end of the log: FATAL and HINT


def open_shared(
    data_home: Path | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    binaries: Binaries | None = None,
) -> Lease:
    """Join the user's server, or start it. The lease keeps it running. Blocking.

    It takes 5 ms to join, 30 ms to start, and 1 s or more to create the cluster. The data is in
    ``server-<major>`` of `data_home`, by default in koonj's part of the user's data folder.
    Without `binaries` the first ones that are found are used.

    Raises:
        EmbeddedError: the server cannot be used; nothing is left behind.
    """
    with folders_explained():
        return _open(data_home, environ, binaries)


def _open(data_home: Path | None, environ: Mapping[str, str], binaries: Binaries | None) -> Lease:
    found = binaries or choose(environ)
    account = server_account()
    usable = reachable(found, account)
    folder = _folder(data_home or koonj_folder(DATA, account, environ), usable.major, account)
    home = Home(folder, account)
    gate = open_lock_file(home.path / "gate")
    try:
        if not lock(gate, seconds=_GATE):
            raise EmbeddedError(
                f"Another koonj process has blocked the server in {home.path} for {_GATE:.0f} s.",
                "Wait for it to finish, or stop it.",
            )
        pipe = _join(home) or _start(home, usable)
        try:
            return Lease(home, pipe)
        except BaseException:
            pipe.close()
            raise
    finally:
        os.close(gate)


def _folder(base: Path, major: int, account: Account | None) -> Path:
    folder = make_trusted(base / f"server-{major}", 0o700 if account is None else 0o711)
    if account and not account.enters(folder):
        raise EmbeddedError(
            f"The account {account.name}, which runs the server for root, cannot enter {folder}.",
            "Use a folder that it can enter, or run koonj as a user other than root.",
        )
    return folder


def _join(home: Home) -> Pipe | None:
    """Return the pipe to a server that runs and stays; None if there is none."""
    pipe = Pipe.join(home.clients)
    if pipe is None:
        return None
    sockets = home.sockets()
    try:
        if sockets and _answers(pipe, sockets / ANSWER) and _usable(home, sockets, pipe):
            return pipe
        # The server has no socket folder, or the watchdog has no server: stop both.
        postmaster.stop(home.data, signal.SIGINT, _STOP)
        if not pipe.unread_within(2.0):
            home.clients.unlink()  # one shell of the watchdog was killed, and the other one waits without end
    except BaseException:
        pipe.close()
        raise
    pipe.close()
    return None


def _answers(pipe: Pipe, answer: Path) -> bool:
    try:
        return pipe.ask(answer, _ANSWER)
    except TimeoutError as error:
        raise EmbeddedError(
            f"The PostgreSQL server of {pipe.fifo} did not finish stopping within {_ANSWER:.0f} s.",
            "Check the file log next to that file, then run the command again.",
        ) from error


def _usable(home: Home, sockets: Path, pipe: Pipe) -> bool:
    if postmaster.running(home.data) is None or not socket(sockets).exists():
        return False
    wait_ready(home.data, pipe.is_read, home.log, _START)
    return postmaster.answers(socket(sockets), _ANSWER)


def _start(home: Home, binaries: Binaries) -> Pipe:
    """Start the server; if an earlier one was killed, wait for the end of its sessions.

    A session notices the death of its server only when it waits for something, and until then it keeps the
    shared memory, without which no new server starts.
    """
    end = time.monotonic() + _REMAINS
    while True:
        try:
            return _start_once(home, binaries)
        except EmbeddedError as error:
            memory, last = postmaster.shared_memory(home.data), error.message.splitlines()[-_LINES:]
            if not memory or not any(all(number in line for number in memory) for line in last):
                raise
            if time.monotonic() > end:
                raise EmbeddedError(
                    f"The PostgreSQL server in {home.data} was killed, and sessions of it still run after "
                    f"{_REMAINS:g} s.",
                    f"Wait for them, or end them (pgrep -fa {home.cluster_name}), and then retry.",
                ) from error
            time.sleep(0.2)


def _start_once(home: Home, binaries: Binaries) -> Pipe:
    postmaster.stop(home.data, signal.SIGINT, _STOP)  # a server whose watchdog was killed
    made = home.make_data(binaries)
    home.turn_log()
    pipe, reader = Pipe.make(home.clients)
    try:
        try:
            _launch(home, binaries, reader)
        finally:
            os.close(reader)
        wait_ready(home.data, pipe.is_read, home.log, _START)
    except BaseException:
        pipe.close()
        postmaster.stop(home.data, signal.SIGINT, _STOP)
        home.remove_sockets()
        if made:
            shutil.rmtree(home.data, ignore_errors=True)
        raise
    return pipe


def _launch(home: Home, binaries: Binaries, reader: int) -> None:
    launch(
        binaries,
        home.data,
        home.make_sockets(),
        {**SETTINGS, "cluster_name": home.cluster_name},
        account=home.account,
        pipe=reader,
        log=home.log,
        stop_with=signal.SIGINT,
        outlive=True,
    ).wait()
