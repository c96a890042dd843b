"""What a server says of itself, and how koonj is connected to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.pinned_targets import DatabaseIdentity
from koonj.postgres.answer_limit import LimitedAsyncConnection
from koonj.postgres.encryption import Encryption, encryption_of
from koonj.postgres.queries import query


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Identity of the connected server, as reported by the server."""

    version: str
    """Version such as ``18.6``."""
    major: int
    database: str
    user: str
    """Current role (after SET ROLE)."""
    host: str
    """Host name, address or socket folder, with the port; ``embedded`` for the embedded server."""
    round_trip: float
    """Seconds between a query and its answer, without the server's own work."""
    through: str | None = None
    """The host through which ssh reaches it; None: no ssh."""
    tls: Encryption | None = None
    """How the connection is protected; None if it does not go over TCP."""
    identity: DatabaseIdentity | None = None
    """What tells the database from others."""

    def __str__(self) -> str:
        through = f" through {self.through}" if self.through else ""
        tls = "" if self.tls is None else f", {self.tls}"
        where = f"{self.host}{through}{tls}"
        return f"PostgreSQL {self.version}, database {self.database}, user {self.user}, {where}"


async def describe(conn: AsyncConnection, target: Target | None = None) -> ServerInfo:
    """Return the identity of the server."""
    begun = perf_counter()
    cursor = await conn.execute(query("server_info"))
    row = await cursor.fetchone()
    assert row is not None
    return described(conn, row, perf_counter() - begun, target)


def described(
    conn: AsyncConnection, row: Sequence[Any], seconds: float, target: Target | None = None
) -> ServerInfo:
    """Return the identity of the server from a row of server_info.sql.

    `seconds`: how long the whole message took that ended with this query.
    """
    version, cluster_name, database, user, pid, working, protocol, oid, history, system = row
    embedded = cluster_name.startswith("koonj-")
    ssh = target.ssh if target is not None else None
    behind = conn.server_place if isinstance(conn, LimitedAsyncConnection) else ""
    return ServerInfo(
        version=version.split()[0],
        major=conn.info.server_version // 10000,
        database=database,
        user=user,
        host=behind or ("embedded" if embedded else f"{conn.info.host}:{conn.info.port}"),
        round_trip=max(0.0, seconds - working / 1_000_000),
        through=None if ssh is None else ssh.host,
        tls=encryption_of(conn, protocol if pid == conn.info.backend_pid else None),
        identity=DatabaseIdentity(system, oid, history, database),
    )
