"""The servers that a connection string names, as the bastion reaches them, and the string for the tunnel."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.config.server import named_servers
from koonj.postgres.tunnel.errors import TunnelError

_PORT = "5432"
_GIVEN = frozenset({"host", "hostaddr", "port"})
"""Keywords that no variable changes if the dsn has them, even if their value is empty."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A server, as the bastion reaches it."""

    name: str
    """The host of the connection string: libpq checks certificates and searches passwords with it."""
    address: str
    """Where the bastion connects: ``hostaddr``, else the host; or the path of a socket's folder."""
    port: str

    @property
    def is_socket(self) -> bool:
        """Whether it is a Unix socket on the bastion."""
        return self.address.startswith("/")

    @property
    def socket(self) -> str:
        """The path of the Unix socket on the bastion."""
        return f"{self.address.rstrip('/')}/.s.PGSQL.{self.port}"

    def __str__(self) -> str:
        return f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True)
class LocalEnd:
    """The end of a forward on this machine."""

    address: str
    """An address, or the folder of a socket."""
    port: str


def destinations(dsn: str, environ: Mapping[str, str] = os.environ) -> tuple[Destination, ...]:
    """Return the servers of a connection string, in its order.

    Raises:
        TunnelError: it names none, or one that ssh cannot forward to.
        psycopg.ProgrammingError: libpq does not read it.
    """
    parts = {name: str(value) for name, value in conninfo_to_dict(dsn).items()}
    named = named_servers(parts, environ) | {key: parts[key] for key in _GIVEN & parts.keys()}
    names, addresses = named["host"].split(","), named["hostaddr"].split(",")
    if not named["hostaddr"]:
        addresses = names
    elif not named["host"]:
        names = addresses
    ports = (named["port"] or _PORT).split(",")
    ports = ports * len(names) if len(ports) == 1 else ports
    if not len(names) == len(addresses) == len(ports):
        raise TunnelError("The dsn has different numbers of hosts, addresses and ports.", "Correct the dsn.")
    found = zip(names, addresses, ports, strict=True)
    return tuple(_destination(*(word.strip() for word in each)) for each in found)


def _destination(name: str, address: str, port: str) -> Destination:
    """Return one server. Raises TunnelError."""
    if not address and not name:
        raise TunnelError(
            "The dsn of a target with ssh must name a host.",
            "Write host=NAME, as the bastion knows the server: host=localhost for one on the bastion itself, "
            "host=/var/run/postgresql for its Unix socket.",
        )
    if name.startswith("@"):
        raise TunnelError(
            f"ssh cannot forward to the abstract socket {name}.", "Use another socket, or a host."
        )
    number = port or _PORT
    if not (number.isascii() and number.isdigit()):
        raise TunnelError("A port of the dsn is not a number.", "Correct the dsn.")
    if not (name + address).isprintable() or any(sign in address for sign in " []"):
        raise TunnelError("A host of the dsn has a sign that no host has.", "Correct the dsn.")
    return Destination(name or address, address or name, number)


def through(dsn: str, servers: Sequence[Destination], ends: Sequence[LocalEnd]) -> str:
    """Return the connection string with which libpq reaches the servers at the ends on this machine.

    The names stay: with them, libpq checks the server's certificate and searches ~/.pgpass. A Unix socket has
    no name, so its folder is the host.
    """
    pairs = list(zip(servers, ends, strict=True))
    return make_conninfo(
        dsn,
        host=",".join(end.address if server.is_socket else server.name for server, end in pairs),
        hostaddr=",".join("" if server.is_socket else end.address for server, end in pairs),
        port=",".join(end.port for end in ends),
    )


def server_at(servers: Sequence[Destination], ends: Sequence[LocalEnd], conn: psycopg.AsyncConnection) -> str:
    """Return the server that a connection through the tunnel reached: ``db.internal:5432``."""
    address, port = conn.info.hostaddr or conn.info.host, str(conn.info.port)
    at = LocalEnd(address, port)
    return next((str(server) for server, end in zip(servers, ends, strict=True) if end == at), "")
