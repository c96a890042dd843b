"""Open a tunnel, or join the one that another koonj process of this user has opened.

As the embedded server, a tunnel ends with its last user: each of them holds a FIFO open, and a watchdog ends
ssh at the end of file, which the kernel causes however a process ends.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from koonj import child_environment
from koonj.config import Ssh
from koonj.postgres.shared_process.client_fifo import Pipe
from koonj.postgres.shared_process.file_lock import lock, open_lock_file
from koonj.postgres.shared_process.watchdog_script import BACKGROUND
from koonj.postgres.tunnel.destination import Destination
from koonj.postgres.tunnel.errors import TunnelError
from koonj.postgres.tunnel.lease import TunnelLease
from koonj.postgres.tunnel.questions import Ask, Questions, Tell
from koonj.postgres.tunnel.ssh_command import READY, ssh_command
from koonj.postgres.tunnel.ssh_failure import declined, failure, no_answer
from koonj.postgres.tunnel.tunnel_folder import TunnelFolder, tunnel_folder

LOGIN_SECONDS = 60.0
_ANSWER = 20.0
_TRIES = 3
"""Another program can take the port between its choice and ssh."""
_TAKEN = "Address already in use"
_POLL = 0.005


class GivenUpError(Exception):
    """Raised if nobody waits for the tunnel any more."""


def open_tunnel(
    ssh: Ssh,
    servers: tuple[Destination, ...],
    *,
    environ: Mapping[str, str] = os.environ,
    is_given_up: Callable[[], bool] = lambda: False,
    ask: Ask | None = None,
    tell: Tell | None = None,
) -> TunnelLease:
    """Join the tunnel, or open it. The lease keeps it open. Blocking.

    It takes 1 ms to join, and as long as a login to open. `ask`: asks the user what ssh asks; without it, ssh
    asks nothing. `tell`: then tells the user what ssh says all the same, unless ssh has a program of the user
    for that.

    Raises:
        TunnelError: it cannot be opened; nothing is left behind.
        GivenUpError: `is_given_up` became true before it was open.
    """
    try:
        folder = tunnel_folder(ssh, servers, environ)
        gate = open_lock_file(folder.gate)
        try:
            while not lock(gate, seconds=0.1):  # another process logs in
                _unless(is_given_up)
            lease = _joined(ssh, servers, folder)
            if lease is not None:
                return lease
            if ask is None and (tell is None or _has_askpass(environ)):
                return _opened(ssh, servers, folder, environ, is_given_up)
            with Questions(ssh.host, folder.path, ask, tell) as questions:
                return _opened(ssh, servers, folder, environ, is_given_up, questions)
        finally:
            os.close(gate)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise TunnelError(
            f"koonj cannot open the tunnel through {ssh.host}: {where}{error.strerror or error}.",
            "Check the free disk space, and koonj's folder in ~/.local/state.",
        ) from error


def _has_askpass(environ: Mapping[str, str]) -> bool:
    """Return whether ssh asks with a program of the user, which needs no terminal."""
    return bool(environ.get("SSH_ASKPASS")) and any(
        environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_ASKPASS_REQUIRE")
    )


def _joined(ssh: Ssh, servers: tuple[Destination, ...], folder: TunnelFolder) -> TunnelLease | None:
    """Return a lease of the tunnel that is open and stays open; None if there is none."""
    pipe = Pipe.join(folder.clients)
    if pipe is None:
        return None
    ends = folder.ends()
    try:
        if len(ends) == len(servers) and pipe.ask(folder.answer, _ANSWER):
            return TunnelLease(ssh, servers, folder, pipe, ends)
        folder.clients.unlink()  # a watchdog that is about to end, or one of an attempt that was killed
    except BaseException:
        pipe.close()
        raise
    pipe.close()
    return None


def _opened(
    ssh: Ssh,
    servers: tuple[Destination, ...],
    folder: TunnelFolder,
    environ: Mapping[str, str],
    is_given_up: Callable[[], bool],
    questions: Questions | None = None,
) -> TunnelLease:
    more = {} if questions is None else questions.environ(environ)
    asks = questions is not None and questions.can_answer
    for last in (False,) * (_TRIES - 1) + (True,):
        ends = folder.new_ends(servers)
        command = ssh_command(ssh, servers, ends, environ, asks=asks)
        ready = folder.path / f"ready-{secrets.token_hex(4)}"
        pipe, reader = Pipe.make(folder.clients)
        try:
            try:
                _launch(command, Path(ssh.folder), folder, reader, {**environ, **more, READY: str(ready)})
            finally:
                os.close(reader)
            if _listens(ssh, ready, pipe, is_given_up, questions):
                folder.record(ends)
                return TunnelLease(ssh, servers, folder, pipe, ends)
        except BaseException:
            pipe.close()
            raise
        finally:
            ready.unlink(missing_ok=True)
        pipe.close()
        said = folder.said()
        if questions is not None and questions.is_declined:
            raise declined(ssh)
        if last or _TAKEN not in said:
            raise failure(ssh, said)
    raise AssertionError("unreachable")


def _launch(
    command: list[str], cwd: Path, folder: TunnelFolder, reader: int, environ: Mapping[str, str]
) -> None:
    """Start ssh and its watchdog, in a session of their own, which no key of the terminal reaches."""
    with open(folder.log, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as log:
        subprocess.Popen(  # noqa: S603 - the program is the user's ssh
            ["/bin/sh", "-c", BACKGROUND, "koonj-tunnel", "TERM", str(folder.answer), *command],
            stdin=reader,
            stdout=log,
            stderr=log,
            env=child_environment.for_ssh(environ),
            cwd=cwd,
            start_new_session=True,
        ).wait()


def _listens(
    ssh: Ssh, ready: Path, pipe: Pipe, is_given_up: Callable[[], bool], questions: Questions | None
) -> bool:
    """Wait until ssh listens; False if it ends before. The time in which the user is asked does not count.

    Raises:
        TunnelError: it does neither.
        GivenUpError: nobody waits any more.
    """
    end = time.monotonic() + LOGIN_SECONDS
    while not ready.exists():
        if not pipe.is_read() or (questions is not None and questions.is_given_up):
            return False
        if questions is not None and questions.is_waiting:
            end = time.monotonic() + LOGIN_SECONDS
        if time.monotonic() > end:
            raise no_answer(ssh, LOGIN_SECONDS)
        _unless(is_given_up)
        time.sleep(_POLL)
    return True


def _unless(is_given_up: Callable[[], bool]) -> None:
    if is_given_up():
        raise GivenUpError
