"""Check a connection string without libpq: its form, and any password in it."""

import re
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
_ENCODE = (
    "A character of the user, the password or the database name must be percent-encoded: "
    "write %40 for @, %2F for /, %3A for :, %3F for ?, %23 for #, %25 for %."
)


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
        return _unescaped(dsn)
    scheme = _SCHEME.match(dsn)
    if scheme is not None:
        return _scheme_mistake(scheme[1])
    if dsn.strip() in {"", EMBEDDED} or "=" in dsn:
        return None
    known = _NAME.fullmatch(dsn.strip())
    shown, keywords = (repr(dsn), f"dbname={dsn.strip()}") if known else ("This", "dbname=…")
    return (
        f"{shown} is not a connection string. "
        f"Use a URL (postgresql://…), keywords ({keywords}), or {EMBEDDED!r}."
    )


def secret(dsn: str) -> str | None:
    """Return the error for a connection string with a password; None if it has none."""
    held = _url_has_password(dsn) if is_url(dsn) else _keywords_have_password(dsn)
    return f"dsn contains a password, but this file is usually shared. {INSTEAD}" if held else None


def _unescaped(url: str) -> str | None:
    """Return the error for a password that libpq would cut in two; None if there is none.

    A colon before the last @ of the URL starts a password. libpq would take a part of a password with @ or /
    for a host, a port or a database, and show it in its messages.
    """
    credentials, _, query = split_url(url)
    before = url.partition("://")[2]
    if "@" in query and any("@" in part.partition("=")[0] for part in query.split("&")):
        return f"the URL contains an @ after a question mark. {_ENCODE}"
    if query and before.endswith(f"?{query}"):
        before = before[: -len(query) - 1]
    start, at, _ = before.rpartition("@")
    if at and ":" in start and start != credentials:
        return f"the URL contains a password that libpq would read as a host, a port or a database. {_ENCODE}"
    return None


def _scheme_mistake(scheme: str) -> str:
    driver = scheme.partition("+")[0]
    if driver in _SCHEMES:
        return f"libpq does not support {scheme}://. Use {driver}://."
    return f"{scheme}:// is not a PostgreSQL URL. Use postgresql://."


def _url_has_password(url: str) -> bool:
    credentials, _, query = split_url(url)
    names = (unquote(part.partition("=")[0]) for part in query.split("&"))
    return ":" in credentials or any(_is_secret(name) for name in names)


def _keywords_have_password(text: str) -> bool:
    return any(_is_secret(pair[1]) for pair in PAIR.finditer(text))


def _is_secret(keyword: str) -> bool:
    return keyword.strip().lower() in SECRET_KEYWORDS
