"""Fixtures: the sample's files, psql, and a database with all files applied."""

import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.postgres.embedded.temporary_server import TemporaryServer

ROOT = Path(__file__).parents[2]


def _plain(dsn: str) -> str:
    """Return the dsn without keywords that the libpq of an older psql does not know."""
    parts = {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
    return make_conninfo(
        "", **{key: parts[key] for key in ("host", "port", "user", "dbname") if key in parts}
    )


@pytest.fixture
def database(make_database: Callable[[], str]) -> str:
    """The dsn of a new empty database, for any version of psql."""
    return _plain(make_database())


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """The sample's migrations in their order."""
    return sorted((ROOT / "database" / "migrations").glob("*.sql"))


@pytest.fixture(scope="session")
def run_sql(psql: Path) -> Callable[[str, Path | str], None]:
    """A function that runs a file or a text like `psql -f`, and fails with its errors."""

    def run(dsn: str, script: Path | str) -> None:
        file, text = ("-", script) if isinstance(script, str) else (str(script), None)
        command = [str(psql), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-f", file]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    return run


@pytest.fixture(scope="session")
def schema_of(pg_dump: Path) -> Callable[[str], str]:
    """A function that returns the output of `pg_dump -s` for a database.

    It omits the schema koonj and the random \\restrict lines.
    """

    def dump(dsn: str) -> str:
        command = [str(pg_dump), "--schema-only", "--exclude-schema=koonj", "-d", dsn]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return "".join(
            line
            for line in text.splitlines(keepends=True)
            if not line.startswith(("\\restrict", "\\unrestrict"))
        )

    return dump


@pytest.fixture(scope="session")
def sample(
    server: TemporaryServer, files: list[Path], run_sql: Callable[[str, Path | str], None]
) -> Iterator[str]:
    """The dsn of a database to which psql applied all files. Tests must not change it."""
    name = sql.Identifier(f"sample_{secrets.token_hex(4)}")
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        dsn = _plain(server.dsn(name.as_string(None).strip('"')))
        for file in files:
            run_sql(dsn, file)
        yield dsn
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def connection(sample: str) -> Iterator[psycopg.Connection]:
    """A connection to the sample, in a transaction that is rolled back."""
    with psycopg.connect(sample) as connection:
        yield connection
        connection.rollback()
