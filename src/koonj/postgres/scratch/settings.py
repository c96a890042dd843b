"""What is set on a scratch, so that what is measured there is true and no file's RESET ALL loses it."""

from __future__ import annotations

from collections.abc import Mapping

DATABASE = "koonj_scratch"
"""The database on a server of koonj's own; on a given one its name goes on.

Not ``postgres``, which a file may name and expect to be another one.
"""

SESSION_SETTINGS: Mapping[str, str] = {
    "jit": "off",
    # Parallel workers keep their own counters of what they scanned, which nobody could read then.
    "max_parallel_maintenance_workers": "0",
    "max_parallel_workers_per_gather": "0",
}
"""Of every session: on the server's command line, or by ALTER DATABASE where the server is not koonj's."""

SERVER_SETTINGS: Mapping[str, str] = {
    **SESSION_SETTINGS,
    # Under minimal a rewrite within one transaction writes no WAL at all; replica is what production has,
    # and logical differs from it by little, and lets CREATE PUBLICATION and slots be what they are there.
    "wal_level": "logical",
    # What is committed stays when a process of the server crashes: one write, without fsync.
    "synchronous_commit": "on",
    # A checkpoint holds only the WAL that it needs; nobody wants the segments for later.
    "wal_recycle": "off",
    "min_wal_size": "2MB",
    "max_wal_size": "256MB",
    "max_prepared_transactions": "10",
    "max_connections": "30",
    # 500 tables with their indexes in one transaction are thousands of locks.
    "max_locks_per_transaction": "1024",
}
"""Of a server that koonj runs for rehearsals, over those of `koonj.postgres.embedded.scratch`."""

SERVER_ENVIRONMENT: Mapping[str, str] = {
    "PGSERVICE": "none",
    "PGSERVICEFILE": "/none: a koonj scratch reaches no other server",
}
"""Keeps a file's CREATE SUBSCRIPTION, dblink, postgres_fdw or COPY … PROGRAM 'psql …' from reaching a target.

libpq looks for PGSERVICE's definition whatever else a connection string says, and gives up where the file
is not there: ``service file "/none: a koonj scratch reaches no other server" not found``
(parseServiceInfo in fe-connect.c, 13 to 18).
"""
