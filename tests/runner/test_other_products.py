"""Databases that only speak PostgreSQL's protocol are refused by name.

The server is a real PostgreSQL, in which version() returns what the other database returns.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from koonj.config import Target
from koonj.postgres.connector import Connector
from koonj.postgres.product import refused_product
from koonj.runner.run.events import RunResult
from support.project import Project, run_finished
from support.silent_server import recorded_server

COCKROACH = "CockroachDB CCL v23.1.11 (aarch64-apple-darwin21.2, built 2023/09/27 02:20:44, go1.19.10)"
YUGABYTE = "PostgreSQL 15.2-YB-2025.1.2.0-b0 on x86_64-pc-linux-gnu"
OLD_YUGABYTE = (
    "PostgreSQL 11.2-YB-2.13.1.0-b0 on x86_64-pc-linux-gnu, compiled by clang version 12.0.1 "
    "(https://github.com/yugabyte/llvm-project.git bdb147e675d8c87cee72cc1f87c4b82855977d94), 64-bit"
)
REDSHIFT = (
    "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), "
    "Redshift 1.0.12103"
)


@pytest.mark.parametrize(
    ("version", "name"),
    [
        (COCKROACH, "CockroachDB"),
        ("CockroachDB OSS v21.2.0 (x86_64-unknown-linux-gnu)", "CockroachDB"),
        (YUGABYTE, "YugabyteDB"),
        (OLD_YUGABYTE, "YugabyteDB"),
        (REDSHIFT, "Amazon Redshift"),
        ("PostgreSQL 15.14 (Debian 15.14-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc, 64-bit", None),
        ("PostgreSQL 15.4 (EnterpriseDB Advanced Server 15.4.0) on x86_64-pc-linux-gnu, 64-bit", None),
        ("PostgreSQL 18.6 on x86_64-pc-linux-gnu, compiled by gcc (Red Hat 14.2.1-11), 64-bit", None),
    ],
)
def test_product_is_known_by_its_version_text(version: str, name: str | None) -> None:
    product = refused_product(version)
    assert (None if product is None else product.name) == name


@pytest.mark.parametrize(("version", "name"), [(COCKROACH, "CockroachDB"), (YUGABYTE, "YugabyteDB")])
async def test_every_command_refuses_it_by_name(project: Project, version: str, name: str) -> None:
    project.table(1)
    pretend(project.target.dsn, version)
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert f"The server is {name}" in failure.message
    assert run_finished(await project.apply(probe=True)).result is RunResult.FAILED
    assert run_finished(await project.roll_back()).result is RunResult.FAILED
    status = await project.status()
    assert f"The server is {name}" in (status.error or "")
    assert project.tables() == set()
    assert project.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'koonj'") == []


async def test_product_is_the_cause_if_it_refuses_what_postgresql_accepts(project: Project) -> None:
    pretend(project.target.dsn, COCKROACH)
    project.target = replace(project.target, role="nowhere")
    assert "The server is CockroachDB" in ((await project.status()).error or "")


@pytest.mark.parametrize(
    ("server_version", "version", "name"),
    [("11.2-YB-2.13.1.0-b0", OLD_YUGABYTE, "YugabyteDB"), ("8.0.2", REDSHIFT, "Amazon Redshift")],
)
async def test_old_version_is_no_reason_to_ask_for_a_newer_server(
    server_version: str, version: str, name: str, tmp_path: Path, connector: Connector
) -> None:
    with recorded_server(server_version, version) as dsn:
        status = await Project(tmp_path, Target("t", dsn), connector).status()
    assert f"The server is {name}" in (status.error or "")
    with recorded_server("12.3", "PostgreSQL 12.3 on x86_64-pc-linux-gnu, 64-bit") as dsn:
        status = await Project(tmp_path, Target("t", dsn), connector).status()
    assert status.error == "The server is PostgreSQL 12; koonj requires 13 or newer."


def pretend(dsn: str, version: str) -> None:
    """Let version() of this database return another text."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("SET allow_system_table_mods TO on")
        conn.execute(
            sql.SQL(
                "CREATE OR REPLACE FUNCTION pg_catalog.version() RETURNS text STABLE PARALLEL SAFE LANGUAGE sql AS {}"
            ).format(sql.Literal(f"SELECT '{version}'::text"))
        )
