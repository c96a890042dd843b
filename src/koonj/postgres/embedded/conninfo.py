"""Connection strings for the embedded server that the user's PG* variables cannot lead elsewhere.

libpq fills each keyword that a connection string leaves out from a variable (PGHOSTADDR would win over our
socket's folder, PGOPTIONS would break the session), and from the service that PGSERVICE names. What the
string gives, even empty, it leaves alone. So the string gives all that this libpq knows a variable for.
"""

from collections.abc import Mapping
from pathlib import Path

from psycopg import pq

from .process import PORT

NOT_OVERRIDDEN = ("PGSERVICE", "PGDATESTYLE", "PGTZ", "PGGEQO")
"""Variables that no connection string can override: take them out of the environment before connecting.

PGSERVICE: with a service that does not exist, libpq refuses to connect; one that exists only fills keywords
without a variable, as keepalives. The other three are sent when a session starts, and a bad value ends it.
None of them leads to another server. (libpq's parseServiceInfo and EnvironmentOptions, 18.6.)
"""

_FIXED: Mapping[str, str] = {
    "port": str(PORT),
    "client_encoding": "UTF8",
    "connect_timeout": "10",  # seconds
    "sslmode": "disable",  # a Unix socket has no TLS
    "gssencmode": "disable",
    # libpq refuses the empty string for these, and gives no default of its own to take over.
    "sslcertmode": "allow",
    "min_protocol_version": "3.0",
    "max_protocol_version": "3.0",
}


def conninfo(sockets: Path, user: str, database: str) -> str:
    """A libpq connection string for the server whose socket is in `sockets`."""
    chosen = {
        **_FIXED,
        "host": str(sockets),
        "user": user,
        "dbname": database,
        "passfile": str(sockets / "no-passwords"),  # there is none, and none is needed
    }
    return " ".join(
        f"{keyword}={_quoted(chosen.get(keyword, default))}" for keyword, default in _with_variable()
    )


def _with_variable() -> list[tuple[str, str]]:
    """The keywords that this libpq has a variable for, and its compiled-in defaults; not ``service``."""
    return [
        (option.keyword.decode(), (option.compiled or b"").decode())
        for option in pq.Conninfo.get_defaults()
        if option.envvar and option.keyword != b"service"
    ]


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
