"""A real pgbouncer in front of a test's server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.postgres.embedded.os_account import run_as
from koonj.postgres.embedded.temporary_server import TemporaryServer

PROGRAM = shutil.which("pgbouncer", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))
"""Debian installs it in /usr/sbin, which is not on every user's PATH."""

needs_pgbouncer = pytest.mark.skipif(PROGRAM is None, reason="no pgbouncer on this machine")

_TRACKED = ("application_name", "client_encoding", "DateStyle", "TimeZone", "standard_conforming_strings")
"""Settings that pgbouncer itself sets for each client."""


@dataclass(frozen=True)
class PgBouncer:
    """A running pooler. Each database of the server has a pool for each user."""

    folder: Path
    mode: str

    def dsn(self, database: str, **keywords: str | int) -> str:
        """Return the connection string of a test's database through the pooler."""
        parts = {**conninfo_to_dict(database), "host": str(self.folder), "port": 6432, **keywords}
        del parts["password"]
        return make_conninfo("", **parts)

    def left_behind(self, database: str) -> list[tuple[Any, ...]]:
        """Return what the next client of the pool finds in its session: it must be empty."""
        with psycopg.connect(self.dsn(database), autocommit=True) as conn:
            return conn.execute(_LEFT_BEHIND, {"tracked": list(_TRACKED)}).fetchall()


_LEFT_BEHIND = """
SELECT 'role', current_setting('role') WHERE current_setting('role') <> 'none'
UNION ALL
SELECT name, setting FROM pg_settings WHERE source = 'session' AND NOT name = ANY (%(tracked)s)
UNION ALL
SELECT 'lock', pid::text FROM pg_locks
WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT 'prepared statement', statement FROM pg_prepared_statements WHERE name <> ''
UNION ALL
SELECT 'cursor', name FROM pg_cursors WHERE name <> ''
UNION ALL
SELECT 'temporary', relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()
"""


@contextmanager
def pgbouncer(
    server: TemporaryServer, mode: str, settings: Mapping[str, object] = MappingProxyType({})
) -> Iterator[PgBouncer]:
    """Run a pgbouncer with `pool_mode = mode` on a Unix socket."""
    assert PROGRAM is not None
    folder = Path(tempfile.mkdtemp(prefix="koonj-pool-", dir="/tmp"))
    parts = conninfo_to_dict(server.dsn())
    options = {
        "listen_addr": "",
        "listen_port": 6432,
        "unix_socket_dir": folder,
        "unix_socket_mode": "0777",
        "auth_type": "any",
        "pool_mode": mode,
        "logfile": folder / "log",
        "pidfile": folder / "pid",
        **settings,
    }
    user = f"user={parts['user']}"
    lines = [
        "[databases]",
        f"* = host={server.folder} port={parts.get('port', 5432)} {user}",
        "[pgbouncer]",
        *(f"{name} = {value}" for name, value in options.items()),
    ]
    (folder / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
    folder.chmod(0o755)
    if server.account is not None:
        for path in (folder, folder / "pgbouncer.ini"):
            os.chown(path, server.account.uid, server.account.gid)
    process = subprocess.Popen(
        [PROGRAM, folder / "pgbouncer.ini"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        **run_as(server.account),
    )
    try:
        end = time.monotonic() + 60
        while not _listens(folder / ".s.PGSQL.6432"):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, "pgbouncer is not ready"
            time.sleep(0.005)
        yield PgBouncer(folder, mode)
    finally:
        process.kill()  # what its other signals mean depends on its version
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0
