"""Build the environment of every process that koonj starts.

A process that runs files of a project, or works for one that does, gets only variables from a list: no tokens
of the user, no DATABASE_URL and no PG* variable. Other users can read the arguments of a process, and its
children inherit its environment. So a connection string is in neither of them.
"""

import os
from collections.abc import Mapping

_PLACES = ("PATH", "HOME", "TMPDIR", "XDG_*")
_LIBRARIES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
"""Where some installations of PostgreSQL and Python find their libraries."""
_TEST_MARK = "KOONJ_TEST_PROCESS"
"""With this, the tests of koonj recognize the processes that they started."""
_OF_PROGRAMS = (*_PLACES, *_LIBRARIES, _TEST_MARK)
_OF_CLIENTS = (*_OF_PROGRAMS, "KRB5*", "SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF")
_OF_KOONJ = (
    *_OF_PROGRAMS,
    *("LANG", "LANGUAGE", "LC_*", "TZ", "USER", "LOGNAME", "PYTHON*"),
    *("KOONJ_PG_BINDIR", "KOONJ_REHEARSE", "KOONJ_TRUST"),
)
_NO_SHELLS = frozenset({"nologin", "false"})
_DSN, _PASSWORD = "DATABASE_URL", "PGPASSWORD"


def for_program(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of PostgreSQL's programs and of the system's.

    It has LC_ALL=C and no time zone: initdb fails if the machine lacks the locale in LANG, and on macOS the
    postmaster fails if LANG is not set.
    """
    return {**_listed(environ, _OF_PROGRAMS), "LC_ALL": "C"}


def for_client(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of a program that logs in to a target: also Kerberos and certificates."""
    return {**_listed(environ, _OF_CLIENTS), "LC_ALL": "C"}


def for_koonj(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of a koonj process that works for this one."""
    return _listed(environ, _OF_KOONJ)


def handed_over(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that a koonj process needs too, but reads from its standard input."""
    return {name: value for name, value in environ.items() if not _is_listed(name, _OF_KOONJ)}


def for_password_command(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of a password command.

    It is the user's own: the command can need AWS_*, VAULT_*, SSH_AUTH_SOCK or GPG_TTY.
    """
    return {name: value for name, value in environ.items() if name not in {_DSN, _PASSWORD}}


def for_ssh(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of ssh.

    It is the user's own: ssh and its ProxyCommand can need SSH_AUTH_SOCK, AWS_* or a token of the network.
    ssh runs commands with SHELL, which runs none for an account that cannot log in.
    """
    found = for_password_command(environ)
    if os.path.basename(found.get("SHELL", "")) in _NO_SHELLS:  # noqa: PTH119 - no pathlib here
        found["SHELL"] = "/bin/sh"
    return found


def _listed(environ: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if _is_listed(name, names)}


def _is_listed(name: str, names: tuple[str, ...]) -> bool:
    return any(name.startswith(one[:-1]) if one.endswith("*") else name == one for one in names)
