"""Check a connection string without libpq: its form, and any password in it."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from koonj.config.settings import EMBEDDED

INSTEAD = (
    'Write password = { command = "…" }, { env = "NAME" } or { file = "PATH" } next to dsn, or use ~/.pgpass.'
)

SECRET_KEYWORDS = ("password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")
"""Keywords of libpq whose values koonj never shows, and never accepts in koonj.toml.

`passfile` and `sslkeylogfile` name files.
"""

_SCHEMES = ("postgresql", "postgres")
PAIR = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s'\\])*)", re.DOTALL)
"""A keyword and its value in a connection string.

Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
"""
_URL = re.compile(r"postgres(?:ql)?://(.*)", re.DOTALL)
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9.+-]*)://")
_NAME = re.compile(r"[\w.$-]+")
_INSIDE = re.compile(
    rf"(?:{'|'.join(SECRET_KEYWORDS)}|passwd|pwd|secret|token)\s*=|://[^@\s]*:[^@\s]*@", re.IGNORECASE
)
"""A secret in the value of another keyword: after its name (host=db;password=…), or in a URL (dbname=postgres://…)."""
_ENCODE = (
    "A character of the user, the password or the database name must be percent-encoded: "
    "write %40 for @, %2F for /, %3A for :, %3F for ?, %23 for #, %25 for %."
)

_NAMES = ("application_name", "fallback_application_name")
"""Keywords whose value is any text."""
_COLON = "If a password follows it, write : and not %3A; else use keywords (host=… user=…)."


def is_url(dsn: str) -> bool:
    """Return whether libpq reads the connection string as a URL."""
    return _URL.match(dsn) is not None


def split_url(url: str) -> tuple[str, str, str]:
    """Return credentials, hosts and query of a URL, cut where libpq cuts it.

    libpq searches the first @ before the first slash. So credentials can contain an unescaped ? or #
    (conninfo_uri_parse_options in libpq's fe-connect.c).
    """
    match = _URL.match(url)
    rest = url if match is None else match[1]
    credentials, at, after = rest.partition("@")
    if not at or "/" in credentials:
        credentials, after = "", rest
    path, _, query = after.partition("?")
    return credentials, path.partition("/")[0], query


def mistake(dsn: str) -> str | None:
    """Return why libpq would reject or misread a connection string, or None.

    Checks only its form. The message contains no text that can be part of a password.
    """
    if "\0" in dsn:
        return "the connection string contains a NUL byte."
    if is_url(dsn):
        return _unescaped(dsn) or _swallowed(dsn)
    scheme = _SCHEME.match(dsn)
    if scheme is not None:
        return _scheme_mistake(scheme[1])
    if dsn.strip() in {"", EMBEDDED} or "=" in dsn:
        return _swallowed(dsn)
    known = _NAME.fullmatch(dsn.strip())
    shown, keywords = (repr(dsn), f"dbname={dsn.strip()}") if known else ("This", "dbname=…")
    return (
        f"{shown} is not a connection string. "
        f"Use a URL (postgresql://…), keywords ({keywords}), or {EMBEDDED!r}."
    )


def secret(dsn: str) -> str | None:
    """Return the error for a connection string with a password; None if it has none."""
    in_url = is_url(dsn) and ":" in split_url(dsn)[0]
    inside = any(holds_secret(value) for name, value in _values(dsn) if name not in _NAMES)
    held = in_url or inside or names_secret(dsn)
    return f"dsn contains a password, but this file is usually shared. {INSTEAD}" if held else None


def names_secret(dsn: str) -> bool:
    """Return whether a keyword or a parameter of a connection string is that of a secret."""
    return any(_is_secret(name) for name, _ in _pairs(dsn))


def holds_secret(value: str) -> bool:
    """Return whether the value of a keyword that is no secret seems to contain one."""
    return _INSIDE.search(value) is not None


def _unescaped(url: str) -> str | None:
    """Return the error for a password that libpq would cut in two; None if there is none.

    A colon before the last @ of the URL starts a password. libpq would take a part of a password with @ or /
    for a host, a port or a database, and show it in its messages.
    """
    credentials, hosts, query = split_url(url)
    ports = (re.sub(r"^\[[^\]]*\]", "", host).partition(":")[2] for host in hosts.split(","))
    if not all(re.fullmatch("[0-9]*", unquote(port)) for port in ports):
        return (
            f"the URL contains a port that is not a number. After a password, write @ and the host. {_ENCODE}"
        )
    before = url.partition("://")[2]
    if "@" in query and any("@" in part.partition("=")[0] for part in query.split("&")):
        return f"the URL contains an @ after a question mark. {_ENCODE}"
    if query and before.endswith(f"?{query}"):
        before = before[: -len(query) - 1]
    start, at, _ = before.rpartition("@")
    if at and ":" in start and start != credentials:
        return f"the URL contains a password that libpq would read as a host, a port or a database. {_ENCODE}"
    return None


def _swallowed(dsn: str) -> str | None:
    """Return the error for a password that libpq would read as a part of another value, or None.

    libpq would show it in its messages. `options` can set a variable with such a name, so they are allowed.
    """
    for name, value in _values(dsn):
        if name not in ("options", *_NAMES) and holds_secret(value):
            return (
                f"the value of {name} contains a password. "
                "Separate keywords with spaces (host=… user=… password=…), or use one URL."
            )
        if name == "user" and is_url(dsn) and ":" in value:
            return f"the user's name contains a colon. {_COLON}"
    return None


def _values(dsn: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of every part of a connection string that is no secret."""
    yield from ((name, value) for name, value in _pairs(dsn) if not _is_secret(name))
    if is_url(dsn):
        credentials, hosts, _ = split_url(dsn)
        after = dsn.partition("://")[2].removeprefix(f"{credentials}@")
        yield "user", unquote(credentials.partition(":")[0])
        yield "host", unquote(hosts)
        yield "dbname", unquote(after.partition("?")[0].partition("/")[2])


def _pairs(dsn: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of each keyword, or of each parameter of a URL."""
    if not is_url(dsn):
        yield from ((pair[1].lower(), pair[2]) for pair in PAIR.finditer(dsn))
        return
    for part in split_url(dsn)[2].split("&"):
        name, _, value = part.partition("=")
        yield unquote(name).strip().lower(), unquote(value)


def _scheme_mistake(scheme: str) -> str:
    driver = scheme.partition("+")[0]
    if driver in _SCHEMES:
        return f"libpq does not support {scheme}://. Use {driver}://."
    return f"{scheme}:// is not a PostgreSQL URL. Use postgresql://."


def _is_secret(keyword: str) -> bool:
    return keyword.strip().lower() in SECRET_KEYWORDS
