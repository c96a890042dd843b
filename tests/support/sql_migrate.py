"""The real sql-migrate on a database and a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from support.tools import run_tool, system_program


@dataclass(frozen=True)
class SqlMigrate:
    """The program `sql-migrate` (Debian), with one database and one folder."""

    program: str
    config: Path

    @staticmethod
    def on(dsn: str, folder: Path, config: Path) -> SqlMigrate:
        """Return the program that is installed, or skip the test. `config`: the file to write for it."""
        given = conninfo_to_dict(dsn)
        known = {key: given[key] for key in ("host", "port", "user", "password", "dbname") if key in given}
        source = make_conninfo("", **known, sslmode="disable").replace("'", "''")
        config.write_text(
            f"development:\n  dialect: postgres\n  datasource: '{source}'\n  dir: {folder}\n  table: gorp_migrations\n"
        )
        return SqlMigrate(system_program("sql-migrate"), config)

    def run(self, *words: str, fails: bool = False) -> str:
        """Run a command, and return what it prints. It must succeed, or fail."""
        command = [self.program, *words, f"-config={self.config}"]
        return run_tool(command, folder=self.config.parent, fails=fails)

    @property
    def states(self) -> dict[str, bool]:
        """Of each file: whether its status has a time."""
        rows = [line.strip("| ").split("|") for line in self.run("status").splitlines() if ".sql" in line]
        return {name.strip(): applied.strip() != "no" for name, applied in rows}
