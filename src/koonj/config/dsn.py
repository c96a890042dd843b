"""What can be said of a dsn without libpq: its form, and whether it holds a password."""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from koonj.config.values import EMBEDDED

INSTEAD = (
    'Write password = { command = "…" }, { env = "NAME" } or { file = "PATH" } beside the dsn, '
    "or use ~/.pgpass."
)

_SCHEMES = ("postgresql", "postgres")
_PAIR = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s'\\])*)", re.DOTALL)
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
    return any(pair[1].lower() == "password" for pair in _PAIR.finditer(text))


_LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})


def same_server(one: str, other: str) -> bool:
    """Do two dsns lead to one server, as far as their text tells?"""
    return bool(_servers(one) & _servers(other))


def _servers(dsn: str) -> frozenset[tuple[str, str]]:
    """(host, port) of each server that a dsn names, or its service."""
    if dsn == EMBEDDED:
        return frozenset()
    parts = _url_parts(dsn) if "://" in dsn else _keyword_parts(dsn)
    if parts.get("service") and not (parts.get("host") or parts.get("hostaddr")):
        return frozenset({("service", parts["service"])})
    hosts = (parts.get("hostaddr") or parts.get("host") or "").split(",")
    ports = (parts.get("port") or "5432").split(",")
    return frozenset(
        ("local" if host.lower() in _LOCAL else host.lower(), ports[at] if at < len(ports) else ports[0])
        for at, host in enumerate(hosts)
    )


def _keyword_parts(dsn: str) -> dict[str, str]:
    return {pair[1].lower(): _unquoted(pair[2]) for pair in _PAIR.finditer(dsn)}


def _unquoted(value: str) -> str:
    if value.startswith("'"):
        value = value[1:-1]
    return re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)


def _url_parts(url: str) -> dict[str, str]:
    """Hosts and ports of a URL, and what stands behind its question mark."""
    parts = urlsplit(url)
    places = [_host_and_port(place) for place in parts.netloc.rpartition("@")[2].split(",")]
    found = {
        "host": ",".join(host for host, _ in places),
        "port": ",".join(port or "5432" for _, port in places),
    }
    given = {key.lower(): value for key, value in parse_qsl(parts.query)}
    return found | {
        key: value for key, value in given.items() if key in {"host", "hostaddr", "port", "service"}
    }


def _host_and_port(place: str) -> tuple[str, str]:
    if place.startswith("["):
        host, _, rest = place[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = place.partition(":")
    return unquote(host), port
