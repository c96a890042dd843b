"""Say why a connection failed, and what to do about it.

libpq reports no code for a failed connection, only its text. The text has a fixed form, which is read here:
``connection to server at "HOST", port N failed: REASON``. A server's REASON starts with its severity.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import psycopg
from psycopg import errors


class ConnectProblem(StrEnum):
    """What kind of failure it was, in the words of the screen."""

    UNREACHABLE = "unreachable"
    LOGIN = "login refused"
    BUSY = "not available"
    ENCRYPTION = "no TLS"
    STRING = "wrong connection string"
    UNTRUSTED = "not trusted"
    TUNNEL = "no tunnel"
    SSH_LOGIN = "ssh login refused"


@dataclass(frozen=True, slots=True)
class ConnectionCause:
    """Why a connection failed."""

    message: str
    """The text of libpq, without repeated attempts."""
    problem: ConnectProblem
    hint: str
    is_password: bool = False
    """Whether the password can be what the server refused: its text can be in any language."""


def cause_of(error: psycopg.Error, text: str) -> ConnectionCause:
    """Return the cause of a failed connection. `text` is the error's text."""
    if isinstance(error, errors.ConnectionTimeout):
        return ConnectionCause(text, ConnectProblem.UNREACHABLE, _TIMEOUT)
    attempts = _attempts(text)
    if not attempts:
        reason = _without_prefix(text)
        return ConnectionCause(text, *_advice(reason), _is_password(reason))
    prefix = text.partition("connection to server ")[0]
    message = prefix + "\n".join(f"{place} failed: {reason}" for place, reason in attempts)
    return ConnectionCause(message, *_advice(attempts[-1][1]), _is_password(attempts[-1][1]))


def _attempts(text: str) -> list[tuple[str, str]]:
    """Return the place and the reason of each attempt: one reason for each place.

    With sslmode=prefer, libpq tries again without TLS if the first try failed; with allow, again with TLS.
    The reason that matters is why the login failed. Then comes why there is no TLS, and last that the server
    wants TLS: that is only said because the other try has failed.
    """
    kept: dict[str, str] = {}
    for found in _attempt().finditer(text):
        place, reason = found["place"], found["reason"].strip()
        if place not in kept or _weight(reason) < _weight(kept[place]):
            kept[place] = reason
    return list(kept.items())


def _weight(reason: str) -> int:
    """Return how little a reason matters beside another one of the same server."""
    if re.match(_WITHOUT_TLS, reason):
        return 2
    return 1 if _advice(reason)[0] is ConnectProblem.ENCRYPTION else 0


def _without_prefix(text: str) -> str:
    return re.sub(r"\Aconnection (?:is bad|failed): ", "", text)


def _advice(reason: str) -> tuple[ConnectProblem, str]:
    for pattern, (problem, hint) in _rules().items():
        if found := pattern.match(reason):
            return problem, hint.format(*found.groups())
    return ConnectProblem.UNREACHABLE, UNKNOWN


def _is_password(reason: str) -> bool:
    """Return whether a better password could help."""
    problem, _ = _advice(reason)
    return problem is ConnectProblem.LOGIN and not re.match(_SEVERITY + _OTHER_LOGIN, reason)


@cache
def _attempt() -> re.Pattern[str]:
    return re.compile(
        r'(?P<place>connection to server (?:at "[^"\n]*"(?: \([^)\n]*\))?, port \S+|on socket "[^"\n]*"))'
        r" failed: (?P<reason>.*?)"
        r"(?=\n(?:connection to server |- host: |Multiple connection attempts )|\Z)",
        re.DOTALL,
    )


@cache
def _rules() -> Mapping[re.Pattern[str], tuple[ConnectProblem, str]]:
    return {re.compile(pattern): advice for pattern, advice in _RULES}


UNKNOWN = (
    "Check that the server is running and reachable. "
    "To test the connection, use psql with the same connection string."
)
LOGIN_REFUSED = "The server rejected the login. Check the role, the database name and the password."
_TIMEOUT = (
    "The server did not respond in time. Check host and port, and whether a firewall blocks the connection. "
    "To wait longer, set connect_timeout in the connection string."
)
_FULL = (
    "All connections are in use. Close other sessions, or raise the limit ({}). Then run the command again."
)
_SOURCES = "~/.pgpass, PGPASSWORD, or password = {{ … }} of the target in koonj.toml"
_CA = "sslrootcert names the file with the CA's certificate; sslrootcert=system uses the CAs of this machine."
_SEVERITY = r"(?:FATAL|[^\s:]+): {2}"
"""The severity of a server's message, which the server can translate."""
_OTHER_LOGIN = r'(?:connection requires|no pg_hba|pg_hba|role "|database "|permission denied for database)'
"""Starts of the reasons for which the server refuses a login with any password."""

_WITHOUT_TLS = _SEVERITY + r"no pg_hba\.conf entry for .*, no encryption"
_UNREACHABLE, _LOGIN, _BUSY = ConnectProblem.UNREACHABLE, ConnectProblem.LOGIN, ConnectProblem.BUSY
_TLS, _STRING = ConnectProblem.ENCRYPTION, ConnectProblem.STRING

