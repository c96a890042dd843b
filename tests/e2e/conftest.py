"""Fixtures for koonj in a real terminal (tmux) with a real PostgreSQL."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from support.terminal_user import TerminalUser
from support.tmux import Tmux

SAMPLE = Path(__file__).parents[2] / "database" / "migrations"


@dataclass
class Project:
    """A folder with koonj.toml, migrations and one target."""

    root: Path
    dsn: str

    @property
    def migrations(self) -> Path:
        return self.root / "database" / "migrations"

    def copy(self, count: int) -> list[Path]:
        """Copy the first `count` migrations of the sample project; return the copies."""
        return [Path(shutil.copy(file, self.migrations)) for file in sorted(SAMPLE.glob("*.sql"))[:count]]

    def write(self, name: str, text: str) -> Path:
        """Write a migration file with dedented text."""
        file = self.migrations / name
        file.write_text(dedent(text).lstrip("\n"))
        return file

    def table(self, number: int) -> None:
        """Write a migration that creates the table t<number>."""
        rollback = f"-- Rollback:\n-- BEGIN;\n-- DROP TABLE t{number};\n-- COMMIT;\n"
        self.write(
            f"{number:03}_make_t{number}.sql", f"BEGIN;\nCREATE TABLE t{number} ();\nCOMMIT;\n\n{rollback}"
        )

    def sql(self, text: str) -> list[Any]:
        """Return the first column of a query, on a separate connection."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            return [row[0] for row in connection.execute(text.encode())]

    def tables(self) -> set[str]:
        return set(self.sql("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^t[0-9]+$'"))

    def busy(self) -> int:
        """Return the number of sessions that run pg_sleep(60)."""
        rows = self.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' "
            "AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"
        )
        return int(rows[0])


@pytest.fixture(autouse=True)
def _needs_tmux() -> None:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")


def _project(root: Path, dsn: str, configured_dsn: str) -> Project:
    project = Project(root, dsn)
    project.migrations.mkdir(parents=True)
    (root / "koonj.toml").write_text(f"[targets.local]\ndsn = {json.dumps(configured_dsn)}\n")
    return project


@pytest.fixture
def project(tmp_path: Path, database: str) -> Project:
    """Return a project whose target ``local`` is an empty database of the test server."""
    parts = {key: value for key, value in conninfo_to_dict(database).items() if key != "password"}
    return _project(tmp_path, database, make_conninfo("", **parts))


@pytest.fixture
def embedded(tmp_path: Path, home: Path) -> Project:
    """Return a project whose target ``local`` is the embedded server of an empty home."""
    return _project(tmp_path, "", "embedded")


@pytest.fixture
def new_user(tmp_path: Path) -> Iterator[Callable[..., TerminalUser]]:
    """Return a function that opens a terminal of 80 x 24 cells.

    Its arguments are environment variables of the terminal.
    """
    with ExitStack() as stack:
        yield lambda **environ: TerminalUser(stack.enter_context(Tmux(tmp_path, environ)))
