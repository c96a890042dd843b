"""The real sql-migrate on a database and a folder."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo


@dataclass(frozen=True)
class SqlMigrate:
    """The program `sql-migrate` (Debian), with one database and one folder."""

    program: str
    config: Path

    @staticmethod
    def on(dsn: str, folder: Path, config: Path) -> SqlMigrate:
        """Return the program that is installed, or skip the test. `config`: the file to write for it."""
        program = shutil.which("sql-migrate")
        if program is None:
            pytest.skip("no sql-migrate on this machine (apt-get install sql-migrate)")
        given = conninfo_to_dict(dsn)
        known = {key: given[key] for key in ("host", "port", "user", "password", "dbname") if key in given}
        source = make_conninfo("", **known, sslmode="disable").replace("'", "''")
        config.write_text(
            f"development:\n  dialect: postgres\n  datasource: '{source}'\n  dir: {folder}\n  table: gorp_migrations\n"
        )
        return SqlMigrate(program, config)

    def run(self, *words: str) -> str:
        """Run a command, and return what it prints. It must succeed."""
        done = self._run(*words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def refuse(self, *words: str) -> str:
        """Run a command that must fail, and return what it prints."""
        done = self._run(*words)
        assert done.returncode != 0, (words, done.stdout)
        return done.stdout + done.stderr

    @property
    def states(self) -> dict[str, bool]:
        """Of each file: whether its status has a time."""
        rows = [line.strip("| ").split("|") for line in self.run("status").splitlines() if ".sql" in line]
        return {name.strip(): applied.strip() != "no" for name, applied in rows}

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [self.program, *words, f"-config={self.config}"]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