_RULES: tuple[tuple[str, tuple[ConnectProblem, str]], ...] = (
    # Before a server was reached
    (
        r"failed to resolve host .*\[Errno -3\]",
        (_UNREACHABLE, "The name server did not respond. Check the network (VPN, DNS), then retry."),
    ),
    (
        r"failed to resolve host '(.*?)'",
        (
            _UNREACHABLE,
            "No name server knows the host {}. Check its spelling in the connection string, and the network.",
        ),
    ),
    (
        r'definition of service "|service file "|syntax error in service file|line .* in service file',
        (
            _STRING,
            "Check the service of the dsn in ~/.pg_service.conf, or in the file that PGSERVICEFILE names.",
        ),
    ),
    (
        r"(?:invalid|weak) .*|.*connection option",
        (_STRING, "Correct this value in the connection string, or in the environment (PG* variables)."),
    ),
    (
        r"Connection refused",
        (_UNREACHABLE, "No server listens there. Start the server, or correct host and port."),
    ),
    (
        r"No such file or directory",
        (_UNREACHABLE, "No server has its socket there. Start the server, or correct host and port."),
    ),
    (
        r"Permission denied",
        (_UNREACHABLE, "This user cannot open the server's socket. Use another user, or host=localhost."),
    ),
    (r"(?:connection )?timeout expired|Connection timed out|Operation timed out", (_UNREACHABLE, _TIMEOUT)),
    (
        r"No route to host|Network is unreachable",
        (_UNREACHABLE, "This machine has no route to the server. Check the network (VPN, firewall)."),
    ),
    (
        r"received invalid response to SSL negotiation|expected authentication request from server",
        (_UNREACHABLE, "Another program than PostgreSQL listens there. Correct host and port."),
    ),
    # TLS
    (
        r"server does not support SSL",
        (_TLS, "The server has no TLS. Turn it on there (ssl = on). In a safe network, use sslmode=prefer."),
    ),
    (
        r"server certificate for .* does not match host name",
        (
            _TLS,
            "Use the name in the certificate as host. To reach it at another address, add hostaddr=ADDRESS.",
        ),
    ),
    (
        r"SSL error: certificate verify failed",
        (_TLS, f"The server's certificate is not trusted: it has expired, or its CA is unknown. {_CA}"),
    ),
    (r"root certificate file", (_TLS, f"The CA's certificate is missing. {_CA}")),
    (
        r"(?:SSL error|could not .*SSL|.*certificate file|.*private key file)",
        (_TLS, "Check sslmode, sslcert, sslkey and sslrootcert."),
    ),
    (
        _SEVERITY + r"connection requires a valid client certificate",
        (_TLS, "Set sslcert and sslkey to a certificate that the server accepts for this user."),
    ),
    (
        _WITHOUT_TLS,
        (_LOGIN, "The server accepts this login only with TLS, or not at all. Try sslmode=require."),
    ),
    (
        _SEVERITY + r"(?:no pg_hba\.conf entry|pg_hba\.conf rejects)",
        (_LOGIN, "Allow this host, user and database in pg_hba.conf on the server, or use others."),
    ),
    # Passwords
    (
        r"fe_sendauth: no password supplied",
        (_LOGIN, f"The server requires a password, and none is configured. Put it into {_SOURCES}."),
    ),
    (
        _SEVERITY + r"(?:.*(?:PAM|IAM|GSSAPI|LDAP|RADIUS|OAuth).* authentication failed|.*[Tt]oken)",
        (_LOGIN, f"The password or token is wrong or has expired. Get a new one. It comes from {_SOURCES}."),
    ),
    (
        _SEVERITY + r'password authentication failed for user "(.*)"',
        (
            _LOGIN,
            f"The password is wrong, or there is no role {{}}. The password comes from {_SOURCES}. "
            "A token can have expired.",
        ),
    ),
    # Roles and databases
    (
        _SEVERITY + r'role "(.*)" does not exist',
        (_LOGIN, "Create the role {} on the server, or use another user in the connection string."),
    ),
    (
        _SEVERITY + r'role "(.*)" is not permitted to log in',
        (_LOGIN, "Use a user that can log in. To reach the role {}, set role = of the target in koonj.toml."),
    ),
    (
        _SEVERITY + r'database "(.*)" does not exist',
        (_LOGIN, "Create the database {}, or correct dbname. Without dbname, libpq uses the user's name."),
    ),
    (
        _SEVERITY + r'permission denied for database "(.*)"',
        (_LOGIN, "Grant CONNECT on the database {} to this user, or use another user."),
    ),
    (
        _SEVERITY + r'database "(.*)" is not currently accepting connections',
        (
            _BUSY,
            "The database {} allows no connections (ALTER DATABASE … ALLOW_CONNECTIONS). Use another one.",
        ),
    ),
    # Not now
    (
        _SEVERITY + r"too many connections for (role|database)",
        (_BUSY, _FULL.format("CONNECTION LIMIT of the {}")),
    ),
    (
        _SEVERITY + r"(?:sorry, too many clients|remaining connection slots are reserved"
        r"|number of requested standby|no more connections allowed|[Mm]ax client connections)",
        (_BUSY, _FULL.format("max_connections of the server, or of the pooler")),
    ),
    (
        _SEVERITY + r"the database system is",
        (_BUSY, "The server is starting, stopping or recovering. Wait, then run the command again."),
    ),
    (
        _SEVERITY + r"unsupported startup parameter",
        (
            _STRING,
            "A connection pooler does not accept it. Remove options=… from the connection string (and "
            "PGOPTIONS), or connect to PostgreSQL directly.",
        ),
    ),
    (
        _SEVERITY + r"(?:unrecognized configuration|invalid value for) parameter",
        (_STRING, "Correct options=… in the connection string, or PGOPTIONS."),
    ),
    (_SEVERITY, (_LOGIN, LOGIN_REFUSED)),
)
