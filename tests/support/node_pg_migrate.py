"""The real node-pg-migrate on a database and a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from support.tools import npm_program, run_tool


@dataclass(frozen=True)
class NodePgMigrate:
    """The command `node-pg-migrate` (npm), with one database and one folder."""

    program: str
    config: Path
    folder: Path

    @staticmethod
    def on(dsn: str, folder: Path, config: Path) -> NodePgMigrate:
        """Return the command that is installed, or skip the test. `config`: the file to write for it."""
        program = npm_program("node-pg-migrate")
        given = conninfo_to_dict(dsn)
        given["database"] = given.pop("dbname")
        known = {
            key: value
            for key, value in given.items()
            if key in {"host", "port", "user", "password", "database"}
        }
        config.write_text(json.dumps({"db": known}))
        return NodePgMigrate(program, config, folder)

    def run(self, *words: str, fails: bool = False) -> str:
        """Run a command, and return what it prints. It must succeed, or fail."""
        command = [self.program, *words, "-m", str(self.folder), "-f", str(self.config)]
        return run_tool(command, folder=self.config.parent, fails=fails)
