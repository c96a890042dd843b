"""Check a connection string without libpq: its form, and any password in it."""

import re
from urllib.parse import urlsplit

from koonj.config.settings import EMBEDDED

INSTEAD = (
    'Write password = { command = "…" }, { env = "NAME" } or { file = "PATH" } next to dsn, or use ~/.pgpass.'
)

_SCHEMES = ("postgresql", "postgres")
PAIR = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s'\\])*)", re.DOTALL)
"""A keyword and its value in a connection string.

Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
"""


def mistake(dsn: str) -> str | None:
    """Return why libpq would reject a connection string, or None.

    Checks only its form.
    """
    if "\0" in dsn:
        return "the connection string contains a NUL byte."
    scheme = dsn.partition("://")[0] if "://" in dsn and "=" not in dsn.partition("://")[0] else None
    if scheme is not None:
        return None if scheme in _SCHEMES else _scheme_mistake(scheme)
    if dsn.strip() in {"", EMBEDDED} or "=" in dsn:
        return None
    return (
        f"{dsn!r} is not a connection string. "
        f"Use a URL (postgresql://…), keywords (dbname={dsn.strip()}), or {EMBEDDED!r}."
    )


def secret(dsn: str) -> str | None:
    """Return the error for a connection string with a password; None if it has none."""
    held = _url_has_password(dsn) if "://" in dsn else _keywords_have_password(dsn)
    return f"dsn contains a password, but this file is usually shared. {INSTEAD}" if held else None


def _scheme_mistake(scheme: str) -> str:
    driver = scheme.partition("+")[0]
    if driver in _SCHEMES:
        return f"libpq does not support {scheme}://. Use {driver}://."
    return f"{scheme}:// is not a PostgreSQL URL. Use postgresql://."


def _url_has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False  # for example a missing bracket: libpq reports it
    return ":" in parts.netloc.rpartition("@")[0] or re.search(r"(?:^|&)password=", parts.query) is not None


def _keywords_have_password(text: str) -> bool:
    return any(pair[1].lower() == "password" for pair in PAIR.finditer(text))
