"""Settings of scratch servers.

They make measurements correct, and a RESET ALL in a file does not change them.
"""

from __future__ import annotations

from collections.abc import Mapping

DATABASE = "koonj_scratch"
"""Database on koonj's own server, and start of its name on a configured one.

It is not ``postgres``, because a file can use that name for another database.
"""

SESSION_SETTINGS: Mapping[str, str] = {
    "jit": "off",
    # Parallel workers count their scans themselves, and koonj cannot read those counters.
    "max_parallel_maintenance_workers": "0",
    "max_parallel_workers_per_gather": "0",
}
"""Settings of every session.

They are set on the server's command line, or by ALTER DATABASE on a configured server.
"""

SERVER_SETTINGS: Mapping[str, str] = {
    **SESSION_SETTINGS,
    # With minimal, a rewrite within one transaction writes no WAL at all. Production servers use replica.
    # logical writes little more, and CREATE PUBLICATION and replication slots need it.
    "wal_level": "logical",
    # Commits survive a crash of a server process: this costs one write, without fsync.
    "synchronous_commit": "on",
    # A checkpoint should contain only the WAL that it needs, not segments for later use.
    "wal_recycle": "off",
    "min_wal_size": "2MB",
    "max_wal_size": "256MB",
    "max_prepared_transactions": "10",
    "max_connections": "30",
    # 500 tables with their indexes in one transaction are thousands of locks.
    "max_locks_per_transaction": "1024",
}
"""Settings of a scratch server that koonj runs.

They override those of `koonj.postgres.embedded.temporary_server`.
"""

SERVER_ENVIRONMENT: Mapping[str, str] = {
    "PGSERVICE": "none",
    "PGSERVICEFILE": "/none: a koonj scratch reaches no other server",
}
"""Environment that prevents connections from the scratch server to a target.

A file could connect with CREATE SUBSCRIPTION, dblink, postgres_fdw or COPY … PROGRAM 'psql …'. libpq looks up
the service of PGSERVICE whatever a connection string contains, and fails if its file does not exist:
``service file "/none: a koonj scratch reaches no other server" not found`` (parseServiceInfo in fe-connect.c,
13 to 18).
"""
