"""koonj and other programs that run migrations: their files, and their commands for the same work."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from koonj.child_environment import for_koonj

HISTORY = "SELECT name, file_hash, started, finished FROM koonj.history ORDER BY id"


@dataclass(frozen=True, slots=True)
class Site:
    """The server and the database in which a program works, and the folder of its files."""

    folder: Path
    port: int
    user: str
    database: str
    home: Path

    @property
    def url(self) -> str:
        return f"postgres://{self.user}@127.0.0.1:{self.port}/{self.database}?sslmode=disable"

    @property
    def keywords(self) -> str:
        return f"host=127.0.0.1 port={self.port} user={self.user} dbname={self.database} sslmode=disable"

    def environment(self) -> dict[str, str]:
        """Return an environment without settings of the user, and with a new home."""
        return {**for_koonj(), "HOME": str(self.home), "DATABASE_URL": self.url, "KOONJ_REHEARSE": "0"}


def names(count: int) -> Iterator[tuple[int, str]]:
    """Yield the number and the stem of each file name."""
    for number in range(1, count + 1):
        yield number, f"{number:05d}_make_t{number}"


def body(number: int) -> tuple[str, ...]:
    return (
        f"CREATE TABLE t{number} (id bigint NOT NULL, name text NOT NULL)",
        f"CREATE INDEX t{number}_name ON t{number} (name)",
    )


def rollback(number: int) -> tuple[str, ...]:
    return f"DROP INDEX t{number}_name", f"DROP TABLE t{number}"


def sql(statements: Sequence[str]) -> str:
    return "".join(f"{statement};\n" for statement in statements)


@dataclass(frozen=True, slots=True)
class Program:
    """A program, and what it does for each task; a task that it does not have is None."""

    name: str
    found: Callable[[], str | None]
    write: Callable[[Site, int], None]
    apply: Callable[[Site], list[str]]
    rollback: Callable[[Site, int], list[list[str]]] | None
    """Commands that roll all migrations back, one after the other."""
    status: Callable[[Site], list[str]] | None


def seconds_of(site: Site, *commands: Sequence[str]) -> float:
    """Run commands, and return their seconds. An exit code that is not 0 ends the benchmark."""
    start = time.perf_counter()
    for command in commands:
        done = subprocess.run(
            command,
            cwd=site.folder,
            env=site.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            sys.exit(f"{command}: exit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - start


def _write_psql(site: Site, count: int) -> None:
    for number, name in names(count):
        (site.folder / f"{name}.sql").write_text(f"BEGIN;\n{sql(body(number))}COMMIT;\n")
        (site.folder / f"{name}.down.sql").write_text(f"BEGIN;\n{sql(rollback(number))}COMMIT;\n")
    stems = [name for _, name in names(count)]
    (site.folder / "all.sql").write_text("".join(f"\\i {name}.sql\n" for name in stems))
    (site.folder / "none.sql").write_text("".join(f"\\i {name}.down.sql\n" for name in reversed(stems)))


def _psql(site: Site, *arguments: str) -> list[str]:
    return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *arguments, site.keywords]


def _write_koonj(site: Site, count: int) -> None:
    for number, name in names(count):
        down = "".join(f"-- {line}\n" for line in ("BEGIN;", *sql(rollback(number)).splitlines(), "COMMIT;"))
        text = f"BEGIN;\n{sql(body(number))}COMMIT;\n\n-- Rollback:\n{down}"
        (site.folder / f"{name}.sql").write_text(text)


def _koonj(site: Site, *arguments: str) -> list[str]:
    koonj = str(Path(sys.executable).with_name("koonj"))
    return [koonj, *arguments, "--dsn", site.keywords, "--migrations", str(site.folder)]


def _psycopg(site: Site) -> list[str]:
    text = f"import psycopg\nwith psycopg.connect({site.keywords!r}) as c: c.execute({HISTORY!r}).fetchall()"
    return [sys.executable, "-P", "-c", text]


def _write_dbmate(site: Site, count: int) -> None:
    for number, name in names(count):
        text = f"-- migrate:up\n{sql(body(number))}\n-- migrate:down\n{sql(rollback(number))}"
        (site.folder / f"{name}.sql").write_text(text)


def _dbmate(site: Site, command: str) -> list[str]:
    return ["dbmate", "--url", site.url, "--migrations-dir", str(site.folder), "--no-dump-schema", command]


def _write_sql_migrate(site: Site, count: int) -> None:
    files = site.folder / "files"
    files.mkdir()
    for number, name in names(count):
        text = f"-- +migrate Up\n{sql(body(number))}\n-- +migrate Down\n{sql(rollback(number))}"
        (files / f"{name}.sql").write_text(text)
    (site.folder / "dbconfig.yml").write_text(
        f"development:\n  dialect: postgres\n  datasource: {site.keywords}\n  dir: files\n"
    )


def _write_yoyo(site: Site, count: int) -> None:
    for number, name in names(count):
        (site.folder / f"{name}.sql").write_text(sql(body(number)))
        (site.folder / f"{name}.rollback.sql").write_text(sql(rollback(number)))


def _yoyo(site: Site, command: str) -> list[str]:
    url = site.url.replace("postgres:", "postgresql:")
    return ["yoyo", command, "--batch", "--no-config-file", "--database", url, str(site.folder)]


def _write_node(site: Site, count: int) -> None:
    for number, name in names(count):
        text = f"-- Up Migration\n{sql(body(number))}\n-- Down Migration\n{sql(rollback(number))}"
        (site.folder / f"{name}.sql").write_text(text)


def _node(site: Site, *arguments: str) -> list[str]:
    return ["node-pg-migrate", *arguments, "-m", str(site.folder), "--no-verbose", "--no-single-transaction"]


PROGRAMS = (
    Program(
        "psql",
        lambda: shutil.which("psql"),
        _write_psql,
        lambda site: _psql(site, "-f", "all.sql"),
        lambda site, _: [_psql(site, "-f", "none.sql")],
        lambda site: _psql(site, "-c", "SELECT relname FROM pg_class WHERE relname ~ '^t[0-9]+$'"),
    ),
    Program(
        "dbmate",
        lambda: shutil.which("dbmate"),
        _write_dbmate,
        lambda site: _dbmate(site, "migrate"),
        lambda site, count: [_dbmate(site, "rollback")] * count,
        lambda site: _dbmate(site, "status"),
    ),
    Program(
        "sql-migrate",
        lambda: shutil.which("sql-migrate"),
        _write_sql_migrate,
        lambda _: ["sql-migrate", "up"],
        lambda _, count: [["sql-migrate", "down", f"-limit={count}"]],
        lambda _: ["sql-migrate", "status"],
    ),
    Program(
        "yoyo",
        lambda: shutil.which("yoyo"),
        _write_yoyo,
        lambda site: _yoyo(site, "apply"),
        lambda site, _: [_yoyo(site, "rollback")],
        lambda site: _yoyo(site, "list"),
    ),
    Program(
        "node-pg-migrate",
        lambda: shutil.which("node-pg-migrate"),
        _write_node,
        lambda site: _node(site, "up"),
        lambda site, count: [_node(site, "down", str(count))],
        None,
    ),
    Program(
        "koonj",
        lambda: sys.executable,
        _write_koonj,
        lambda site: _koonj(site, "apply", "--all", "--yes"),
        lambda site, _: [_koonj(site, "rollback", "--all", "--yes")],
        lambda site: _koonj(site, "status"),
    ),
    Program(
        "bare psycopg",
        lambda: sys.executable,
        _write_koonj,
        lambda site: _koonj(site, "apply", "--all", "--yes"),
        None,
        _psycopg,
    ),
)
"""In the order of the tables. `bare psycopg` only reads, in `status`, the rows that koonj wrote."""


def installed() -> list[Program]:
    """Return the programs that are on PATH."""
    return [program for program in PROGRAMS if program.found() is not None]
