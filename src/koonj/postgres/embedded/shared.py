"""One server for all koonj processes of a user: started by the first, stopped when the last leaves or dies.

Every process holds a FIFO open for writing. The server's watchdog reads it, and stops the server at its
end, which the kernel brings about however the processes end. Opening the FIFO fails when nobody reads it:
then there is no server. A watchdog that has seen the end never answers again, so a process that joins asks,
and waits for the answer. Joining, starting and leaving happen one at a time, behind a lock.
"""

import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from koonj.user_folders import DATA, koonj_folder, make_trusted

from . import postmaster
from .account import Account, server_account
from .binaries import Binaries, choose
from .home import Home, socket
from .lease import Lease
from .locks import lock, open_lock_file
from .pipe import Pipe
from .problem import EmbeddedError, folders_explained
from .process import ANSWER, launch, wait_ready
from .staging import reachable

SETTINGS: Mapping[str, str] = {
    "shared_buffers": "32MB",
    "max_connections": "50",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""Durable: PostgreSQL's defaults in all that concerns safety."""

_GATE = 120.0  # seconds; the one before may be running initdb on a slow disk
_START = 120.0  # seconds; recovery after a power cut is part of it
_ANSWER = 60.0  # seconds; a server that stops writes out its memory first
_STOP = 15.0  # seconds


def open_shared(
    data_home: Path | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    binaries: Binaries | None = None,
) -> Lease:
    """Join the user's server, or start it; the Lease keeps it running. Blocking.

    It takes 5 ms to join, 30 ms to start, 1 s or more to make the cluster. The data is in ``server-<major>``
    of `data_home`, by default of koonj's part of the user's data folder (`user_folders`). Without `binaries`
    the first that are found are used. Raises EmbeddedError, and leaves nothing behind then.
    """
    found = binaries or choose(environ)
    account = server_account()
    usable = reachable(found, account)
    with folders_explained():
        folder = _folder(data_home or koonj_folder(DATA, account, environ), usable.major, account)
    home = Home(folder, account)
    gate = open_lock_file(home.path / "gate")
    try:
        if not lock(gate, seconds=_GATE):
            raise EmbeddedError(
                f"Another koonj has been busy with the server in {home.path} for {_GATE:.0f} s.",
                "Wait for it, or end it.",
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
            f"The account {account.name}, which runs the server for root, may not enter {folder}.",
            "Choose a folder that it may enter, or run koonj as an ordinary user.",
        )
    return folder


def _join(home: Home) -> Pipe | None:
    """The pipe to a server that runs and stays; None when there is none, or none any more."""
    pipe = Pipe.join(home.clients)
    if pipe is None:
        return None
    sockets = home.sockets()
    try:
        if sockets and pipe.ask(sockets / ANSWER, _ANSWER) and _usable(home, sockets, pipe):
            return pipe
        # A server without its socket's folder, or a watchdog without its server: end both.
        postmaster.stop(home.data, signal.SIGINT, _STOP)
        if not pipe.unread_within(2.0):
            home.clients.unlink()  # half of the watchdog was killed, and the other half waits for nothing
    except BaseException:
        pipe.close()
        raise
    pipe.close()
    return None


def _usable(home: Home, sockets: Path, pipe: Pipe) -> bool:
    if postmaster.running(home.data) is None or not socket(sockets).exists():
        return False
    wait_ready(home.data, pipe.is_read, home.log, _START)
    return True


def _start(home: Home, binaries: Binaries) -> Pipe:
    postmaster.stop(home.data, signal.SIGINT, _STOP)  # one whose watchdog was killed
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
