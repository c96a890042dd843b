"""The real node-pg-migrate on a database and a folder."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

PROGRAM = Path(__file__).parents[1] / "tools" / "node_modules" / ".bin" / "node-pg-migrate"


@dataclass(frozen=True)
class NodePgMigrate:
    """The command `node-pg-migrate` (npm), with one database and one folder."""

    config: Path
    folder: Path

    @staticmethod
    def on(dsn: str, folder: Path, config: Path) -> NodePgMigrate:
        """Return the command that is installed, or skip the test. `config`: the file to write for it."""
        if not PROGRAM.exists():
            pytest.skip("no node-pg-migrate (npm ci in tests/tools)")
        given = conninfo_to_dict(dsn)
        given["database"] = given.pop("dbname")
        known = {
            key: value
            for key, value in given.items()
            if key in {"host", "port", "user", "password", "database"}
        }
        config.write_text(json.dumps({"db": known}))
        return NodePgMigrate(config, folder)

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

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(PROGRAM), *words, "-m", str(self.folder), "-f", str(self.config)]
        environ = {
            key: value for key, value in os.environ.items() if not key.startswith(("PG", "DATABASE_URL"))
        }
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=environ,
            cwd=self.config.parent,
        )
