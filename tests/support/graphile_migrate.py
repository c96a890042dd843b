"""The real graphile-migrate on a database and a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from support.tools import npm_program, run_tool, url_of


@dataclass(frozen=True)
class GraphileMigrate:
    """The program `graphile-migrate` (npm), with one database. Its folder ``migrations`` is beside ``.gmrc``."""

    program: str
    configuration: Path

    @staticmethod
    def on(dsn: str, project: Path, name: str) -> GraphileMigrate:
        """Return the program that is installed, or skip the test. `name`: of the configuration that it writes."""
        program, configuration = npm_program("graphile-migrate"), project / name
        url = url_of(dsn, "postgres")
        urls = {
            "connectionString": url,
            "shadowConnectionString": f"{url}&options=",
            "rootConnectionString": f"{url}&application_name=root",
        }
        configuration.write_text(json.dumps({**urls, "migrationsFolder": str(project / "migrations")}))
        return GraphileMigrate(program, configuration)

    def run(self, *words: str, fails: bool = False) -> str:
        """Run a command, such as ``migrate``, and return what it prints."""
        command = [self.program, *words, "--config", str(self.configuration)]
        return run_tool(command, folder=self.configuration.parent, fails=fails)
