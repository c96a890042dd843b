"""What can be said of a dsn without libpq: its form, and whether it holds a password."""

import re
from urllib.parse import urlsplit

from koonj.config.values import EMBEDDED

INSTEAD = (
    'Write password = { command = "…" }, { env = "NAME" } or { file = "PATH" } beside the dsn, '
    "or use ~/.pgpass."
)

_SCHEMES = ("postgresql", "postgres")
PAIR = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s'\\])*)", re.DOTALL)
"""A keyword and its value: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING"""


def mistake(dsn: str) -> str | None:
    """Why libpq would not understand a dsn, None where it looks well. Only its form is looked at."""
    if "\0" in dsn:
        return "it has a NUL byte."
    scheme = dsn.partition("://")[0] if "://" in dsn and "=" not in dsn.partition("://")[0] else None
    if scheme is not None:
        return None if scheme in _SCHEMES else _scheme_mistake(scheme)
    if dsn.strip() in {"", EMBEDDED} or "=" in dsn:
        return None
    return (
        f"{dsn!r} is neither {EMBEDDED!r} nor a connection string: "
        f"write a URL (postgresql://…) or dbname={dsn.strip()}."
    )


def secret(dsn: str) -> str | None:
    """What is wrong with a dsn that holds a password, in a file that is shared; None where it holds none."""
    held = _url_has_password(dsn) if "://" in dsn else _keywords_have_password(dsn)
    return f"the dsn holds a password, and this file is meant to be shared. {INSTEAD}" if held else None


def _scheme_mistake(scheme: str) -> str:
    driver = scheme.partition("+")[0]
    if driver in _SCHEMES:
        return f"libpq does not know {scheme}://; write {driver}://."
    return f"{scheme}:// is not PostgreSQL's; write postgresql://."


def _url_has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False  # such as brackets that are not closed: libpq will say so
    return ":" in parts.netloc.rpartition("@")[0] or re.search(r"(?:^|&)password=", parts.query) is not None


def _keywords_have_password(text: str) -> bool:
    return any(pair[1].lower() == "password" for pair in PAIR.finditer(text))
