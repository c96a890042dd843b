"""Use a koonj.toml that the user does not trust: connect without the user's secrets, run no command.

A connection string can do more than name a server. It can send the user's password for one host to another
one (hostaddr), read files of the user (sslkey, passfile, servicefile), write to a file (sslkeylogfile), and
load a program: here (an OpenSSL engine in sslkey), or in a server that lets the user in as a superuser, as
those on a developer's machine do (session_preload_libraries in options).
"""

from collections.abc import Mapping
from typing import Any

from koonj.config import Password, ScratchPlace, Ssh
from koonj.postgres.errors import TargetError

ADVICE = "Check koonj.toml; then run: koonj trust (in CI, set KOONJ_TRUST=1)"
_HARMLESS = frozenset(
    {
        *("host", "port", "dbname", "user", "service", "target_session_attrs"),
        *("application_name", "fallback_application_name", "client_encoding", "replication"),
        *("connect_timeout", "tcp_user_timeout", "load_balance_hosts"),
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
        *(
            "sslmode",
            "sslrootcert",
            "sslsni",
            "sslnegotiation",
            "channel_binding",
            "require_auth",
            "gssencmode",
        ),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "requirepeer"),
    }
)
"""Keywords of libpq that only choose a server and limit how it is reached."""
WITHOUT_SECRETS: Mapping[str, str] = {"password": "", "passfile": "/dev/null/none"}
"""Values with which libpq uses neither PGPASSWORD nor ~/.pgpass.

Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
"""


def refusal(parts: Mapping[str, Any]) -> str | None:
    """Return why koonj does not connect with these keywords of an untrusted connection string, or None."""
    refused = sorted(parts.keys() - _HARMLESS)
    if not refused:
        return None
    return f"sets {', '.join(refused)}, and you do not trust this folder yet"


class UntrustedError(TargetError):
    """Raised if something would run that the user has neither trusted nor asked for."""


def must_trust(place: ScratchPlace, what: str) -> None:
    """Check that the user trusts the folder. `what` would run: a sentence without its full stop.

    Raises: UntrustedError.
    """
    if not place.trusted:
        raise UntrustedError(f"{what}, and you do not trust this folder yet.", ADVICE)


def not_opened(ssh: Ssh) -> str:
    """Return why koonj does not run ssh for an untrusted koonj.toml."""
    return f"{ssh.where} makes koonj run {ssh.command}, and you do not trust this folder yet"


def not_read(password: Password) -> str:
    """Return why koonj does not read the password of an untrusted koonj.toml."""
    return (
        f"{password.where} makes koonj {_READS[password.source]} {password.named}, "
        "and you do not trust this folder yet"
    )


_READS = {
    "command": "run the command",
    "env": "send the variable",
    "file": "send the first line of",
    "aws_rds": "send a token of",
    "keyring": "send the entry of the keyring",
}
