"""Open a connection as koonj uses it: autocommit, without prepared statements.

libpq also connects to an abstract Unix socket (``host=@name``, on Linux), but psycopg asks a name server for
such a host before libpq sees it. So these connections are made with psycopg's wrapper of libpq
(https://www.psycopg.org/psycopg3/docs/api/pq.html).
"""

import asyncio
import os
import select
import time
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo, timeout_from_conninfo

from koonj.postgres.answer_limit import LimitedAsyncConnection, LimitedConnection
from koonj.postgres.host_lookup import with_addresses

CONNECT_TIMEOUT = 10
"""Seconds, if neither the connection string nor the environment sets a value."""

_DEFAULTS: Mapping[str, int] = {
    "connect_timeout": CONNECT_TIMEOUT,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 5,
    "tcp_user_timeout": 60_000,  # milliseconds
}
"""Values for keywords that the connection string does not set.

An index can take hours to build without any traffic on the connection. The keepalives prevent a router from
dropping the idle connection, and they report a lost one after 80 s. tcp_user_timeout does so for data that
the other side does not acknowledge (https://www.postgresql.org/docs/current/libpq-connect.html).
"""


def defaults_for(parts: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> dict[str, int]:
    """Return koonj's values for the keywords that a connection string does not set."""
    return {
        name: value
        for name, value in _DEFAULTS.items()
        if name not in parts and not (name == "connect_timeout" and "PGCONNECT_TIMEOUT" in environ)
    }


async def connect_async(conninfo: str, **keywords: Any) -> LimitedAsyncConnection:
    """Connect; `keywords` override those of `conninfo`.

    Raises: psycopg.Error.
    """
    parts = conninfo_to_dict(conninfo, **keywords)
    parts |= defaults_for(parts)
    if not _is_abstract(parts):
        parts = await with_addresses(parts, timeout_from_conninfo(parts))
        whole = make_conninfo("", **parts)
        return await LimitedAsyncConnection.connect(whole, autocommit=True, prepare_threshold=None)
    steps = _Steps(make_conninfo("", **parts))
    try:
        async with asyncio.timeout(timeout_from_conninfo(parts)):
            for descriptor, writable in steps:
                await _ready(descriptor, writable=writable)
    except TimeoutError as error:
        raise psycopg.errors.ConnectionTimeout("connection timeout expired") from error
    finally:
        steps.close()
    conn = LimitedAsyncConnection(steps.pgconn)
    conn.prepare_threshold = None
    await conn.set_autocommit(True)
    return conn


def connect(conninfo: str, **keywords: Any) -> LimitedConnection:
    """Connect as `connect_async` does, blocking.

    Raises: psycopg.Error.
    """
    parts = conninfo_to_dict(conninfo, **keywords)
    parts |= defaults_for(parts)
    if not _is_abstract(parts):
        whole = make_conninfo("", **parts)
        return LimitedConnection.connect(whole, autocommit=True, prepare_threshold=None)
    steps, end = _Steps(make_conninfo("", **parts)), time.monotonic() + timeout_from_conninfo(parts)
    try:
        for descriptor, writable in steps:
            reading, writing = ([], [descriptor]) if writable else ([descriptor], [])
            if not any(select.select(reading, writing, [], max(0.0, end - time.monotonic()))):
                raise psycopg.errors.ConnectionTimeout("connection timeout expired")
    finally:
        steps.close()
    conn = LimitedConnection(steps.pgconn)
    conn.prepare_threshold = None
    conn.autocommit = True
    return conn


def _is_abstract(parts: Mapping[str, Any]) -> bool:
    """Return whether a host of the connection string, or of PGHOST, is an abstract socket."""
    hosts = str(parts.get("host") or os.environ.get("PGHOST") or "")
    return not parts.get("hostaddr") and any(host.strip().startswith("@") for host in hosts.split(","))


async def _ready(descriptor: int, *, writable: bool) -> None:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    if writable:
        loop.add_writer(descriptor, ready.set)
    else:
        loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(descriptor)
        loop.remove_reader(descriptor)


class _Steps:
    """A connection that is being made: what to wait for, step by step."""

    def __init__(self, conninfo: str) -> None:
        self.pgconn = pq.PGconn.connect_start(conninfo.encode())
        self._made = False

    def __iter__(self) -> Iterator[tuple[int, bool]]:
        """Yield the descriptor to wait for, and whether it must be writable.

        Raises: psycopg.OperationalError.
        """
        while self.pgconn.status != pq.ConnStatus.BAD:
            status = self.pgconn.connect_poll()
            if status == pq.PollingStatus.OK:
                self.pgconn.nonblocking = 1
                self._made = True
                return
            if status == pq.PollingStatus.FAILED:
                break
            yield self.pgconn.socket, status == pq.PollingStatus.WRITING
        raise psycopg.OperationalError(f"connection failed: {self.pgconn.get_error_message()}")

    def close(self) -> None:
        """Close the connection if it was not made."""
        if not self._made:
            self.pgconn.finish()
