"""Targets -> connections. Holds the embedded server for as long as somebody needs it."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.config import EMBEDDED, Target
from koonj.postgres.embedded.conninfo import NOT_OVERRIDDEN
from koonj.postgres.embedded.lease import Lease
from koonj.postgres.embedded.problem import EmbeddedError
from koonj.postgres.embedded.shared import open_shared
from koonj.postgres.errors import TargetError, error_message
from koonj.postgres.password import read_password
from koonj.postgres.queries import query

OLDEST_MAJOR = 13
CONNECT_TIMEOUT = 10
"""Seconds, where the dsn says nothing."""

_DEFAULTS = {
    "connect_timeout": CONNECT_TIMEOUT,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 6,
}
"""Where the dsn says nothing. An index can be hours in the making without a word on the line: no router may
forget the connection meanwhile, and one that is gone is noticed within minutes, not hours."""

SECRET_KEYWORDS = ("password", "sslpassword", "oauth_client_secret")
"""Of a conninfo: nobody is shown their values."""


class ConnectError(TargetError):
    """A target cannot be reached or used."""


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Whom a connection reached, as the server itself said."""

    version: str
    """Such as ``18.6``."""
    major: int
    database: str
    user: str
    """The role that acts now (after SET ROLE)."""
    host: str
    """Host name, address or socket folder, with its port; ``embedded`` for koonj's own server."""
    round_trip: float
    """Seconds from one query to its answer."""

    def __str__(self) -> str:
        return f"PostgreSQL {self.version}, database {self.database}, user {self.user}, {self.host}"


def safe_dsn(target: Target) -> str:
    """The target's dsn without its secrets, to be shown."""
    if target.dsn == EMBEDDED:
        return EMBEDDED
    try:
        parts: dict[str, Any] = conninfo_to_dict(target.dsn)
    except psycopg.ProgrammingError:
        return "(not a dsn that libpq understands)"
    return make_conninfo("", **{k: v for k, v in parts.items() if k not in SECRET_KEYWORDS})


def named_database(target: Target) -> str:
    """The database that a target's text names, without asking it; empty where it names none."""
    if target.dsn == EMBEDDED:
        return target.database
    try:
        return str(conninfo_to_dict(target.dsn).get("dbname") or "")
    except psycopg.ProgrammingError:
        return ""


class Connector:
    """Opens connections. Close it last: closing gives the embedded server back."""

    def __init__(self) -> None:
        self._lease: Lease | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the embedded server back; it stops when nobody else uses it."""
        async with self._opening:
            lease, self._lease = self._lease, None
            if lease is not None:
                await asyncio.to_thread(lease.close)

    async def connect(self, target: Target, *, name: str = "koonj") -> AsyncConnection:
        """A new connection to the target: autocommit, UTF8, under the target's role.

        Raises ConnectError.
        """
        conninfo = await self.conninfo(target)
        conn = await _open(target, conninfo, name)
        try:
            await _check(conn, self._lease if target.dsn == EMBEDDED else None)
            if target.role is not None:
                await conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(target.role)))
        except psycopg.Error as error:
            await conn.close()
            raise refused(error, target) from error
        except BaseException:
            await conn.close()
            raise
        return conn

    async def conninfo(self, target: Target) -> str:
        """What libpq takes; of the embedded server, which runs then, as long as this connector is open.

        The password that koonj.toml names is not in it; one of a dsn from outside is. Raises ConnectError.
        """
        if target.dsn != EMBEDDED:
            return target.dsn
        # Shielded: who gives up waiting leaves the server to be closed, not to be forgotten half open.
        lease = await asyncio.shield(asyncio.create_task(self._leased(target)))
        return lease.dsn(target.database)

    async def _leased(self, target: Target) -> Lease:
        """The embedded server, with the target's database. Raises ConnectError."""
        async with self._opening:
            try:
                self._lease = lease = await asyncio.to_thread(_alive, self._lease)
                await asyncio.to_thread(lease.ensure_database, target.database)
            except EmbeddedError as error:
                raise ConnectError(error.message, error.hint) from error
            except psycopg.Error as error:
                raise refused(error, target) from error
        return lease


