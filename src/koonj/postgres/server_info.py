"""What a server says of itself, and how koonj is connected to it.

Sources: PostgreSQL doc, "Recovery Information Functions"; Aurora user guide, ``aurora_replica_status``.
That Aurora refuses the functions of a standby, and that not every version has ``aurora_version`` in pg_proc,
is from bug reports: ankane/distribute_reads 46, DataDog/integrations-core 14498, instructure/canvas-lms 1636.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.humanize import duration
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
    is_standby: bool = False
    """It only replays the changes of its primary; also a reader of Aurora."""
    lag: float | None = None
    """Seconds that a standby is behind its primary; None: unknown, or no standby."""
    is_aurora: bool = False
    """It is Amazon Aurora."""
    citus: str | None = None
    """Version of the extension Citus in the database; None: it is not there."""
    is_publisher: bool = False
    """The database has a publication: logical replication sends rows of its tables to other databases."""
    is_subscriber: bool = False
    """A subscription writes rows of another database into its tables."""

    @property
    def kind(self) -> str:
        """What it is besides a PostgreSQL that accepts changes; empty if it is nothing else."""
        server = "Aurora" if self.is_aurora else ""
        if self.is_standby:
            server = f"{'Aurora reader' if self.is_aurora else 'standby'}, {self.lag_words}"
        citus = "" if self.citus is None else f"Citus {self.citus}"
        logical = ("publisher" if self.is_publisher else "", "subscriber" if self.is_subscriber else "")
        return ", ".join(filter(None, (server, citus, *logical)))

    @property
    def lag_words(self) -> str:
        """How far a standby is behind its primary."""
        if self.lag is None:
            return "behind its primary by an unknown time"
        if self.lag == 0:
            return "up to date with its primary"
        return f"{duration(self.lag)} behind its primary"

    def __str__(self) -> str:
        through = f" through {self.through}" if self.through else ""
        tls = "" if self.tls is None else f", {self.tls}"
        where = f"{self.host}{through}{tls}"
        kind = f", {self.kind}" if self.kind else ""
        return f"PostgreSQL {self.version}{kind}, database {self.database}, user {self.user}, {where}"


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
    version, cluster_name, database, user, pid, working, protocol, oid, history, system, *kind = row
    is_standby, is_aurora, citus, lag, is_publisher, is_subscriber = kind
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
        is_standby=is_standby,
        lag=lag if lag is None else max(0.0, lag),
        is_aurora=is_aurora,
        citus=citus,
        is_publisher=is_publisher,
        is_subscriber=is_subscriber,
    )
