"""No process that koonj starts has the user's secrets in its environment, or a dsn in its arguments."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from koonj import child_environment
from koonj.config import Password, ScratchPlace, Settings, Target, Trust
from koonj.migrations.migration import Migration
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.search_paths import absolute_path
from koonj.postgres.embedded.shared_server import open_shared
from koonj.postgres.password import read_password
from koonj.postgres.scratch.choose import open_scratch
from koonj.postgres.scratch.copy_schema import copy_schema
from koonj.postgres.scratch.interface import ScratchError
from koonj.postgres.scratch.pg_dump import service_file
from koonj.tui.documents.analysis_process import analyze_in_process
from koonj.tui.workers.backend import Backend
from support.network_server import TRUST, NetworkServer, network_server

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "s3cret-a",
    "GITHUB_TOKEN": "s3cret-b",
    "SSH_AUTH_SOCK": "/tmp/s3cret-c",
    "DATABASE_URL": "postgresql://u:s3cret-d@db.invalid/a",
    "PGPASSWORD": "s3cret-e",
    "PGOPTIONS": "-c application_name=s3cret-f",
    "KOONJ_DB_PASSWORD": "s3cret-g",
}


@pytest.fixture
def secret_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set secrets in the environment of koonj."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


# These two keep SQL of a file from connecting to a server of the user; the others are PostgreSQL's own.
SERVERS_OWN = {"PGSERVICE", "PGSERVICEFILE", "PGDATA", "PGLOCALEDIR", "PGSYSCONFDIR"}


def check_lines(lines: list[str]) -> None:
    """Check the environment of a program that SQL runs, from which a server hides nothing."""
    names = {line.partition("=")[0] for line in lines}
    assert "s3cret" not in "\n".join(lines)
    assert {"PATH", "HOME"} <= names
    assert not {name for name in names if name.startswith("PG")} - SERVERS_OWN
    assert not SECRETS.keys() & names


@pytest.mark.usefixtures("secret_environment")
async def test_scratch_server_has_only_listed_variables() -> None:
    server = await asyncio.to_thread(open_scratch, ScratchPlace())
    try:
        async with await server.connect() as connection:
            await connection.execute("CREATE TABLE seen (line text)")
            await connection.execute("COPY seen FROM PROGRAM 'env'")
            rows = await (await connection.execute("SELECT line FROM seen")).fetchall()
            check_lines([line for (line,) in rows])
    finally:
        await server.close()


@pytest.mark.usefixtures("secret_environment")
def test_embedded_server_has_only_listed_variables(home: Path, binaries: Binaries) -> None:
    with open_shared(binaries=binaries) as lease:
        lease.ensure_database("seen")
        with psycopg.connect(lease.dsn("seen")) as connection:
            connection.execute("CREATE TABLE seen (line text)")
            connection.execute("COPY seen FROM PROGRAM 'env'")
            check_lines([line for (line,) in connection.execute("SELECT line FROM seen")])


@pytest.mark.usefixtures("secret_environment")
def test_password_command_has_the_users_environment_without_the_database(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    assert read_password(Password("command", f"env >{seen}; echo pw")) == "pw"
    lines = dict(line.split("=", 1) for line in seen.read_text().splitlines() if "=" in line)
    kept = {"AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "SSH_AUTH_SOCK", "PGOPTIONS"}
    assert {name: lines[name] for name in kept} == {name: SECRETS[name] for name in kept}
    assert not {"DATABASE_URL", "PGPASSWORD"} & lines.keys()


@pytest.mark.usefixtures("secret_environment")
async def test_process_that_analyzes_a_file_has_only_listed_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, wrapper = tmp_path / "seen", tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nenv >{seen}\nexec {sys.executable} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(wrapper))
    found = [part async for part in analyze_in_process(Migration.from_recorded("001_a.sql", "SELECT 1;"))]
    assert found
    assert "s3cret" not in seen.read_text()


@pytest.fixture
def recording_koonj(tmp_path: Path) -> tuple[tuple[str, ...], Callable[[], str]]:
    """A koonj command that records its arguments and its environment, and a function that returns them."""
    seen, program = tmp_path / "seen", tmp_path / "recorder.py"
    program.write_text(
        "import json, os, sys\n"
        f"with open({str(seen)!r}, 'a') as out: out.write(json.dumps([sys.argv, dict(os.environ)]) + '\\n')\n"
        "os.execv(sys.executable, [sys.executable, '-P', '-m', 'koonj', *sys.argv[1:]])\n"
    )
    return (sys.executable, str(program)), seen.read_text


PASSWORD = "s3cr=t [#] \\ ' x"


@pytest.fixture(scope="module")
def careful_server(binaries: Binaries) -> Iterator[NetworkServer]:
    """A server that asks for the password of role ``careful``."""
    with network_server(binaries, f"host all careful 127.0.0.1/32 scram-sha-256\n{TRUST}") as server:
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE careful SUPERUSER LOGIN PASSWORD {}").format(sql.Literal(PASSWORD))
            )
            connection.execute("CREATE TABLE copied (a int)")
        yield replace(server, user="careful")


@pytest.fixture(params=["dsn", "DATABASE_URL", "environment"])
def outside_target(
    request: pytest.FixtureRequest, careful_server: NetworkServer, monkeypatch: pytest.MonkeyPatch
) -> Target:
    """A target that koonj.toml does not declare: of --dsn, DATABASE_URL or PG* variables."""
    server, name = careful_server, str(request.param)
    url = f"postgresql://careful:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}/postgres"
    if name == "DATABASE_URL":
        monkeypatch.setenv("DATABASE_URL", url)
    elif name == "environment":
        for variable, value in (("HOST", server.host), ("PORT", str(server.port)), ("USER", "careful")):
            monkeypatch.setenv(f"PG{variable}", value)
        monkeypatch.setenv("PGDATABASE", "postgres")
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        return Target(name, "")
    return Target(name, url)


async def test_dsn_of_the_screens_commands_is_neither_argument_nor_environment(
    tmp_path: Path,
    outside_target: Target,
    monkeypatch: pytest.MonkeyPatch,
    recording_koonj: tuple[tuple[str, ...], Callable[[], str]],
) -> None:
    program, seen = recording_koonj
    folder, target = tmp_path / "migrations", outside_target
    folder.mkdir()
    (folder / "001_a.sql").write_text("CREATE TABLE t (a int);\n\n-- Rollback:\n-- DROP TABLE t;\n")
    monkeypatch.setenv("GITHUB_TOKEN", "s3cret-b")
    settings = Settings(tmp_path, folder, folder, (target,), target, trust=Trust(given=True))
    async with Backend(settings, program=program) as backend:
        report = await backend.drift(target)
        assert report.target == target.name
        assert "public.copied" in [found.identity for found in report.differences]
        if target.name == "dsn":
            assert [event async for event in backend.rehearse(target, ["001_a.sql"])]
    calls = [json.loads(line) for line in seen().splitlines()]
    assert [argv[1] for argv, _ in calls] == (["drift", "rehearse"] if target.name == "dsn" else ["drift"])
    assert "s3cr" not in seen()
    assert "careful" not in seen()
    names = {name for _, environ in calls for name in environ}
    assert not {name for name in names if name.startswith("PG")}
    assert not {"DATABASE_URL", "GITHUB_TOKEN"} & names


@pytest.fixture
def recording_pg_dump(tmp_path: Path, binaries: Binaries, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let koonj find a pg_dump that records its arguments and environment; return the record."""
    real, seen, wrapper = binaries.program("pg_dump"), tmp_path / "seen", tmp_path / "pg_dump"
    if real is None:
        pytest.skip("no pg_dump")
    record = f'case $1 in --version) ;; *) echo "$@" >{seen}; env >>{seen} ;; esac'
    wrapper.write_text(f'#!/bin/sh\n{record}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("KOONJ_PG_BINDIR", str(tmp_path))
    return seen


async def _copy(target: Target, major: int) -> None:
    """Copy the target's schema to a scratch server of this version, whose pg_dump koonj prefers."""
    server = await asyncio.to_thread(open_scratch, ScratchPlace(), major=major)
    try:
        async with Connector() as connector:
            await copy_schema(connector, target, server)
        async with await server.connect() as connection:
            await connection.execute("SELECT * FROM copied")
    finally:
        await server.close()


async def test_dsn_of_pg_dump_is_neither_argument_nor_environment(
    recording_pg_dump: Path, outside_target: Target, binaries: Binaries
) -> None:
    await _copy(outside_target, binaries.major)
    seen = recording_pg_dump.read_text()
    assert "--dbname=service=koonj\n" in seen
    assert "s3cr" not in seen
    assert "careful" not in seen
    assert set(re.findall(r"^PG\w+", seen, re.MULTILINE)) == {"PGSERVICEFILE"}


async def test_password_of_koonj_toml_reaches_pg_dump(
    recording_pg_dump: Path,
    careful_server: NetworkServer,
    binaries: Binaries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEST_PW", PASSWORD)
    target = Target("live", careful_server.dsn(), password=Password("env", "TEST_PW"))
    await _copy(target, binaries.major)
    assert "s3cr" not in recording_pg_dump.read_text()


@pytest.mark.parametrize("secret", ["ends with a space ", "has\na line", "x" * 20_000])
def test_password_that_no_service_file_can_contain_is_an_error(secret: str) -> None:
    with pytest.raises(ScratchError, match=r"cannot pass .* to pg_dump") as caught:
        service_file({"host": "db", "password": secret})
    assert secret not in str(caught.value)


def test_every_variable_reaches_a_koonj_process_one_way() -> None:
    environ = {
        **SECRETS,
        **os.environ,
        "XDG_DATA_HOME": "/d",
        "LC_TIME": "C",
        "TZ": "UTC",
        "KOONJ_TRUST": "1",
    }
    shown, handed = child_environment.for_koonj(environ), child_environment.handed_over(environ)
    assert shown | handed == environ
    assert not shown.keys() & handed.keys()
    assert SECRETS.keys() <= handed.keys()
    assert {"PATH", "HOME", "XDG_DATA_HOME", "LC_TIME", "TZ", "KOONJ_TRUST"} <= shown.keys()


def test_programs_of_the_working_directory_are_not_found() -> None:
    path = absolute_path({"PATH": f".:/usr/bin::bin:{os.sep}opt"})
    assert path == f"/usr/bin:{os.sep}opt"