def _alive(lease: Lease | None) -> Lease:
    """The lease, or a new one where there is none or its server died. Blocking. Raises EmbeddedError."""
    if lease is not None:
        if lease.is_alive():
            return lease
        lease.close()
    return open_shared()


async def _open(target: Target, conninfo: str, name: str) -> AsyncConnection:
    try:
        parts = conninfo_to_dict(conninfo)
    except psycopg.ProgrammingError as error:
        # libpq's own message repeats the text, and with it a password.
        raise ConnectError(
            f"The dsn of target {target.name} is not one that libpq understands.",
            "Write it as postgresql://user@host/database or as host=… dbname=… user=….",
        ) from error
    extra: dict[str, Any] = {"application_name": name, "client_encoding": "UTF8"}
    extra |= {name: value for name, value in _DEFAULTS.items() if name not in parts}
    if target.password is not None:
        extra["password"] = await asyncio.to_thread(password_of, target)
    try:
        return await AsyncConnection.connect(conninfo, autocommit=True, prepare_threshold=None, **extra)
    except psycopg.Error as error:
        raise refused(error, target) from error


def password_of(target: Target) -> str:
    """The password that koonj.toml names for the target. Blocking. Raises ConnectError."""
    assert target.password is not None
    try:
        return read_password(target.password)
    except (OSError, ValueError) as error:
        raise ConnectError(
            f"The password of target {target.name} could not be read: {error}",
            "Look at its password = { … } in koonj.toml.",
        ) from error


def refused(error: psycopg.Error, target: Target) -> ConnectError:
    """What the server or libpq said, without a secret."""
    message = error_message(error)
    with suppress(psycopg.ProgrammingError):
        for secret in SECRET_KEYWORDS:
            value = conninfo_to_dict(target.dsn).get(secret)
            if value:
                message = message.replace(str(value), "********")
    return ConnectError(message, _hint(error, target), error.sqlstate)


def _hint(error: psycopg.Error, target: Target) -> str:
    set_here = [name for name in NOT_OVERRIDDEN if name in os.environ]
    if target.dsn == EMBEDDED and set_here:
        return (
            f"The environment sets {', '.join(set_here)}, which libpq obeys in any case: unset it for koonj."
        )
    words = str(error)
    # libpq gives no SQLSTATE for what a server answers before the session begins, only its words.
    if error.sqlstate is not None or "FATAL:" in words:
        return "The server answered, and refused. Look at the role, the database's name and the password."
    if "service" in words:
        return "Look at the dsn's service: PGSERVICEFILE, ~/.pg_service.conf."
    return "The server may not be running, or not be reachable from here. `psql` takes the same dsn."


async def _check(conn: AsyncConnection, lease: Lease | None) -> None:
    """Hold that the server is new enough and, for the embedded one, that it is ours: before any other SQL."""
    if lease is not None:
        cursor = await conn.execute("SELECT pg_catalog.current_setting('cluster_name')")
        row = await cursor.fetchone()
        if row is None or row[0] != lease.cluster_name:
            raise ConnectError(
                "The connection to the embedded server reached another server; nothing was sent to it.",
                "Unset PGHOSTADDR, PGSERVICE and other PG* variables, and try again.",
            )
    if conn.info.server_version < OLDEST_MAJOR * 10000:
        raise ConnectError(
            f"The server is PostgreSQL {conn.info.server_version // 10000}; koonj needs 13 or newer.",
            "Point the target at a newer server.",
        )


async def describe(conn: AsyncConnection) -> ServerInfo:
    """Ask the server who it is; the round trip is the time of one simple query."""
    begun = perf_counter()
    await conn.execute("SELECT 1")
    round_trip = perf_counter() - begun
    cursor = await conn.execute(query("server_info"))
    row = await cursor.fetchone()
    assert row is not None
    version, cluster_name, database, user, _pid = row
    embedded = cluster_name.startswith("koonj-")
    return ServerInfo(
        version=version.split()[0],
        major=conn.info.server_version // 10000,
        database=database,
        user=user,
        host="embedded" if embedded else f"{conn.info.host}:{conn.info.port}",
        round_trip=round_trip,
    )
