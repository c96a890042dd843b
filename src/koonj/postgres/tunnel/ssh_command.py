"""The words with which koonj runs ssh: no shell, no password, no interactive login.

ssh takes the first value of an option. So the options before the user's own ones cannot be changed, and those
after them can. koonj never changes StrictHostKeyChecking.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import environ as own_environ

from koonj.config import Ssh
from koonj.postgres.tunnel.destination import Destination, LocalEnd
from koonj.postgres.tunnel.errors import TunnelError

READY = "KOONJ_TUNNEL_READY"
"""The variable with the path of the file that ssh creates when it forwards."""
_FIXED: Mapping[str, str] = {
    "ExitOnForwardFailure": "yes",
    # A forward through a shared connection would stay in its master when this ssh ends.
    "ControlMaster": "no",
    "ControlPath": "none",
    "ForkAfterAuthentication": "no",
    "RemoteCommand": "none",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    # ssh runs it after the login, when it listens on the local end. So no connection has to be tried.
    "PermitLocalCommand": "yes",
    "LocalCommand": f'touch "${READY}"',
    "StreamLocalBindUnlink": "yes",
    "StreamLocalBindMask": "0177",
    "LogLevel": "INFO",  # with QUIET, no error would be known
}
_DEFAULTS: Mapping[str, str] = {
    # A connection that is lost without a word is noticed after 45 s.
    "ServerAliveInterval": "15",
    "ServerAliveCountMax": "3",
}


def ssh_command(
    ssh: Ssh,
    servers: Sequence[Destination],
    ends: Sequence[LocalEnd],
    environ: Mapping[str, str] = own_environ,
    *,
    asks: bool = False,
) -> list[str]:
    """Return the command that forwards each end to its server. `asks`: whether a user can answer questions.

    Raises:
        TunnelError: there is no ssh.
    """
    program = shutil.which("ssh", path=environ.get("PATH"))
    if program is None:
        raise TunnelError(
            f"There is no ssh in PATH, which koonj needs for the tunnel through {ssh.host}.",
            "Install the client of OpenSSH (package openssh-client or openssh-clients).",
        )
    forwards = (word for pair in zip(servers, ends, strict=True) for word in ("-L", _forward(*pair)))
    return [
        *(program, "-N", "-T"),
        *_options((("BatchMode", "no" if asks else "yes"), *_FIXED.items())),
        *forwards,
        *ssh.options,
        *_options(_DEFAULTS.items()),
        *("--", ssh.host),
    ]


def _options(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, value in pairs:
        yield from ("-o", f"{name}={value}")


def _forward(server: Destination, end: LocalEnd) -> str:
    if server.is_socket:
        return f"{_path(f'{end.address}/.s.PGSQL.{end.port}')}:{_path(server.socket)}"
    return f"{end.address}:{end.port}:[{server.address}]:{server.port}"


def _path(path: str) -> str:
    """Return a path as -L reads it, which ends a part at a colon."""
    return path.replace("\\", "\\\\").replace(":", "\\:")
