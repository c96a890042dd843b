"""A primary and a standby that follows it, made with pg_basebackup."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.initdb import SUPERUSER
from koonj.postgres.embedded.os_account import Account, run_as
from koonj.postgres.embedded.temporary_server import TemporaryServer
from support.own_process import wait_until

SETTINGS = {"wal_level": "replica", "max_wal_senders": "4", "max_connections": "100"}


@contextmanager
def primary_server(binaries: Binaries) -> Iterator[TemporaryServer]:
    """Run a server that can have standbys."""
    if not (binaries.bindir / "pg_basebackup").exists():
        pytest.skip("these server binaries have no pg_basebackup")
    with TemporaryServer(binaries, settings=SETTINGS) as primary:
        yield primary


@contextmanager
def standby_server(primary: TemporaryServer) -> Iterator[TemporaryServer]:
    """Run a standby that streams from the primary, and has replayed all of it."""

    def backup(binaries: Binaries, data: Path, account: Account | None) -> None:
        subprocess.run(
            (
                *(binaries.bindir / "pg_basebackup", "--pgdata", data),
                *("--dbname", f"host={primary.folder} user={SUPERUSER} dbname=postgres"),
                *("--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf", "--no-sync"),
            ),
            check=True,
            capture_output=True,
            cwd="/",
            **run_as(account),
        )

    with TemporaryServer(primary.binaries, settings=SETTINGS, fill=backup) as standby:
        wait_until(lambda: _follows(primary, standby))
        yield standby


def _follows(primary: TemporaryServer, standby: TemporaryServer) -> bool:
    with psycopg.connect(primary.dsn()) as conn:
        [(end,)] = conn.execute("SELECT pg_current_wal_lsn()::text").fetchall()
    with psycopg.connect(standby.dsn()) as conn:
        query = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn AND EXISTS (SELECT FROM pg_stat_wal_receiver)"
        return conn.execute(query, (end,)).fetchall() == [(True,)]
