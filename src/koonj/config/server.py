"""Compare the servers of two connection strings.

It needs no connection and no name server, so it cannot detect every case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from koonj.config.dsn import PAIR, is_url, split_url
from koonj.config.settings import EMBEDDED

_VARIABLES = {"host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "service": "PGSERVICE"}
_PORT = "5432"
_SOCKETS = ("/tmp", "/run/postgresql", "/var/run/postgresql")  # noqa: S108  libpq's defaults, only compared
"""Socket folders of the local server, which libpq uses if no host is given."""
_HERE = "(here)"


def same_server(one: str, other: str, environ: Mapping[str, str], *, is_remote: bool = False) -> bool:
    """Return whether two connection strings lead to the same server.

    libpq's defaults and services are considered. Names are not resolved. `is_remote`: another machine
    connects to `other`, so localhost is that machine.
    """
    common = _servers(one, environ) & _servers(other, environ)
    return any(not is_remote or host != _HERE for host, _ in common)


def named_servers(parts: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return host, hostaddr and port of the keywords of a connection string; an empty value is none.

    What the keywords omit comes from their service, then from variables, as in libpq.
    """
    of_service = service_settings(parts, environ)
    return {
        key: parts.get(key) or of_service.get(key) or environ.get(variable, "")
        for key, variable in _VARIABLES.items()
        if key != "service"
    }


def _servers(dsn: str, environ: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Return (host or address, port) of each server in a connection string.

    An unknown service stands for itself.
    """
    if dsn == EMBEDDED:
        return frozenset()
    given = _url_parts(dsn) if is_url(dsn) else _keyword_parts(dsn)
    service = given.get("service") or environ.get("PGSERVICE", "")
    parts = named_servers(given, environ)
    if service and not _service(service, environ) and not given.get("host") and not given.get("hostaddr"):
        return frozenset({("service", service)})
    found = set()
    for names in {parts["host"], parts["hostaddr"]} - {""} or {""}:
        hosts, ports = names.split(","), (parts["port"] or _PORT).split(",")
        for number, host in enumerate(hosts):
            port = ports[number] if number < len(ports) else ports[0]
            found.add((_canonical(host), port.strip() or _PORT))
    return frozenset(found)


def service_settings(parts: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the service that the keywords or PGSERVICE name; empty if there is none."""
    service = parts.get("service") or environ.get("PGSERVICE", "")
    return _service(service, environ) if service else {}


def _canonical(host: str) -> str:
    """Return one spelling of a host, an address or a socket folder."""
    host = host.strip().lower().rstrip(".") if not host.startswith("/") else host
    if host in {"", "localhost", *_SOCKETS}:
        return _HERE
    if host.startswith("/"):
        real = str(Path(host).resolve())
        return _HERE if real in _SOCKETS else real
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return _HERE if address.is_loopback else address.compressed


def _service(name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of a service from the first file that has it; empty if none.

    Source: https://www.postgresql.org/docs/current/libpq-pgservice.html
    """
    own = environ.get("PGSERVICEFILE") or str(Path(environ.get("HOME") or "/") / ".pg_service.conf")
    for path in (own, str(Path(environ.get("PGSYSCONFDIR") or "/etc/postgresql-common", "pg_service.conf"))):
        try:
            text = Path(path).read_text("utf-8", "replace")
        except OSError:
            continue  # libpq ignores it too, or reports it when it connects
        section = re.search(
            rf"^\s*\[{re.escape(name)}\]\s*$(.*?)(?=^\s*\[|\Z)", text, re.MULTILINE | re.DOTALL
        )
        if section:
            lines = (line.partition("=") for line in section[1].splitlines() if "=" in line)
            return {key.strip(): value.strip() for key, _, value in lines if not key.strip().startswith("#")}
    return {}


def keywords_of(dsn: str) -> dict[str, str]:
    """Return the keywords that a connection string itself sets, such as host, port, user and sslmode."""
    if not is_url(dsn):
        return _keyword_parts(dsn)
    return {"user": unquote(split_url(dsn)[0].partition(":")[0]), **_url_parts(dsn)}


def _keyword_parts(dsn: str) -> dict[str, str]:
    return {pair[1].lower(): _unquoted(pair[2]) for pair in PAIR.finditer(dsn)}


def _unquoted(value: str) -> str:
    if value.startswith("'"):
        value = value[1:-1]
    return re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)


def _url_parts(url: str) -> dict[str, str]:
    """Return hosts and ports of a URL, and its query parameters."""
    _, hosts, query = split_url(url)
    places = [_host_and_port(place) for place in hosts.split(",")]
    found = {
        "host": ",".join(host for host, _ in places),
        "port": ",".join(port for _, port in places) if any(port for _, port in places) else "",
    }
    return found | {key.lower(): value for key, value in parse_qsl(query)}


def _host_and_port(place: str) -> tuple[str, str]:
    if place.startswith("["):
        host, _, rest = place[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = place.partition(":")
    return unquote(host), port
