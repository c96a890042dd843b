"""How a connection is protected in the network: TLS or not, and what libpq has checked of the server.

It is read from the connection itself, after service files, PG* variables and defaults of libpq.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from psycopg import AsyncConnection

from koonj.config import Target


class Checked(StrEnum):
    """What libpq has checked of the server's certificate."""

    NAME = "name"
    """A trusted CA signed it, and it is for the host of the connection."""
    CERTIFICATE = "certificate"
    """A trusted CA signed it, for any host."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Encryption:
    """How a connection over TCP is protected."""

    version: str | None
    """Version of TLS, such as ``1.3``; None: no TLS, or the server does not tell this role."""
    tls: bool
    checked: Checked
    sslmode: str
    """The mode that libpq used."""
    local: bool
    """The host of the connection is this machine."""

    @property
    def is_verified(self) -> bool:
        """Whether libpq has checked that this is the server that the dsn names."""
        return self.checked is Checked.NAME

    @property
    def short(self) -> str:
        """The words for little room."""
        if not self.tls or self.checked is not Checked.NOTHING:
            return str(self).partition(",")[0]
        return "not verified"

    def __str__(self) -> str:
        if not self.tls:
            return "no TLS"
        tls = f"TLS {self.version}" if self.version else "TLS"
        if self.is_verified:
            return f"{tls}, verified ({self.sslmode})"
        if self.checked is Checked.CERTIFICATE:
            return f"{tls}, certificate verified, name not ({self.sslmode})"
        return f"{tls}, server not verified"


def encryption_of(conn: AsyncConnection, protocol: str | None) -> Encryption | None:
    """Return how the connection is protected; None if it does not go over TCP.

    `protocol`: of this session in pg_stat_ssl (``TLSv1.3``). Behind a pooler, that is another connection.
    """
    line = conn.pgconn
    host = line.host.decode()
    if host.startswith(("/", "@")):
        return None
    used = {one.keyword.decode(): one.val.decode() for one in line.info if one.val is not None}
    mode = used.get("sslmode", "prefer")
    if not line.ssl_in_use:
        return Encryption(None, tls=False, checked=Checked.NOTHING, sslmode=mode, local=_is_local(host))
    version = protocol.removeprefix("TLSv") if protocol else None
    return Encryption(version, tls=True, checked=_checked(mode, used), sslmode=mode, local=_is_local(host))


def _checked(mode: str, used: Mapping[str, str]) -> Checked:
    if mode == "verify-full":
        return Checked.NAME
    # With a file of root certificates, require checks as verify-ca does:
    # https://www.postgresql.org/docs/current/libpq-ssl.html
    if mode == "verify-ca" or (mode == "require" and _has_roots(used.get("sslrootcert"))):
        return Checked.CERTIFICATE
    return Checked.NOTHING


def _has_roots(named: str | None) -> bool:
    with suppress(OSError, RuntimeError):  # RuntimeError: there is no home folder
        return (Path(named) if named else Path.home() / ".postgresql" / "root.crt").exists()
    return False


def _is_local(host: str) -> bool:
    """Return whether a host is this machine. A name that only leads to it counts as what it names."""
    return host in ("localhost", "::1") or host.startswith("127.")


def unverified_words(target: Target, found: Encryption | None) -> str | None:
    """Return why the network is a risk for a protected target; None if it is none."""
    if not target.protected or found is None or found.local or found.is_verified:
        return None
    risk = "read and change what is sent" if not found.tls else "pretend to be the server"
    return (
        f"{target.name} is protected, but its connection is not ({found}): somebody in the network could "
        f"{risk}. Add sslmode=verify-full to its dsn, and sslrootcert=system or the file of the CA."
    )
