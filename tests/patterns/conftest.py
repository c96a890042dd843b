"""Fixtures for a database on which psql runs the files of a pattern."""

import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.migrations.migration import Migration
from koonj.migrations.new import Draft
from koonj.patterns.pattern import load, render
from koonj.postgres.embedded.binaries import VARIABLE, candidates, choose
from koonj.postgres.embedded.temporary_server import TemporaryServer
from support.rehearsal_folder import MAJORS

OWN = next(candidates({**os.environ, VARIABLE: os.environ.get("KOONJ_TEST_BINDIR", "")}), None)
"""The binaries with which all other tests run."""
EACH_MAJOR = tuple(dict.fromkeys((*((OWN.major,) if OWN is not None else ()), *MAJORS)))


@dataclass
class Bench:
    """A database, psql and pg_dump."""

    dsn: str
    psql: Path
    pg_dump: Path
    folder: Path

    @property
    def _where(self) -> str:
        """The dsn with basic keywords only, which an older libpq knows too."""
        known = conninfo_to_dict(self.dsn)
        basics = [(key, known.get(key)) for key in ("host", "port", "user", "dbname")]
        return make_conninfo(**{key: str(value) for key, value in basics if value})

    def sql(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(text, values or None)
            return cursor.fetchall() if cursor.description is not None else []

    def run(self, text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self._command(text), capture_output=True, text=True, check=False)

    def start(self, text: str) -> subprocess.Popen[str]:
        """Start psql and do not wait for its end."""
        return subprocess.Popen(
            self._command(text), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
        )

    def _command(self, text: str) -> list[str]:
        file = self.folder / "script.sql"
        file.write_text(text, encoding="utf-8")
        return [str(self.psql), "-X", "-v", "ON_ERROR_STOP=1", "-d", self._where, "-f", str(file)]

    def up(self, draft: Draft) -> str:
        done = self.run(draft.text)
        assert done.returncode == 0, done.stderr + draft.text
        return done.stderr

    def down(self, draft: Draft) -> None:
        rollback = Migration.from_recorded("001_x.sql", draft.text).sections.rollback
        assert rollback is not None
        done = self.run(rollback.source.text)
        assert done.returncode == 0, done.stderr + rollback.source.text

    def schema(self) -> str:
        done = subprocess.run(
            [self.pg_dump, "-s", "-d", self._where], capture_output=True, text=True, check=True
        )
        # Since August 2025 pg_dump writes a random word there, so that a dump cannot contain psql commands.
        return "\n".join(line for line in done.stdout.splitlines() if "restrict " not in line)

    def apply_rollback_apply(self, *drafts: Draft) -> tuple[str, str]:
        """Apply, roll back and apply again; return the schema before and after.

        Each rollback must restore the schema before its migration.
        """
        schemas = [self.schema()]
        for draft in drafts:
            self.up(draft)
            schemas.append(self.schema())
            assert schemas[-1] != schemas[-2]
        for draft, before in zip(reversed(drafts), reversed(schemas[:-1]), strict=True):
            self.down(draft)
            assert self.schema() == before
        for draft in drafts:
            self.up(draft)
        assert self.schema() == schemas[-1]
        return schemas[0], schemas[-1]


@pytest.fixture
def bench(database: str, psql: Path, pg_dump: Path, tmp_path: Path) -> Bench:
    return Bench(database, psql, pg_dump, tmp_path)


@pytest.fixture(scope="session")
def server_of(server: TemporaryServer) -> Iterator[Callable[[int], TemporaryServer]]:
    """A function that returns a running server of a major version. It starts each of them once."""
    with ExitStack() as stack:
        running = {server.binaries.major: server}

        def find(major: int) -> TemporaryServer:
            if major not in running:
                made = TemporaryServer(choose(major=major), settings={"max_connections": "100"})
                running[major] = stack.enter_context(made)
            return running[major]

        yield find


@pytest.fixture(params=EACH_MAJOR)
def each_server(
    request: pytest.FixtureRequest, server_of: Callable[[int], TemporaryServer]
) -> TemporaryServer:
    """A server of each major version that is installed and supported by these tests."""
    return server_of(request.param)


@pytest.fixture
def each_bench(each_server: TemporaryServer, psql: Path, pg_dump: Path, tmp_path: Path) -> Iterator[Bench]:
    """A bench on that server."""
    ours, dump = (each_server.binaries.program(own.name) or own for own in (psql, pg_dump))
    name = f"bench_{secrets.token_hex(6)}"
    with psycopg.connect(each_server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        yield Bench(each_server.dsn(name), ours, dump, tmp_path)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class Library:
    """koonj's own patterns."""

    def __init__(self) -> None:
        patterns, problems = load()
        assert not problems, [str(problem) for problem in problems]
        self.patterns = {pattern.key: pattern for pattern in patterns}

    def drafts(self, key: str, /, **values: str) -> tuple[Draft, ...]:
        drafts = render(self.patterns[key], values)
        for draft in drafts:
            problems = Migration.from_recorded("001_x.sql", draft.text).problems
            assert not problems, problems
        return drafts


@pytest.fixture(scope="session")
def library() -> Library:
    return Library()
