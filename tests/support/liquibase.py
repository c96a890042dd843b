"""The real Liquibase on a database and a changelog."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from support.delay_proxy import DelayProxy

JARS = Path(__file__).parents[1] / "tools/node_modules/liquibase/dist/liquibase/internal/lib"
_MAIN = "liquibase.integration.commandline.LiquibaseCommandLine"
_QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""What the JVM needs less time with, if it ends soon."""

ROWS = """
    SELECT id, author, filename, orderexecuted, exectype, md5sum, description, comments, tag, liquibase, contexts,
           labels, dateexecuted > now()::timestamp - interval '1 hour', length(deployment_id)
    FROM databasechangelog ORDER BY orderexecuted
"""
"""All columns. Of the times it is said that they are of now: dateexecuted, and deployment_id, which is one."""


@dataclass(frozen=True)
class Liquibase:
    """The program of the npm package `liquibase`, with one database and one changelog."""

    url: str
    user: str
    folder: Path
    """From which it is called."""
    changelog: str

    @staticmethod
    @contextmanager
    def on(dsn: str, folder: Path, changelog: str) -> Iterator[Liquibase]:
        """Return the program that is installed, or skip the test. Java knows no Unix sockets, so it has a proxy."""
        if shutil.which("java") is None or not JARS.is_dir():
            pytest.skip("no java, or no liquibase (npm ci in tests/tools)")
        given = conninfo_to_dict(dsn)
        socket = Path(str(given["host"]), f".s.PGSQL.{given.get('port', 5432)}")
        with DelayProxy(socket) as proxy:
            url = f"jdbc:postgresql://127.0.0.1:{proxy.port}/{given['dbname']}?sslmode=disable"
            yield Liquibase(url, str(given.get("user", "postgres")), folder, changelog)

    def run(self, *words: str) -> str:
        """Run a command, and return what it prints. It must succeed."""
        where = ("--show-banner=false", f"--url={self.url}", f"--username={self.user}")
        command = ["java", *_QUICK, "-cp", f"{JARS}/*", _MAIN, *where, f"--changelog-file={self.changelog}"]
        done = subprocess.run(
            [*command, *words], capture_output=True, text=True, check=False, timeout=120, cwd=self.folder
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr


def rows(dsn: str) -> list[tuple[object, ...]]:
    """Return the rows of the history, with their times as `ROWS` says."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        return conn.execute(ROWS).fetchall()
