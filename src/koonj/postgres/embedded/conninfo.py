"""Build connection strings that the user's PG* variables cannot redirect.

libpq fills each keyword that a connection string omits from a variable (PGHOSTADDR would override the folder
of our socket, PGOPTIONS would break the session), and from the service that PGSERVICE names. It does not
change a keyword that the string gives, even if it is empty. So the string gives every keyword for which this
libpq has a variable.
"""

from collections.abc import Mapping
from pathlib import Path

from psycopg import pq

from koonj.postgres.embedded.watchdog import PORT

NOT_OVERRIDDEN = ("PGSERVICE", "PGDATESTYLE", "PGTZ", "PGGEQO")
"""Variables that no connection string can override.

Remove them from the environment before connecting. PGSERVICE: if the service does not exist, libpq refuses to
connect; an existing one only fills keywords without a variable, such as keepalives. The other three are sent
when a session starts, and an invalid value ends it. None of them leads to another server. (libpq's
parseServiceInfo and EnvironmentOptions, 18.6.)
"""

_FIXED: Mapping[str, str] = {
    "port": str(PORT),
    "client_encoding": "UTF8",
    "connect_timeout": "10",  # seconds
    "sslmode": "disable",  # a Unix socket has no TLS
    "gssencmode": "disable",
    # libpq refuses the empty string for these, and returns no default for them.
    "sslcertmode": "allow",
    "min_protocol_version": "3.0",
    "max_protocol_version": "3.0",
}


def conninfo(sockets: Path, user: str, database: str) -> str:
    """Return a libpq connection string for the server whose socket is in `sockets`."""
    chosen = {
        **_FIXED,
        "host": str(sockets),
        "user": user,
        "dbname": database,
        "passfile": str(sockets / "no-passwords"),  # does not exist, because no password is needed
    }
    return " ".join(
        f"{keyword}={_quoted(chosen.get(keyword, default))}" for keyword, default in _with_variable()
    )


def _with_variable() -> list[tuple[str, str]]:
    """Return the keywords that have a variable in this libpq, and their defaults.

    ``service`` is omitted.
    """
    return [
        (option.keyword.decode(), (option.compiled or b"").decode())
        for option in pq.Conninfo.get_defaults()
        if option.envvar and option.keyword != b"service"
    ]


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
