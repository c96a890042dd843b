"""Translate the URL of another migration tool into one that libpq reads.

Drivers of other languages take parameters in the URL that libpq refuses. Source: golang-migrate 18966c75,
database/postgres/README.md; dbmate f3e08f1, pkg/driver/postgres/postgres.go; lib/pq and pgx, which send
``search_path`` as a run-time parameter; Prisma's documentation, Connection URLs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

from koonj.config.dsn import is_url, split_url
from koonj.config.settings import HistoryName


@dataclass(frozen=True, slots=True)
class ToolUrl:
    """A URL for libpq, and what else the URL of the tool says."""

    dsn: str
    history: HistoryName | None = None


_OWN = "x-"
"""The parameters of golang-migrate itself start with it; the driver never sees them."""
_OF_PRISMA = frozenset(
    {"connection_limit", "pgbouncer", "pool_timeout", "socket_timeout", "statement_cache_size"}
)
"""Parameters of Prisma's own pool of connections."""
_GOLANG_MIGRATE = "golang-migrate"
_QUOTED = re.compile(r'"([^"]*)"(?:\."([^"]*)")?')
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
"""Source: Go's documentation of strconv.ParseBool."""


def translated(dsn: str) -> ToolUrl:
    """Return the URL without the parameters that libpq refuses; another connection string as it is.

    ``search_path=app`` becomes ``options=-csearch_path=app``, as does ``schema=app`` of Prisma, and
    ``socket=/run`` becomes ``host=/run``.
    """
    query = split_url(dsn)[2] if is_url(dsn) else ""
    if not query or not dsn.endswith(f"?{query}"):
        return ToolUrl(dsn)
    kept, own, options, socket = [], {}, [], ""
    for part in query.split("&"):
        name, _, value = part.partition("=")
        name = unquote_plus(name)
        if name.startswith(_OWN):
            own[name] = unquote_plus(value)
        elif name in {"search_path", "schema"}:
            options.append(_option("search_path", _search_path(name, unquote_plus(value))))
        elif name == "options":
            options.insert(0, value)
        elif name == "socket":
            socket = value
        elif name not in _OF_PRISMA:
            kept.append(part)
    if socket:
        kept.append(f"host={socket}")
    if options:
        kept.append(f"options={'%20'.join(options)}")
    base = dsn.removesuffix(f"?{query}")
    return ToolUrl(f"{base}?{'&'.join(kept)}" if kept else base, _history(own))


def dbmate_history(text: str) -> HistoryName | None:
    """Return the table of ``DBMATE_MIGRATIONS_TABLE``: ``table`` or ``schema.table``; None if it is empty."""
    schema, dot, table = text.strip().partition(".")
    if not dot:
        schema, table = "", schema
    return HistoryName("dbmate", table, schema or None) if table else None


def _history(own: dict[str, str]) -> HistoryName | None:
    name = own.get("x-migrations-table", "")
    if own.get("x-migrations-table-quoted") in _TRUE:
        found = _QUOTED.fullmatch(name)
        if found is None:
            return None
        first, second = found.groups()
        return HistoryName(_GOLANG_MIGRATE, second or first, first if second else None)
    return HistoryName(_GOLANG_MIGRATE, name) if name else None


def _search_path(parameter: str, value: str) -> str:
    """Return the search_path: a list of names as it is; Prisma's one ``schema`` as an SQL identifier."""
    doubled = value.replace('"', '""')
    return value if parameter == "search_path" else f'"{doubled}"'


def _option(name: str, value: str) -> str:
    """Return a setting as libpq's ``options`` has it, percent-encoded.

    Source: PostgreSQL documentation, Database Connection Control Functions: spaces and backslashes in it are
    escaped with a backslash.
    """
    escaped = re.sub(r"([\\\s])", r"\\\1", value)
    return quote(f"-c{name}={escaped}", safe="")
