"""Choose the address and the port of this machine that are forwarded.

Linux has all of 127.0.0.0/8. There, each tunnel gets an address of its own and the port of the server, so
that lines of ~/.pgpass with that port match. Other systems have only 127.0.0.1, and another program can
have the port on all addresses: then the tunnel gets a free port.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from hashlib import sha256

from koonj.postgres.tunnel.destination import Destination, LocalEnd

_TRIES = 3
_ONLY = "127.0.0.1"


def local_end(server: Destination, key: str) -> LocalEnd:
    """Return an address and a port that are free now; the same ones each time if they are free.

    Raises:
        OSError: this machine has no free port.
    """
    for address in _addresses(server, key):
        if _is_free(address, int(server.port)):
            return LocalEnd(address, server.port)
    for address in (next(_addresses(server, key)), _ONLY):
        if port := _free_port(address):
            return LocalEnd(address, str(port))
    raise OSError(f"no port of {_ONLY} is free")


def _addresses(server: Destination, key: str) -> Iterator[str]:
    """Yield addresses of 127.64.0.0 to 127.127.255.254."""
    for number in range(_TRIES):
        digest = sha256(f"{key} {server} {number}".encode()).digest()
        yield f"127.{64 + digest[0] % 64}.{digest[1]}.{1 + digest[2] % 254}"


def _is_free(address: str, port: int) -> bool:
    try:
        socket.create_server((address, port)).close()
    except (OSError, OverflowError):  # in use; a port below 1024; an address that this system does not have
        return False
    return True


def _free_port(address: str) -> int:
    try:
        with socket.create_server((address, 0)) as free:
            port: int = free.getsockname()[1]
            return port
    except OSError:
        return 0
