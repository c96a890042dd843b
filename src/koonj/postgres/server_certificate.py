"""Find out why a server's certificate is refused, and what helps; libpq says only that it is refused.

Only the TLS handshake is made: no user, database or password is sent.
"""

import os
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
"""SSLRequest (https://www.postgresql.org/docs/current/protocol-message-formats.html)."""
_SECONDS = 5.0
_EXPIRED, _NOT_YET, _SELF_SIGNED = 10, 9, 18
"""X509_V_ERR_CERT_HAS_EXPIRED, …_NOT_YET_VALID and X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT of OpenSSL."""
_MOST = 6
"""Maximum number of names that a hint has."""
SYSTEM = "system"
"""The value of sslrootcert for the CAs of the machine."""
_RDS = ".rds.amazonaws.com"
_RDS_BUNDLE = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html"""


@dataclass(frozen=True, slots=True)
class RefusedServer:
    """A server whose certificate libpq refused."""

    host: str
    """The host of the connection."""
    address: str
    """Where it was reached; can be the host itself."""
    port: int
    root: str | None
    """The value of sslrootcert, None for libpq's default."""

    @property
    def roots(self) -> str:
        """The file with the CAs that libpq trusts, or `SYSTEM`."""
        return self.root or os.environ.get("PGSSLROOTCERT") or str(Path.home() / ".postgresql" / "root.crt")


def is_about_server(reason: str) -> bool:
    """Return whether libpq's reason is the server's certificate, or the CA that it must have."""
    return any(
        words in reason
        for words in ("certificate verify failed", "does not match host name", "root certificate file")
    )


def remedy(error: psycopg.Error, reason: str) -> str | None:
    """Return why the server's certificate is refused, and what helps; None if not known. Blocking.

    `reason` is libpq's text.
    """
    tried = error.pgconn
    if tried is None or not tried.port.isdigit():
        return None
    host, address = tried.host.decode(), tried.hostaddr.decode()
    roots = [one.val.decode() for one in tried.info if one.keyword == b"sslrootcert" and one.val]
    server = RefusedServer(host or address, address or host, int(tried.port), roots[0] if roots else None)
    with suppress(OSError, RuntimeError):  # RuntimeError: there is no home folder
        if "does not match host name" in reason:
            return _other_names(server)
        return _distrust(server)
    return None


def _distrust(server: RefusedServer) -> str | None:
    roots = server.roots
    if roots != SYSTEM and not Path(roots).exists():
        return _without_roots(server, roots)
    try:
        _handshake(server, roots)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == _EXPIRED:
            return "The server's certificate has expired. Renew it on the server."
        if error.verify_code == _NOT_YET:
            return "The server's certificate is not valid yet. Check the clocks of both machines."
        trusted = "this machine trusts" if roots == SYSTEM else f"{roots} contains"
        found = f"No CA that {trusted} signed the server's certificate ({error.verify_message})."
        return f"{found} {_right_roots(server, is_self_signed=error.verify_code == _SELF_SIGNED)}"
    return None


def _without_roots(server: RefusedServer, roots: str) -> str:
    return f"The CA's certificate is missing: there is no {roots}. {_right_roots(server)}"


def _right_roots(server: RefusedServer, *, is_self_signed: bool = False) -> str:
    """Return which value of sslrootcert helps."""
    if server.host.endswith(_RDS):
        return f"For Amazon RDS, download {_RDS_BUNDLE} and set sslrootcert to that file."
    if server.roots != SYSTEM and _is_trusted_here(server):
        return "The CAs of this machine trust it: set sslrootcert=system."
    if is_self_signed:
        return "It is signed by itself: copy it from the server, and set sslrootcert to the copy."
    return "Set sslrootcert to the file with the certificate of its CA; a public CA: sslrootcert=system."


def _is_trusted_here(server: RefusedServer) -> bool:
    with suppress(OSError):
        _handshake(server, SYSTEM)
        return True
    return False


def _other_names(server: RefusedServer) -> str | None:
    names = _handshake(server, server.roots)
    if not names:
        return None
    listed = ", ".join(names[:_MOST]) + (f" and {len(names) - _MOST} more" if len(names) > _MOST else "")
    return (
        f"The server's certificate is for {listed}, and not for {server.host}. Use a name in the certificate "
        "as host. To reach it at another address, add hostaddr=ADDRESS."
    )


def _handshake(server: RefusedServer, roots: str) -> list[str]:
    """Return the names of the server's certificate, after checking that a CA of `roots` signed it.

    Raises: OSError; ssl.SSLCertVerificationError (an OSError too) if none has signed it.
    """
    context = ssl.create_default_context(cafile=None if roots == SYSTEM else roots)
    context.check_hostname = False
    with socket.create_connection((server.address, server.port), _SECONDS) as plain:
        plain.sendall(_REQUEST)
        if plain.recv(1) != b"S":
            raise ConnectionError("the server has no TLS")
        with context.wrap_socket(plain, server_hostname=server.host) as secured:
            certificate = secured.getpeercert() or {}
    found = [str(name[1]) for name in certificate.get("subjectAltName", ())]
    subject = [part for parts in certificate.get("subject", ()) for part in parts]
    return found or [str(part[1]) for part in subject if part[0] == "commonName"]
