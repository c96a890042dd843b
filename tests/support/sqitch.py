"""The real sqitch (a package of Debian) on a database and a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from support.tools import run_tool, system_program


@dataclass(frozen=True)
class Sqitch:
    """The program `sqitch`, with one database and one folder."""

    program: str
    target: str
    folder: Path

    @staticmethod
    def on(dsn: str, folder: Path) -> Sqitch:
        """Return the program that is installed, or skip the test."""
        return Sqitch(system_program("sqitch"), target_of(dsn), folder)

    def run(self, *words: str, fails: bool = False) -> str:
        """Run a command, such as ``deploy``, and return what it prints."""
        environ = {"TZ": "UTC", "SQITCH_SYSTEM_CONFIG": "/dev/null"}
        command = [self.program, words[0], "--target", self.target, *words[1:]]
        return run_tool(command, folder=self.folder, environ=environ, fails=fails)


def target_of(dsn: str) -> str:
    """Return a connection string in the form of URI::db."""
    given = conninfo_to_dict(dsn)
    options = "&".join(f"{key}={given[key]}" for key in ("host", "port", "user") if key in given)
    return f"db:pg:///{given['dbname']}?{options}"
