"""The real yoyo (PyPI: yoyo-migrations) on a database and a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from support.tools import python_program, run_tool, url_of


@dataclass(frozen=True)
class Yoyo:
    """The program `yoyo`, with one database and one folder."""

    program: str
    url: str
    folder: Path

    @staticmethod
    def on(dsn: str, folder: Path) -> Yoyo:
        """Return the program that is installed, or skip the test."""
        return Yoyo(python_program("yoyo", "yoyo-migrations"), url_of(dsn, "postgresql+psycopg"), folder)

    def run(self, *words: str, fails: bool = False) -> str:
        """Run a command, such as ``apply``, and return what it prints."""
        where = ["--batch", "--no-config-file", "--database", self.url]
        return run_tool([self.program, *words, *where, "."], folder=self.folder, fails=fails)

    @property
    def states(self) -> list[tuple[str, str]]:
        """Pairs of ``A`` or ``U`` and the id, in yoyo's order."""
        lines = [line.split() for line in self.run("list").splitlines()]
        return [(line[0], line[1]) for line in lines if line and line[0] in {"A", "U"}]
