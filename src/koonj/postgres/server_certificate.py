"""Find out why a server's certificate is not trusted; libpq says only that it is not.

Only the TLS handshake is made: no user, database or password is sent.
"""

import os
import socket
import ssl
from pathlib import Path

_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
"""SSLRequest (https://www.postgresql.org/docs/current/protocol-message-formats.html)."""
_SECONDS = 5.0
_EXPIRED, _NOT_YET = 10, 9
"""X509_V_ERR_CERT_HAS_EXPIRED and X509_V_ERR_CERT_NOT_YET_VALID of OpenSSL."""


def distrust(host: str, port: int, root: str | None) -> str | None:
    """Return why the certificate of the server is not trusted; None if that is not known. Blocking.

    `root` is the value of sslrootcert, None for libpq's default.
    """
    file = root or os.environ.get("PGSSLROOTCERT") or str(Path.home() / ".postgresql" / "root.crt")
    try:
        context = ssl.create_default_context(cafile=None if file == "system" else file)
        context.check_hostname = False
        with socket.create_connection((host, port), _SECONDS) as plain:
            plain.sendall(_REQUEST)
            if plain.recv(1) != b"S":
                return None
            with context.wrap_socket(plain):
                return None
    except ssl.SSLCertVerificationError as error:
        return _reason(error, file)
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        return None


def _reason(error: ssl.SSLCertVerificationError, file: str) -> str:
    if error.verify_code == _EXPIRED:
        return "The server's certificate has expired. Renew it on the server."
    if error.verify_code == _NOT_YET:
        return "The server's certificate is not valid yet. Check the clocks of both machines."
    trusted = "this machine trusts" if file == "system" else f"{file} contains"
    return (
        f"No CA that {trusted} signed the server's certificate ({error.verify_message}). "
        "Set sslrootcert to the file with the certificate of its CA."
    )
